// Data keys under HashiCorp Vault: vault/transit-keyring.mjs is the keyring, to copy. Here it is cached, so that a thousand
// messages ask Vault once; it stands beside a KMS key, so that either of them opens; and Vault's key is rotated.
import assert from "node:assert/strict";
import { KMSClient } from "@aws-sdk/client-kms";
import { cachingMaterialsManager, createEncryptionClient, multiKeyring } from "keyfold";
import { kmsKeyring } from "keyfold/kms";
import { startVault } from "./local/vault.mjs";
import { vaultTransitKeyring } from "./vault/transit-keyring.mjs";

const VAULT = await startVault();
const keyring = vaultTransitKeyring({
  address: VAULT.address, // process.env.VAULT_ADDR
  token: () => VAULT.token, // or the file that Vault Agent keeps fresh, read anew
  key: "orders",
});
const encryptionContext = { tenant: "t1" };

const materialsManager = cachingMaterialsManager({ keyring, reusePeriodSeconds: 300 });
const cached = createEncryptionClient({ materialsManager });
for (let i = 0; i < 1000; i++) {
  const { ciphertext } = await cached.encryptText(`order ${i}`, { encryptionContext });
  assert.equal((await cached.decryptText(ciphertext, { encryptionContext })).plaintext, `order ${i}`);
}
console.log("1000 messages sealed and opened, and Vault was asked for", VAULT.requests);
assert.deepEqual(VAULT.requests, ["POST encrypt", "POST decrypt"]);

const kms = kmsKeyring({
  client: new KMSClient({}),
  keyId: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
});
const both = createEncryptionClient({ keyring: multiKeyring({ generator: keyring, children: [kms] }) });
const { ciphertext } = await both.encrypt(Buffer.from("42 pears"), { encryptionContext });
VAULT.sealed = true;
const alone = createEncryptionClient({ keyring });
const refused = await alone.decrypt(ciphertext).catch((error) => error);
console.log(`${refused.code}: ${refused.message}`);
assert.equal(refused.code, "ERR_NO_DATA_KEY");
assert.equal(Buffer.from((await both.decrypt(ciphertext)).plaintext).toString(), "42 pears");
console.log("the KMS key opens it while Vault is sealed");
VAULT.sealed = false;

VAULT.rotate("orders");
assert.equal(await both.needsReencryption(ciphertext), true);
const renewed = await both.reencrypt(ciphertext);
assert.equal(await both.needsReencryption(renewed.ciphertext), false);
VAULT.retire("orders", 2);
await assert.rejects(alone.decrypt(ciphertext), { code: "ERR_NO_DATA_KEY" });
assert.equal(Buffer.from((await alone.decrypt(renewed.ciphertext)).plaintext).toString(), "42 pears");
console.log("rotated: sealed anew under version 2, and version 1 opens no more");
await VAULT.close();
