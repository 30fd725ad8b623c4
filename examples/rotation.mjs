// From an old key to a new one: read with both, write with the new one, and move what is left over.
import assert from "node:assert/strict";
import { createEncryptionClient, multiKeyring, rawAesKeyring } from "keyfold";

const newKey = () => crypto.getRandomValues(new Uint8Array(32));
const old = rawAesKeyring({ namespace: "orders", name: "2025", key: newKey() });
const current = rawAesKeyring({ namespace: "orders", name: "2026", key: newKey() });

const yesterday = createEncryptionClient({ keyring: old });
const rows = await Promise.all(["pears", "plums", "figs"].map((text) => yesterday.encryptText(text)));
const column = rows.map(({ ciphertext }) => Buffer.from(ciphertext, "base64"));

const today = createEncryptionClient({ keyring: current });
const reader = createEncryptionClient({ keyring: multiKeyring({ generator: current, children: [old] }) });
for (const [i, row] of column.entries()) {
  assert.equal((await reader.decrypt(row)).plaintext.length, ["pears", "plums", "figs"][i].length);
  if (await today.needsReencryption(row)) column[i] = (await today.reencrypt(row, { from: old })).ciphertext;
}
for (const row of column) assert.equal(await today.needsReencryption(row), false);
console.log(`${column.length} rows moved to the key of 2026`);
