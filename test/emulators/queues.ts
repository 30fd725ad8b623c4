import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Keyring } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import {
  createSqsEncryptionClient,
  type ReceivedMessage,
  type SqsClientPort,
  type SqsEncryptionClient,
  type SqsEncryptionClientOptions,
} from "../../src/sqs/index.ts";
import { kmsClient } from "../interop/keyrings.ts";
import { startSharedKms } from "../interop/shared-kms.ts";
import { startElasticMq } from "../peers/elasticmq.ts";
import { startMoto } from "../peers/moto.ts";
import type { Options } from "../sqs/helpers.ts";
import { type Queues, queuesOf, sqsClient } from "../support/sqs.ts";

/** A server of queues that somebody else wrote. */
export interface QueueServer {
  readonly name: "ElasticMQ" | "moto";
  /** In which its queues lie. */
  readonly account: string;
  /** What it takes in a body, and in the bodies of a batch. Neither server counts attributes, which SQS does. */
  readonly maxBytes: number;
  start(): Promise<{ readonly endpoint: string; stop(): Promise<void> }>;
}

export const queueServers: readonly QueueServer[] = [
  { name: "ElasticMQ", account: "000000000000", maxBytes: 262_144, start: startElasticMq },
  { name: "moto", account: "123456789012", maxBytes: 1_048_576, start: startMoto },
];

/** A server, and keyfold's local KMS over HTTP. */
export interface QueueBench extends Queues {
  /** A genuine client. */
  readonly sqs: { readonly client: SQSClient };
  readonly keyring: Keyring;
  /** A name that no other queue has. */
  name(what: string): string;
  /** How a queue stands in the encryption context. */
  queueAt(url: string): string;
  /** An encryption client over it. */
  client(options?: Options, port?: SqsClientPort): SqsEncryptionClient;
  stop(): Promise<void>;
}

export async function startQueueBench(server: QueueServer): Promise<QueueBench> {
  const [{ endpoint, stop }, kms] = await Promise.all([server.start(), startSharedKms()]);
  const client = sqsClient(endpoint);
  const keyring = kmsKeyring({ client: kmsClient(kms.endpoint), keyId: kms.arn });
  let made = 0;
  return {
    sqs: { client },
    keyring,
    name: (what) => `${what}-${String(made++).padStart(3, "0")}`,
    queueAt: (url) => `${server.account}/${nameAt(url)}`,
    ...queuesOf(client),
    client: (options = {}, port = client) =>
      createSqsEncryptionClient({ client: port, keyring, ...options } as SqsEncryptionClientOptions),
    async stop() {
      client.destroy();
      await Promise.all([stop(), kms.stop()]);
    },
  };
}

/** A queue's name. */
export function nameAt(url: string): string {
  return url.split("/").at(-1)!;
}

/** Receives ten at most, and asks how often each was received. */
export async function receiveTen(
  client: SqsEncryptionClient,
  QueueUrl: string,
  input: Partial<ReceiveMessageCommandInput> = {},
): Promise<ReceivedMessage[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl,
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ["ApproximateReceiveCount"],
    ...input,
  });
  return (await client.send(command)).Messages ?? [];
}

export function receiveCounts(messages: readonly Message[]): (string | undefined)[] {
  return messages.map(({ Attributes }) => Attributes?.ApproximateReceiveCount);
}

export async function remove(
  client: SqsEncryptionClient,
  QueueUrl: string,
  messages: readonly Message[],
): Promise<void> {
  const Entries = messages.map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle: ReceiptHandle! }));
  const { Failed = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  if (Failed.length > 0) throw new Error(`not deleted: ${JSON.stringify(Failed)}`);
}

/** Receives and deletes until nothing is left. */
export async function drain(client: SqsEncryptionClient, url: string): Promise<ReceivedMessage[]> {
  const all: ReceivedMessage[] = [];
  for (let some = await receiveTen(client, url); some.length > 0; some = await receiveTen(client, url)) {
    all.push(...some);
    await remove(client, url, some);
  }
  return all;
}
