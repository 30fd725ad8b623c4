import { invalidArgument } from "../arguments.ts";
import { assertSignal } from "../client/options.ts";
import type { CachingStats } from "../materials/caching.ts";
import { operationOf, type S3Command } from "../s3/command.ts";
import { callOf, type SqsCallOptions } from "./call.ts";
import { type SqsConfig, type SqsEncryptionClientOptions, sqsConfig } from "./options.ts";
import { type ReceivedMessage, receiveMessage } from "./receive.ts";
import { sendMessage, sendMessageBatch } from "./send.ts";

type Handler = (config: SqsConfig, input: never, call: SqsCallOptions) => Promise<object>;

/** By name. All other operations carry no message body. */
const HANDLERS: Readonly<Record<string, Handler | undefined>> = {
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  ReceiveMessage: receiveMessage,
};

/** A reply of SQS; messages that were received are in clear, or marked with an error. */
export type SqsReply<Output> = "Messages" extends keyof Output
  ? Omit<Output, "Messages"> & {
      /** Of ReceiveMessage. */
      Messages?: ReceivedMessage[] | undefined;
    }
  : Output;

/**
 * An SQS client in whose queues lie sealed bodies alone. Made by {@link createSqsEncryptionClient}.
 *
 * Sending rejects with `ERR_LIMIT` for what is too long, with what sealing throws (`EncryptionClient` of `keyfold`),
 * and with what `offload` throws. Receiving rejects for the call only: a message that does not open has its `error`.
 * Errors of SQS come out as they are, misuse as a `TypeError`.
 */
export interface SqsEncryptionClient {
  /** Sends a command of `@aws-sdk/client-sqs`. SendMessage(Batch) seals, ReceiveMessage opens; all others go through. */
  send<Output extends object>(
    command: S3Command<Output>,
    options?: SqsCallOptions,
  ): Promise<SqsReply<Output>>;
  /** Of the data keys; null with a materials manager of one's own. */
  stats(): CachingStats | null;
  /** Forgets all data keys, and refuses to seal and open from now on. */
  dispose(): void;
}

/**
 * Seals the bodies of SQS messages on the client's side, with data keys that are reused for a while, as SQS's own
 * encryption does on the server's.
 *
 * @throws `TypeError` for options that do not fit.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
 * import { kmsKeyring } from "keyfold/kms";
 * import { createSqsEncryptionClient } from "keyfold/sqs";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const keyring = kmsKeyring({ client: new KMSClient({}), keyId });
 * const sqs = createSqsEncryptionClient({ client: new SQSClient({}), keyring });
 * const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "orders" }));
 * await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "42 pears" }));
 * const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
 * for (const { Body, error } of Messages) console.log(error ?? Body);
 * ```
 */
export function createSqsEncryptionClient(options: SqsEncryptionClientOptions): SqsEncryptionClient {
  const config = sqsConfig(options);
  const { client, cache } = config;
  let isDisposed = false;
  const assertServes = () => {
    if (isDisposed) throw invalidArgument("This SQS encryption client was disposed of.");
  };
  return {
    async send<Output extends object>(command: S3Command<Output>, call: SqsCallOptions = {}) {
      const operation = operationOf(command);
      const { input } = command;
      assertSignal(call.abortSignal);
      call.abortSignal?.throwIfAborted();
      const handler = HANDLERS[operation];
      if (handler === undefined) {
        return (await client.send(command, callOf(call.abortSignal))) as SqsReply<Output>;
      }
      assertServes();
      return (await handler(config, input as never, call)) as SqsReply<Output>;
    },
    stats: () => cache?.stats() ?? null,
    dispose() {
      isDisposed = true;
      cache?.dispose();
    },
  };
}
