// Values of Kafka records, sealed before `producer.send` and opened in `eachMessage`, in bytes and under data keys that
// are reused for five minutes. Here a list in memory stands for the topic; `send` and `eachMessage` have the shapes of
// KafkaJS. Keys stay in clear: Kafka chooses partitions and compacts by them.
import assert from "node:assert/strict";
import {
  cachingMaterialsManager,
  createEncryptionClient,
  openPayload,
  rawAesKeyring,
  sealPayload,
} from "keyfold";

const keyring = rawAesKeyring({
  namespace: "app",
  name: "records-2026",
  key: crypto.getRandomValues(new Uint8Array(32)),
});
const newClient = () =>
  createEncryptionClient({ materialsManager: cachingMaterialsManager({ keyring, reusePeriodSeconds: 300 }) });
const [ofProducer, ofConsumer] = [newClient(), newClient()];

const log = [];
const producer = {
  async send({ topic, messages }) {
    for (const message of messages) log.push({ topic, partition: 0, message });
  },
};
const bound = (topic) => ({ encryptionContext: { topic } });

async function sendSealed({ topic, messages }) {
  const seal = async (message) => {
    // A tombstone says that its key is gone: there is nothing to seal.
    if (message.value === null) return message;
    const sealed = await sealPayload(ofProducer, Buffer.from(message.value), bound(topic));
    return { ...message, value: Buffer.from(sealed) };
  };
  await producer.send({ topic, messages: await Promise.all(messages.map(seal)) });
}

const seen = [];
async function eachMessage({ topic, message }) {
  const value = message.value === null ? null : await openPayload(ofConsumer, message.value, bound(topic));
  seen.push([message.key, value === null ? null : Buffer.from(value).toString()]);
}

await sendSealed({
  topic: "orders",
  messages: [
    { key: "7", value: "42 pears" },
    { key: "8", value: "12 plums" },
    { key: "7", value: null },
  ],
});
console.log(`the log holds ${log[0].message.value.length} bytes for "42 pears"`);
for (const record of log) await eachMessage(record);
console.log("the consumer has", seen);
assert.deepEqual(seen, [
  ["7", "42 pears"],
  ["8", "12 plums"],
  ["7", null],
]);
