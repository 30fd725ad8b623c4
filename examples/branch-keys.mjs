// A branch key for each tenant, in AWS's own key store: KMS is asked once a minute for each of them, however many messages
// come, and every message of a key's earlier versions stays readable. Official clients read keys and messages alike.
import assert from "node:assert/strict";
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { KMSClient } from "@aws-sdk/client-kms";
import { createEncryptionClient } from "keyfold";
import { dynamoDbKeyStore, keyStoreTable } from "keyfold/dynamodb";
import { hierarchicalKeyring } from "keyfold/hierarchy";

const keyArn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const dynamoDb = new DynamoDBClient({});
const kms = new KMSClient({});
const calls = [];
const keyStore = dynamoDbKeyStore({
  client: dynamoDb,
  tableName: "branch-keys",
  kms: { client: kms, keyArn },
  observer: ({ operation }) => calls.push(operation),
});

// Once: the table, and a key for each tenant.
await dynamoDb.send(new CreateTableCommand(keyStoreTable("branch-keys")));
await waitUntilTableExists({ client: dynamoDb, maxWaitTime: 60 }, { TableName: "branch-keys" });
for (const tenant of ["t1", "t2"]) {
  await keyStore.createKey({ branchKeyId: `tenant-${tenant}`, encryptionContext: { tenant } });
}

const keyring = hierarchicalKeyring({ keyStore, branchKeyIdFrom: ({ tenant }) => `tenant-${tenant}` });
const client = createEncryptionClient({ keyring });
calls.length = 0;
const messages = [];
for (let i = 0; i < 100; i++) {
  const encryptionContext = { tenant: i % 2 === 0 ? "t1" : "t2", order: String(i) };
  messages.push((await client.encryptText(`order ${i}`, { encryptionContext })).ciphertext);
}
console.log(`100 messages of two tenants: ${calls.join(", ")}`);
assert.deepEqual(calls, ["GetItem", "Decrypt", "GetItem", "Decrypt"]);

// A new version writes from now on; other processes notice it within a minute.
await keyStore.versionKey("tenant-t1");
keyring.clear("tenant-t1");
const { plaintext } = await client.decryptText(messages[0], { encryptionContext: { tenant: "t1" } });
assert.equal(plaintext, "order 0");
const bytes = Buffer.from(messages[0], "base64");
console.log(
  `written before the new version: ${(await client.needsReencryption(bytes)) ? "to be renewed" : "current"}`,
);

keyring.dispose();
dynamoDb.destroy();
kms.destroy();
