// Messages that lie in a queue where one runtime left them, and payloads of other transports: every other one opens them.
import { assertEqual, pattern } from "./bytes.mjs";
import { memorySqs } from "./memory-sqs.mjs";
import { altered, assertBatch, entriesOf, QUEUE, receive, TEXTS } from "./sqs-batch.mjs";

const FIFO = "https://sqs.us-east-1.amazonaws.com/111122223333/orders.fifo";
const OTHER = "https://sqs.us-east-1.amazonaws.com/111122223333/others";
const CONTEXT = { topic: "orders" };

function clientOf({ sqs }, client, keyring) {
  return sqs.createSqsEncryptionClient({ client, keyring, deduplicationKey: pattern(32) });
}
const sendAll = ({ sqsCommands }, client, QueueUrl) =>
  client.send(new sqsCommands.SendMessageBatchCommand({ QueueUrl, Entries: entriesOf(TEXTS) }));

export async function writeQueues(library, keys) {
  const written = [];
  for (const [keyring, queue] of [
    ["aes", QUEUE],
    ["kms", FIFO],
  ]) {
    const port = memorySqs();
    await sendAll(library, clientOf(library, port, keys[keyring]), queue);
    written.push({ name: `ten SQS messages, ${keyring}`, keyring, queue, messages: port.messagesAt(queue) });
  }
  const client = library.keyfold.createEncryptionClient({ keyring: keys.aes });
  const payload = await library.sqs.sealPayload(client, TEXTS[0], { encryptionContext: CONTEXT });
  written.push({ name: "payload, aes", keyring: "aes", payload });
  return written;
}

/** Receives what another runtime sent: as it is, with one message altered, and from another queue. */
export async function readQueue(library, keyring, { queue, messages }) {
  const port = memorySqs();
  const client = clientOf(library, port, keyring);
  const stored = port.messagesAt(queue);
  stored.push(...messages);
  assertBatch(await receive(library, client, queue), {}, "all of a batch");
  stored[2] = altered(messages[2]);
  assertBatch(await receive(library, client, queue), { 2: "ERR_AUTHENTICATION" }, "one of ten altered");
  port.messagesAt(OTHER).push(messages[3]);
  const [moved] = await receive(library, client, OTHER);
  assertEqual(moved.error?.code, "ERR_ENCRYPTION_CONTEXT", "in another queue");

  // The same payloads from here are duplicates to a FIFO queue.
  stored.length = 0;
  await sendAll(library, client, queue);
  const ids = (list) => list.map(({ MessageDeduplicationId: id }) => id ?? "none").join();
  assertEqual(ids(stored), ids(messages), "deduplication ids");
}

export async function readPayload({ keyfold, sqs }, keyring, { payload }) {
  const client = keyfold.createEncryptionClient({ keyring });
  const opened = await sqs.openPayload(client, payload, { encryptionContext: CONTEXT });
  assertEqual(opened, TEXTS[0], "a payload");
}
