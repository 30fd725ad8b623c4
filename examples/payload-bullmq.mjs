// Jobs of BullMQ, sealed where they are added and opened where they are worked off: Redis holds base64. Here a list in
// memory stands for Redis; with BullMQ, `queue` is `new Queue("orders", { connection })`, and `work` is what
// `new Worker("orders", work, { connection })` is given.
import assert from "node:assert/strict";
import { createEncryptionClient, isKeyfoldError, openPayload, rawAesKeyring, sealPayload } from "keyfold";

const keyring = rawAesKeyring({
  namespace: "app",
  name: "jobs-2026",
  key: crypto.getRandomValues(new Uint8Array(32)),
});
const client = createEncryptionClient({ keyring });
const redis = [];
const queue = {
  name: "orders",
  add: async (name, data) => void redis.push({ name, data, queueName: "orders" }),
};

// A job is bound to its queue and its name. Not to its id, which BullMQ gives it later.
const place = (queueName, job) => ({ encryptionContext: { queue: queueName, job } });

async function addSealed(name, data) {
  const sealed = await sealPayload(client, JSON.stringify(data), place(queue.name, name));
  await queue.add(name, { sealed });
}

async function work(job) {
  const json = await openPayload(client, job.data.sealed, place(job.queueName, job.name));
  return JSON.parse(json);
}

await addSealed("pack", { order: 7, fruit: "pears", count: 42 });
const [job] = redis;
console.log(`Redis holds ${JSON.stringify(job.data).slice(0, 60)}...`);
const order = await work(job);
console.log("the worker has", order);
assert.deepEqual(order, { order: 7, fruit: "pears", count: 42 });

// A job whose data was put under another name fails, for BullMQ to show among the failed ones.
const error = await work({ ...job, name: "refund" }).catch((error) => error);
assert.ok(isKeyfoldError(error, "ERR_ENCRYPTION_CONTEXT"));
console.log(`under another name: ${error.code}`);
