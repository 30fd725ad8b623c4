// Data masking of Powertools for AWS Lambda over keyfold: powertools/keyfold-provider.mjs is the provider, to copy. Fields
// of a record are sealed under one data key and bound to their tenant, and Powertools' own KMS provider reads them too.
import assert from "node:assert/strict";
import { KMSClient } from "@aws-sdk/client-kms";
import { kmsKeyring } from "keyfold/kms";
import { DataMasking, officialProvider } from "./local/data-masking.mjs";
import { keyfoldProvider } from "./powertools/keyfold-provider.mjs";

const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const asked = [];
const keyring = kmsKeyring({
  client: new KMSClient({}),
  keyId,
  observer({ type, operation }) {
    if (type === "kmsCall") asked.push(operation);
  },
});
const masker = new DataMasking({ provider: keyfoldProvider({ keyring }) });

const order = {
  id: "o-7",
  customer: { name: "Ada", iban: "DE02 1203 0000 0000 2020 51", born: { day: 10, month: 12 } },
};
const personal = { fields: ["customer.iban", "customer.born"], context: { tenant: "acme" } };

console.log("erased:", masker.erase(order, { fields: ["customer.name", ...personal.fields] }));

const sealed = await masker.encrypt(order, personal);
assert.ok(!JSON.stringify(sealed).includes("1203"));
assert.equal(sealed.customer.name, "Ada");
assert.deepEqual(await masker.decrypt(sealed, personal), order);
for (let i = 0; i < 100; i++) await masker.decrypt(await masker.encrypt({ ...order, i }, personal), personal);
console.log("101 orders of two fields each, and KMS was asked for", asked);
assert.deepEqual(asked, ["GenerateDataKey", "Decrypt"]);

const stranger = { ...personal, context: { tenant: "globex" } };
const refused = await masker.decrypt(sealed, stranger).catch((error) => error);
console.log(`as another tenant: ${refused.code}: ${refused.message}`);
assert.equal(refused.code, "ERR_ENCRYPTION_CONTEXT");

const official = new DataMasking({ provider: officialProvider(keyId) });
assert.deepEqual(await official.decrypt(sealed, personal), order);
assert.deepEqual(await masker.decrypt(await official.encrypt(order, personal), personal), order);
console.log("Powertools' KMS provider reads what keyfold sealed, and keyfold what it sealed");
