// A producer, a worker and a dead-letter queue, on an SQS in memory that never sees an order in clear. One message of ten
// was put into the wrong queue: the nine others are worked off all the same; the tenth becomes a dead letter, and there
// it opens, and says where it belongs.
import assert from "node:assert/strict";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { kmsKeyring } from "keyfold/kms";
import { createSqsEncryptionClient } from "keyfold/sqs";
import { createLocalKms } from "keyfold/testing";
import { startSqs } from "./local/sqs.mjs";

const { client, close } = await startSqs();
const kms = createLocalKms();
const keyring = kmsKeyring({ client: kms.client, keyId: kms.createKey().arn });

const newQueue = async (QueueName, Attributes) =>
  (await client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl;
const dead = await newQueue("orders-dead");
const returns = await newQueue("returns");
const orders = await newQueue("orders", {
  // Here, a message that nobody deletes is visible again at once, and dead after two times.
  VisibilityTimeout: "0",
  RedrivePolicy: JSON.stringify({
    deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:orders-dead",
    maxReceiveCount: 2,
  }),
});

// Two processes in real life. Each has its own data keys, for five minutes.
const producer = createSqsEncryptionClient({ client, keyring });
const worker = createSqsEncryptionClient({ client, keyring });

const Entries = Array.from({ length: 9 }, (_, i) => ({ Id: `${i}`, MessageBody: `${i} pears` }));
await producer.send(new SendMessageBatchCommand({ QueueUrl: orders, Entries }));
// What was sealed for `returns` is put into `orders`.
await producer.send(new SendMessageCommand({ QueueUrl: returns, MessageBody: "one bruised pear" }));
const command = new ReceiveMessageCommand({ QueueUrl: returns, MessageAttributeNames: ["All"] });
const {
  Messages: [{ Body: MessageBody, MessageAttributes }],
} = await client.send(command);
await client.send(new SendMessageCommand({ QueueUrl: orders, MessageBody, MessageAttributes }));
console.log(`SQS sees ${MessageBody.slice(0, 40)}...`);

const work = async () => {
  const all = new ReceiveMessageCommand({ QueueUrl: orders, MaxNumberOfMessages: 10 });
  const { Messages = [] } = await worker.send(all);
  const done = Messages.filter(({ error }) => error === undefined);
  for (const { Body } of done) console.log(`worked off: ${Body}`);
  for (const { error } of Messages) if (error !== undefined) console.log(`left: ${error.message}`);
  if (done.length > 0) {
    const Entries = done.map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle }));
    await worker.send(new DeleteMessageBatchCommand({ QueueUrl: orders, Entries }));
  }
  return done.length;
};
assert.equal(await work(), 9);
assert.equal(await work(), 0);
await work(); // the third time, SQS moves it

const clerk = createSqsEncryptionClient({ client, keyring, deadLettersOf: ["orders", "returns"] });
const { Messages: letters } = await clerk.send(new ReceiveMessageCommand({ QueueUrl: dead }));
const [{ Body, encryption }] = letters;
console.log(`dead letter, sealed for ${encryption.queue}: ${Body}`);
assert.equal(Body, "one bruised pear");

const asked = kms.events.map(({ eventName }) => eventName);
console.log(`KMS was asked ${asked.length} times: ${asked.join(", ")}`);
await close();
