// Fields of a JSON record: those that are personal are sealed, each bound to its place, and the rest stays readable.
import assert from "node:assert/strict";
import { createEncryptionClient, isKeyfoldError, rawAesKeyring } from "keyfold";

const key = crypto.getRandomValues(new Uint8Array(32)); // or kmsKeyring({ client, keyId }): the rest stays the same
const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "crm", name: "2026", key }) });

const SECRET = ["iban", "birthday"];
// Not secret, and checked on reading: a value copied to another record or field does not open there.
const place = (record, field) => ({ table: "customers", id: record.id, field });

async function seal(record) {
  const sealed = { ...record };
  for (const field of SECRET) {
    const encryptionContext = place(record, field);
    sealed[field] = (
      await client.encryptText(JSON.stringify(record[field]), { encryptionContext })
    ).ciphertext;
  }
  return sealed;
}

async function open(record) {
  const opened = { ...record };
  for (const field of SECRET) {
    const encryptionContext = place(record, field);
    opened[field] = JSON.parse((await client.decryptText(record[field], { encryptionContext })).plaintext);
  }
  return opened;
}

const ada = { id: "c-1", name: "Ada", iban: "DE02 1203 0000 0000 2020 51", birthday: { day: 10, month: 12 } };
const bob = { id: "c-2", name: "Bob", iban: "FR14 2004 1010 0505 0001", birthday: { day: 1, month: 4 } };

const [storedAda, storedBob] = [await seal(ada), await seal(bob)];
console.log(
  `stored: ${JSON.stringify({ ...storedAda, iban: `${storedAda.iban.slice(0, 16)}...`, birthday: "..." })}`,
);
assert.ok(!JSON.stringify(storedAda).includes("1203"));
assert.deepEqual(await open(storedAda), ada);

const swapped = await open({ ...storedBob, iban: storedAda.iban }).catch((error) => error);
assert.ok(isKeyfoldError(swapped, "ERR_ENCRYPTION_CONTEXT"));
console.log(`Ada's account number in Bob's record: ${swapped.code}: ${swapped.message}`);
