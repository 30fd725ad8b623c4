import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type SqsRequest, serveSqs } from "./sqs-server.mjs";

export const SQS_ACCOUNT = "000000000000";

/** Makes queues. */
export interface Queues {
  /** Answers the queue's URL. */
  queue(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
  /** The same with a dead-letter queue, to which messages go that were received so often. */
  queueWithDeadLetters(
    name: string,
    maxReceiveCount: number,
  ): Promise<{ readonly url: string; readonly deadLetterUrl: string }>;
}

/** The log of requests is empty after a queue was made. */
export interface LocalSqs extends Queues {
  /** A genuine client, without retries. */
  readonly client: SQSClient;
  /** Requests in the order of their coming, with the refused ones. */
  readonly requests: SqsRequest[];
  /** The names of the requests. */
  asked(): string[];
  /** Another genuine client. */
  newClient(): SQSClient;
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
  return {
    client,
    requests,
    asked: () => requests.map(({ operation }) => operation),
    newClient,
    ...queuesOf(client, () => requests.splice(0)),
    async close() {
      for (const each of clients) each.destroy();
      await close();
    },
  };
}

/** Queues behind a genuine client, whoever serves them. */
export function queuesOf(client: SQSClient, made: () => void = () => {}): Queues {
  const queue: Queues["queue"] = async (QueueName, attributes = {}) => {
    const { QueueUrl } = await client.send(
      new CreateQueueCommand({ QueueName, Attributes: { ...attributes } }),
    );
    made();
    return QueueUrl!;
  };
  return {
    queue,
    async queueWithDeadLetters(name, maxReceiveCount) {
      const deadLetterUrl = await queue(`${name}-dead`);
      const deadLetterTargetArn = await arnOfQueue(client, deadLetterUrl);
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
      return { url: await queue(name, { RedrivePolicy, VisibilityTimeout: "0" }), deadLetterUrl };
    },
  };
}

/** As the server itself says. */
export async function arnOfQueue(client: SQSClient, QueueUrl: string): Promise<string> {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] });
  const { Attributes } = await client.send(command);
  return Attributes!.QueueArn!;
}

/** A genuine client, with made-up credentials and without retries. */
export function sqsClient(endpoint: string): SQSClient {
  const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };
  return new SQSClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
}
