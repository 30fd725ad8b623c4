import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type SqsRequest, serveSqs } from "./sqs-server.mjs";

export const SQS_ACCOUNT = "000000000000";

export interface LocalSqs {
  /** A genuine client, without retries. */
  readonly client: SQSClient;
  /** Requests in the order of their coming, with the refused ones. */
  readonly requests: SqsRequest[];
  /** The names of the requests. */
  asked(): string[];
  /** Another genuine client. */
  newClient(): SQSClient;
  /** Makes a queue, and answers its URL. The log is empty then. */
  queue(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
  /** The same with a dead-letter queue, to which messages go that were received so often. */
  queueWithDeadLetters(
    name: string,
    maxReceiveCount: number,
  ): Promise<{ url: string; deadLetterUrl: string }>;
  close(): Promise<void>;
}

/** Starts SQS on loopback. */
export async function startSqs(): Promise<LocalSqs> {
  const { url, requests, close } = await serveSqs();
  const clients: SQSClient[] = [];
  const newClient = () => {
    const client = sqsClient(url);
    clients.push(client);
    return client;
  };
  const client = newClient();
  const queue = async (name: string, attributes: Readonly<Record<string, string>> = {}) => {
    const command = new CreateQueueCommand({ QueueName: name, Attributes: { ...attributes } });
    const { QueueUrl } = await client.send(command);
    requests.length = 0;
    return QueueUrl!;
  };
  return {
    client,
    requests,
    asked: () => requests.map(({ operation }) => operation),
    newClient,
    queue,
    async queueWithDeadLetters(name, maxReceiveCount) {
      const deadLetterUrl = await queue(`${name}-dead`);
      const deadLetterTargetArn = `arn:aws:sqs:us-east-1:${SQS_ACCOUNT}:${name}-dead`;
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
      return { url: await queue(name, { RedrivePolicy, VisibilityTimeout: "0" }), deadLetterUrl };
    },
    async close() {
      for (const each of clients) each.destroy();
      await close();
    },
  };
}

/** A genuine client, with made-up credentials and without retries. */
function sqsClient(endpoint: string): SQSClient {
  const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };
  return new SQSClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
}
