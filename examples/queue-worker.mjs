// Payloads of a queue under data keys that are reused for five minutes. Two workers seal 10,000 payloads, two others open
// them, and KMS is asked 80 times in place of 20,000. Their 50 minutes pass in a moment, by `clocks`: leave that out.
import assert from "node:assert/strict";
import { KMSClient } from "@aws-sdk/client-kms";
import { cachingMaterialsManager, createEncryptionClient } from "keyfold";
import { kmsKeyring } from "keyfold/kms";
import { estimateKmsRequests } from "keyfold/policy";

const PAYLOADS = 10_000;
const EVERY_MS = 300;
const kms = new KMSClient({});
const calls = {};
let milliseconds = 0;

/** A process of its own in real life: it shares no data key with the others. */
function worker() {
  const keyring = kmsKeyring({
    client: kms,
    keyId: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    observer({ type, operation }) {
      if (type === "kmsCall") calls[operation] = (calls[operation] ?? 0) + 1;
    },
  });
  const materialsManager = cachingMaterialsManager({
    keyring,
    reusePeriodSeconds: 300,
    verifyNewKeys: true,
    clocks: { monotonic: () => milliseconds, wall: () => milliseconds },
  });
  return createEncryptionClient({ materialsManager });
}

const producers = [worker(), worker()];
const consumers = [worker(), worker()];
const encryptionContext = { queue: "orders" };

const start = performance.now();
for (let i = 0; i < PAYLOADS; i++) {
  milliseconds = i * EVERY_MS;
  const payload = JSON.stringify({ order: i, fruit: "pears", count: 42 });
  const { ciphertext } = await producers[i % 2].encryptText(payload, { encryptionContext });
  const { plaintext } = await consumers[(i >> 1) % 2].decryptText(ciphertext, { encryptionContext });
  assert.equal(plaintext, payload);
}
const seconds = (performance.now() - start) / 1000;
kms.destroy();

const estimate = estimateKmsRequests({
  billingPeriodSeconds: (PAYLOADS * EVERY_MS) / 1000,
  reusePeriodSeconds: 300,
  producers: producers.length,
  consumers: consumers.length,
});
const asked = Object.values(calls).reduce((sum, count) => sum + count);
console.log(`${PAYLOADS} payloads sealed and opened in ${seconds.toFixed(1)} s`);
console.log(`KMS was asked ${asked} times`, calls);
console.log(
  `the estimate R' is ${estimate.keyfold}; SQS on its own side would ask R = ${estimate.sqs} times`,
);
console.log(`without reuse it would be ${2 * PAYLOADS}`);
assert.equal(asked, estimate.keyfold);
