import { CreateQueueCommand, SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";

// SQS by fauxqs, which somebody else wrote. fauxqs 1.9.2 counts a binary attribute by its base64, where SQS counts
// bytes; answers all attributes where none were asked for; and checks neither signatures nor how many attributes
// there are. Its queues lie in the account 000000000000.

export const SQS_ACCOUNT = "000000000000";

/** A request as SQS got it. */
export interface SqsRequest {
  /** Its name in the SDK, such as `"SendMessage"`. */
  readonly operation: string;
  readonly input: {
    readonly MessageAttributeNames?: readonly string[];
    readonly MessageDeduplicationId?: string;
  };
}

export interface LocalSqs {
  /** A genuine client, without retries. */
  readonly client: SQSClient;
  /** Requests in the order of their coming, with the refused ones. */
  readonly requests: SqsRequest[];
  /** The names of the requests. */
  asked(): string[];
  /** Another genuine client. */
  newClient(): SQSClient;
  /** Makes a queue, and answers its URL. The request is not in the log. */
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
  const app = buildApp({ logger: false });
  const requests: SqsRequest[] = [];
  app.addHook("preHandler", (request, _reply, done) => {
    const operation = String(request.headers["x-amz-target"]).replace("AmazonSQS.", "");
    requests.push({ operation, input: request.body as SqsRequest["input"] });
    done();
  });
  const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
  const clients: SQSClient[] = [];
  const newClient = () => {
    const client = sqsClient(endpoint);
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
      await app.close();
    },
  };
}

/** A genuine client, with made-up credentials. */
export function sqsClient(endpoint: string, more: SQSClientConfig = {}): SQSClient {
  return new SQSClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" },
    maxAttempts: 1,
    // The URLs of fauxqs name a host that needs DNS.
    useQueueUrlAsEndpoint: false,
    ...more,
  });
}
