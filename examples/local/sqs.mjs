// SQS on this machine alone and in memory, so that the examples run without an account: fauxqs behind a genuine client.
// With real SQS there is `new SQSClient({})`, and nothing to close.
import { SQSClient } from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";

/** Starts it, without queues. `close()` ends it. */
export async function startSqs() {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
  const client = new SQSClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "EXAMPLE", secretAccessKey: "not-a-secret" },
    // The queue URLs of fauxqs name a host that needs DNS.
    useQueueUrlAsEndpoint: false,
  });
  return {
    client,
    close() {
      client.destroy();
      return app.close();
    },
  };
}
