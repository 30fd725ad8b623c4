import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { expect, it } from "vitest";
import { cachingMaterialsManager } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { estimateKmsRequests } from "../../src/policy/index.ts";
import type { SqsEncryptionClient } from "../../src/sqs/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import type { Message } from "../simulation/cases.mjs";
import { expectedCalls } from "../simulation/model.mjs";
import { sendAll, startQueue } from "./helpers.ts";

// Producers and consumers, each a process of its own with its own data keys, on one queue. Between the moments at which
// they are busy time is made to pass; what they ask of KMS then must be what a model says that knows only who sent and
// received which message when.

const PERIOD = 300;
const PERIODS = 5;
const MOMENTS = 10 * PERIODS;
const PRODUCERS = 5;
const CONSUMERS = 4;
/** As many batches for each producer and moment, so that each consumer hears of each data key. */
const BATCH = 10;
const START = Date.UTC(2026, 0, 1);

it("10,000 messages arrive once and open, and KMS is asked as the model says, call by call", async () => {
  const place = await startQueue();
  let seconds = 0;
  const now = () => START + 1000 * seconds;
  const kms = createLocalKms({ now });
  const keyId = kms.createKey().arn;
  const memberOf = (name: string): SqsEncryptionClient => {
    const materialsManager = cachingMaterialsManager({
      keyring: kmsKeyring({ client: kms.clientAs(name), keyId }),
      reusePeriodSeconds: PERIOD,
      verifyNewKeys: true,
      clocks: { monotonic: () => 1000 * seconds, wall: now },
    });
    return place.client({ client: place.sqs.newClient(), materialsManager } as never);
  };
  const named = (role: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `${role}-${i}`, client: memberOf(`${role}-${i}`) }));
  const producers = named("producer", PRODUCERS);
  const consumers = named("consumer", CONSUMERS);

  const sent = new Map<string, Pick<Message, "producer" | "sentAt">>();
  const messages: Message[] = [];
  const consume = async ({ name, client }: (typeof consumers)[number]) => {
    const command = new ReceiveMessageCommand({ QueueUrl: place.url, MaxNumberOfMessages: BATCH });
    const { Messages = [] } = await client.send(command);
    for (const { Body: text, error } of Messages) {
      if (error !== undefined) throw error;
      const message = sent.get(text!)!;
      messages.push({ ...message, text: text!, consumer: name, context: "orders", receivedAt: seconds });
    }
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle: ReceiptHandle! }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: place.url, Entries }));
  };

  for (let moment = 0; moment < MOMENTS; moment++) {
    seconds = (moment * PERIOD * PERIODS) / MOMENTS;
    for (const { name, client } of producers) {
      const batches = consumers.map((_, b) =>
        Array.from({ length: BATCH }, (_, i) => `${name} ${moment} ${b} ${i}`),
      );
      for (const text of batches.flat()) sent.set(text, { producer: name, sentAt: seconds });
      await Promise.all(batches.map((batch) => sendAll(client, place.url, batch)));
    }
    for (const _ of producers) await Promise.all(consumers.map(consume));
  }

  expect(sent.size).toBe(10_000);
  expect(messages.map(({ text }) => text).toSorted()).toEqual([...sent.keys()].toSorted());
  const observed = kms.events.map(({ eventTime, userIdentity, eventName, errorCode }) => {
    expect(errorCode).toBeUndefined();
    return `${(Date.parse(eventTime) - START) / 1000} ${userIdentity.userName} ${eventName}`;
  });
  const traffic = { reusePeriodSeconds: PERIOD, verifyNewKeys: true };
  expect(observed.toSorted()).toEqual(expectedCalls(traffic, messages));
  const { keyfold } = estimateKmsRequests({
    ...traffic,
    billingPeriodSeconds: PERIODS * PERIOD,
    producers: PRODUCERS,
    consumers: CONSUMERS,
  });
  expect(observed).toHaveLength(keyfold);
  expect(keyfold).toBe(150);
});
