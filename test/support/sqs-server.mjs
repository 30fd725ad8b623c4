// SQS on loopback by fauxqs, which somebody else wrote, with a log of what it was asked.
//
// fauxqs 1.9.2 names its queues by a host that needs DNS, which is mended here. It counts a binary attribute by its
// base64, where SQS counts bytes; answers all attributes where none were asked for; and checks neither signatures nor
// how many attributes there are. Its queues lie in the account 000000000000, Region us-east-1.
import { buildApp } from "fauxqs";

/** Starts it, with these queues. */
export async function serveSqs(...queues) {
  const app = buildApp({ logger: false });
  const requests = [];
  let url;
  const itsUrl = () => url.replace("127.0.0.1", "sqs.us-east-1.localhost");

  const operationOf = ({ headers }) => String(headers["x-amz-target"]).replace("AmazonSQS.", "");
  app.addHook("preHandler", (request, _reply, done) => {
    const { body: input } = request;
    requests.push({ operation: operationOf(request), input });
    if (typeof input?.QueueUrl === "string")
      request.body = { ...input, QueueUrl: input.QueueUrl.replace(url, itsUrl()) };
    done();
  });
  app.addHook("onSend", (request, _reply, reply, done) => {
    const namesQueues = /^(CreateQueue|GetQueueUrl|ListQueues)$/.test(operationOf(request));
    done(null, namesQueues ? reply.replaceAll(itsUrl(), url) : reply);
  });
  url = await app.listen({ host: "127.0.0.1", port: 0 });

  for (const QueueName of queues) {
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "AmazonSQS.CreateQueue",
      host: new URL(url).host,
    };
    await app.inject({ method: "POST", url: "/", headers, payload: JSON.stringify({ QueueName }) });
  }
  requests.length = 0;
  return { url, requests, close: () => app.close() };
}
