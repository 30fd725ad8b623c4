import type {
  ReceiveMessageCommandInput,
  SendMessageBatchCommandInput,
  SendMessageCommandInput,
} from "@aws-sdk/client-sqs";
import type { CacheStats } from "../materials/caching.ts";
import { operationOf, type S3Command } from "../s3/command.ts";
import type { EncryptionContext } from "../types.ts";
import { type SqsEncryptionClientOptions, sqsConfig } from "./options.ts";
import { type ReceivedMessage, receiveMessage } from "./receive.ts";
import { sendMessage, sendMessageBatch } from "./send.ts";

/** Options of one call. */
export interface SqsCallOptions {
  /** Pairs beside those of the client: bound on sending; on receiving, each message must have them. */
  readonly encryptionContext?: EncryptionContext;
  readonly abortSignal?: AbortSignal;
}

/** A reply of SQS; messages that were received are in clear, or marked with an error. */
export type SqsReply<Output> = Output extends { Messages?: unknown }
  ? Omit<Output, "Messages"> & { Messages?: ReceivedMessage[] | undefined }
  : Output;

/** An SQS client in whose queues lie sealed bodies alone. Made by {@link createSqsEncryptionClient}. */
export interface SqsEncryptionClient {
  /** Sends a command of `@aws-sdk/client-sqs`. SendMessage(Batch) seals, ReceiveMessage opens; all others go through. */
  send<Output extends object>(
    command: S3Command<Output>,
    options?: SqsCallOptions,
  ): Promise<SqsReply<Output>>;
  /** Of the data keys; null with a materials manager of one's own. */
  stats(): { readonly encrypt: CacheStats; readonly decrypt: CacheStats } | null;
  /** Forgets all data keys and refuses to serve from now on. */
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
 * const sqs = createSqsEncryptionClient({ client: new SQSClient({}), keyring, reusePeriodSeconds: 300 });
 * await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "42 pears" }));
 * const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
 * for (const { Body, error } of Messages) console.log(error ?? Body);
 * ```
 */
export function createSqsEncryptionClient(options: SqsEncryptionClientOptions): SqsEncryptionClient {
  const config = sqsConfig(options);
  const { client, cache } = config;
  return {
    async send<Output extends object>(command: S3Command<Output>, call: SqsCallOptions = {}) {
      const operation = operationOf(command);
      const { input } = command;
      call.abortSignal?.throwIfAborted();
      let reply: object;
      if (operation === "SendMessage")
        reply = await sendMessage(config, input as SendMessageCommandInput, call);
      else if (operation === "SendMessageBatch") {
        reply = await sendMessageBatch(config, input as SendMessageBatchCommandInput, call);
      } else if (operation === "ReceiveMessage") {
        reply = await receiveMessage(config, input as ReceiveMessageCommandInput, call);
      } else {
        reply = await client.send(
          command,
          call.abortSignal === undefined ? {} : { abortSignal: call.abortSignal },
        );
      }
      return reply as SqsReply<Output>;
    },
    stats: () => cache?.stats() ?? null,
    dispose: () => cache?.dispose(),
  };
}
