// Type tests against the genuine AWS SDK: its SQS clients fit, and each command answers what it answers there.
import {
  DeleteMessageCommand,
  type DeleteMessageCommandOutput,
  GetQueueUrlCommand,
  type GetQueueUrlCommandOutput,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchCommandOutput,
  SendMessageCommand,
  type SendMessageCommandOutput,
  SQS,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { EncryptionContext, KeyfoldError } from "../../src/index.ts";
import { createEncryptionClient, rawAesKeyring } from "../../src/index.ts";
import { createS3EncryptionClient, s3Offload } from "../../src/s3/index.ts";
import {
  createSqsEncryptionClient,
  openPayload,
  type PayloadOffload,
  type ReceivedMessage,
  type SqsClientPort,
  type SqsEncryptionClient,
  sealPayload,
} from "../../src/sqs/index.ts";
import { type Equal, expectType } from "./expect.js";

declare const key: Uint8Array;
declare const s3Client: { send(command: object): Promise<object> };
const keyring = rawAesKeyring({ namespace: "n", name: "k", key });
const QueueUrl = "https://sqs.us-east-1.amazonaws.com/111122223333/orders";

export const ports: SqsClientPort[] = [new SQSClient({}), new SQS({})];
export const offload: PayloadOffload = s3Offload({
  s3: createS3EncryptionClient({ client: s3Client as never, keyring }),
  bucket: "b",
});
export const sqs: SqsEncryptionClient = createSqsEncryptionClient({
  client: new SQSClient({}),
  keyring,
  reusePeriodSeconds: 60,
  principal: "orders-service",
  deadLettersOf: ["orders"],
  offload,
});

export async function replies(): Promise<void> {
  const sent = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "42 pears" }));
  expectType<Equal<typeof sent, SendMessageCommandOutput>>();
  const batch = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [] }), {
    encryptionContext: { tenant: "t1" },
  });
  expectType<Equal<typeof batch, SendMessageBatchCommandOutput>>();
  const deleted = await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: "r" }));
  expectType<Equal<typeof deleted, DeleteMessageCommandOutput>>();
  const url = await sqs.send(new GetQueueUrlCommand({ QueueName: "orders" }));
  expectType<Equal<typeof url, GetQueueUrlCommandOutput>>();

  const { Messages = [], $metadata } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expectType<Equal<typeof Messages, ReceivedMessage[]>>();
  const [message] = Messages;
  const same: Message | undefined = message;
  const error: KeyfoldError | undefined = message?.error;
  const pairs: EncryptionContext | undefined = message?.encryption?.encryptionContext;
  void [same, error, pairs, $metadata.requestId];
}

export async function payloads(): Promise<void> {
  const client = createEncryptionClient({ keyring });
  const encryptionContext = { topic: "orders" };
  const text = await sealPayload(client, "42 pears", { encryptionContext });
  expectType<Equal<typeof text, string>>();
  const bytes = await openPayload(client, new Uint8Array(1), { encryptionContext });
  expectType<Equal<typeof bytes, Uint8Array>>();
  // @ts-expect-error A payload is bound to something.
  sealPayload(client, "42 pears");
  // @ts-expect-error Text or bytes.
  sealPayload(client, 42, { encryptionContext });
}

// @ts-expect-error The class is not a client.
createSqsEncryptionClient({ client: SQSClient, keyring });
// @ts-expect-error Either a keyring or a manager.
createSqsEncryptionClient({ client: new SQSClient({}) });
// @ts-expect-error One of two words.
createSqsEncryptionClient({ client: new SQSClient({}), keyring, plaintext: "allow" });
// @ts-expect-error A command is sent, and no plain input.
sqs.send({ QueueUrl, MessageBody: "42 pears" });
