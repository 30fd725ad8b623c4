// A keyring of one's own: here a made-up key service, in the shape of Vault's transit engine or an HSM. It wraps and
// unwraps; data keys, signatures, context and wiping are keyfold's business. vault-keyring.mjs is one for Vault itself.
import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createEncryptionClient } from "keyfold";

/** Stands for a service that keeps its keys to itself. */
const service = {
  key: randomBytes(32),
  async encrypt(bytes, context) {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.key, iv).setAAD(JSON.stringify(context));
    return Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  },
  async decrypt(bytes, context) {
    const decipher = createDecipheriv("aes-256-gcm", this.key, bytes.subarray(0, 12));
    decipher.setAAD(JSON.stringify(context)).setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  },
};

const keyring = {
  name: "key service",
  async wrap(dataKey, { encryptionContext }) {
    const ciphertext = await service.encrypt(dataKey, encryptionContext);
    return [{ providerId: "key-service", providerInfo: new TextEncoder().encode("orders"), ciphertext }];
  },
  async unwrap(edks, { encryptionContext, note }) {
    for (const edk of edks) {
      if (edk.providerId !== "key-service") {
        note(edk, "skipped", "not wrapped by the key service");
        continue;
      }
      try {
        return { dataKey: await service.decrypt(edk.ciphertext, encryptionContext), opened: edk };
      } catch (cause) {
        note(edk, "failed", "the key service refused it", cause);
      }
    }
    return null;
  },
};

const client = createEncryptionClient({ keyring });
const { ciphertext } = await client.encryptText("42 pears", { encryptionContext: { tenant: "t1" } });
assert.equal((await client.decryptText(ciphertext)).plaintext, "42 pears");

service.key = randomBytes(32);
await assert.rejects(client.decryptText(ciphertext), { code: "ERR_NO_DATA_KEY" });
console.log("opens with the service's key, and with no other");
