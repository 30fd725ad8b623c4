// One message, two KMS keys: a Region can be away, and the other one still opens it. `client` is a function here, so
// that each key is asked for in its own Region.
import assert from "node:assert/strict";
import { KMSClient } from "@aws-sdk/client-kms";
import { createEncryptionClient } from "keyfold";
import { kmsKeyring } from "keyfold/kms";

const clients = new Map();
const client = (region) => {
  if (!clients.has(region)) clients.set(region, new KMSClient({ region }));
  return clients.get(region);
};
const virginia = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ireland = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";

const writer = createEncryptionClient({
  keyring: kmsKeyring({ client, keyId: virginia, additionalKeyIds: [ireland] }),
});
const { ciphertext, message } = await writer.encrypt(new TextEncoder().encode("for both sides"));
console.log(message.wrappingKeys.map(({ name }) => name));

for (const keyId of [virginia, ireland]) {
  const reader = createEncryptionClient({ keyring: kmsKeyring({ client, keyId }) });
  const { plaintext } = await reader.decrypt(ciphertext);
  assert.equal(new TextDecoder().decode(plaintext), "for both sides");
}
console.log("each Region opens it alone");
for (const kms of clients.values()) kms.destroy();
