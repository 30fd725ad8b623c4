import {
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { onTestFinished } from "vitest";
import { createEncryptionClient, type Keyring } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import {
  createSqsEncryptionClient,
  type ReceivedMessage,
  type SqsCallOptions,
  type SqsEncryptionClient,
  type SqsEncryptionClientOptions,
} from "../../src/sqs/index.ts";
import { createLocalKms, type LocalKms } from "../../src/testing/index.ts";
import { ARN_A, STANDARD_KEYS } from "../kms/helpers.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

export const TEXT = "plaintext-marker: 42 pears, 七 plums";

/** All options but the client; the keyring too, where the test brings its materials manager. */
export type Options = Partial<Omit<SqsEncryptionClientOptions, "client">>;

/** What holds queues: a genuine client of it is enough. */
export interface Served {
  readonly sqs: Pick<LocalSqs, "client">;
}

export interface Place extends Served {
  readonly sqs: LocalSqs;
  readonly kms: LocalKms;
  readonly keyring: Keyring;
  /** The queue `orders`. */
  readonly url: string;
  /** An encryption client over a genuine client. */
  client(options?: Options): SqsEncryptionClient;
}

/** A queue, a KMS, and clients of both, for one test. */
export async function startQueue(): Promise<Place> {
  const sqs = await startSqs();
  const kms = createLocalKms({ keys: STANDARD_KEYS });
  onTestFinished(() => Promise.all([sqs.close(), kms.close()]).then(() => {}));
  const url = await sqs.queue("orders");
  const keyring = kmsKeyring({ client: kms.client, keyId: ARN_A });
  return {
    sqs,
    kms,
    keyring,
    url,
    client(options = {}) {
      const source = options.materialsManager === undefined ? { keyring } : {};
      return createSqsEncryptionClient({
        client: sqs.client,
        ...source,
        ...options,
      } as unknown as SqsEncryptionClientOptions);
    },
  };
}

export const send = (
  client: SqsEncryptionClient,
  QueueUrl: string,
  MessageBody: string = TEXT,
  MessageAttributes?: Record<string, MessageAttributeValue>,
) => client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));

export const sendAll = (client: SqsEncryptionClient, QueueUrl: string, bodies: readonly string[]) =>
  client.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: bodies.map((MessageBody, i) => ({ Id: `${i}`, MessageBody })),
    }),
  );

/** Receives what is there, ten at most. */
export async function receive(
  client: SqsEncryptionClient,
  QueueUrl: string,
  options?: SqsCallOptions,
): Promise<ReceivedMessage[]> {
  const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
  const { Messages = [] } = await client.send(command, options);
  return Messages;
}

/** Receives the one message that is there. */
export async function receiveOne(
  client: SqsEncryptionClient,
  url: string,
  options?: SqsCallOptions,
): Promise<ReceivedMessage> {
  const messages = await receive(client, url, options);
  if (messages.length !== 1) throw new Error(`${messages.length} messages in place of one`);
  return messages[0]!;
}

/** What lies in the queue, as it was stored; all attributes with it. */
export async function stored({ sqs }: Served, QueueUrl: string): Promise<Message[]> {
  const names = { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All" as const] };
  const command = new ReceiveMessageCommand({
    QueueUrl,
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 0,
    ...names,
  });
  const { Messages = [] } = await sqs.client.send(command);
  return Messages;
}

/** Puts a body into the queue past the encryption client, with keyfold's marker unless other attributes are given. */
export function plant(
  { sqs }: Served,
  QueueUrl: string,
  MessageBody: string,
  MessageAttributes: Record<string, MessageAttributeValue> = MARK,
) {
  return sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
}

export const MARK = { keyfold: { DataType: "String", StringValue: "1" } };

/** Base64 of a message that a client without queues sealed. */
export async function sealedByHand(
  keyring: Keyring,
  text: string,
  encryptionContext: Readonly<Record<string, string>>,
): Promise<string> {
  const { ciphertext } = await createEncryptionClient({ keyring }).encryptText(text, { encryptionContext });
  return ciphertext;
}
