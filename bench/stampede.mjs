// A thousand callers at once: how often KMS is asked, and how long all of them wait. Genuine KMS clients over loopback HTTP.
import { KmsKeyringNode } from "@aws-crypto/client-node";
import { KMS } from "@aws-sdk/client-kms";
import { cachingMaterialsManager, createEncryptionClient } from "keyfold";
import { kmsKeyring } from "keyfold/kms";
import { createLocalKms } from "keyfold/testing";
import { official, officialCache, UNSIGNED } from "./peers.mjs";
import { effort, headline, table } from "./report.mjs";

const CALLERS = effort({ quick: 100, normal: 1000 });
const PERIOD_MS = 1500;
const plaintext = new Uint8Array(1024).fill(7);

const kms = createLocalKms();
const keyId = kms.createKey().arn;
const { url, close } = await kms.listen();
const credentials = { accessKeyId: "BENCH", secretAccessKey: "not-a-secret" };
const client = new KMS({ region: kms.region, endpoint: url, credentials });

const keyfold = () => {
  const keyring = kmsKeyring({ client, keyId });
  const period = { reusePeriodSecondsForTests: PERIOD_MS / 1000 };
  const own = createEncryptionClient({ materialsManager: cachingMaterialsManager({ keyring, ...period }) });
  return { seal: () => own.encrypt(plaintext), open: (ciphertext) => own.decrypt(ciphertext) };
};
const theirs = () => {
  const keyring = new KmsKeyringNode({ generatorKeyId: keyId, clientProvider: () => client });
  const manager = officialCache(keyring, PERIOD_MS);
  return {
    seal: () => official.encrypt(manager, plaintext, { suiteId: UNSIGNED }),
    open: (ciphertext) => official.decrypt(manager, ciphertext),
  };
};
const { ciphertext } = await keyfold().seal();

/** All callers at once: calls of KMS, and milliseconds until the last one is served. */
async function stampede(call) {
  kms.clearEvents();
  const start = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, call));
  return { calls: kms.events.length, ms: performance.now() - start };
}

/** Nobody has the key; everybody has it; it has just expired. */
async function threeTimes(call) {
  const cold = await stampede(call);
  const warm = await stampede(call);
  await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  return { cold, warm, "just expired": await stampede(call) };
}

try {
  // Code and sockets are warm for all that counts.
  for (const make of [keyfold, theirs]) await stampede(make().seal);
  const rows = [];
  for (const [what, act] of Object.entries({
    seal: ({ seal }) => seal(),
    open: ({ open }) => open(ciphertext),
  })) {
    const [ours, peer] = [keyfold(), theirs()];
    const us = await threeTimes(() => act(ours));
    const them = await threeTimes(() => act(peer));
    for (const when of Object.keys(us)) {
      const [mine, other] = [us[when], them[when]];
      rows.push([`${what}, ${when}`, mine.calls, other.calls, mine.ms.toFixed(0), other.ms.toFixed(0)]);
    }
    headline(
      `KMS calls of ${CALLERS.toLocaleString("en-US")} callers who ${what} at once, cold`,
      `asking ${us.cold.calls} time${us.cold.calls === 1 ? "" : "s"}, and the official cache ${them.cold.calls.toLocaleString("en-US")}`,
      `${us.cold.ms.toFixed(0)} ms`,
      `${them.cold.ms.toFixed(0)} ms`,
    );
  }
  table(
    `${CALLERS.toLocaleString("en-US")} callers at once, 1 KiB, each client's own cache (the official one has no single flight)`,
    ["", "KMS calls", "official", "ms", "official"],
    rows,
  );
} finally {
  client.destroy();
  await close();
}
