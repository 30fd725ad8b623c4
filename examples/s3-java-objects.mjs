// Objects that Amazon's S3 Encryption Client for Java wrote (local/java-objects.json keeps what it stored): one client
// reads those under KMS, with and without an encryption context, and those under a raw AES key. They lie in one bucket.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { multiKeyring, rawAesKeyring } from "keyfold";
import { kmsDiscoveryKeyring } from "keyfold/kms";
import { createS3EncryptionClient } from "keyfold/s3";
import { createLocalKms } from "keyfold/testing";
import { startS3 } from "./local/s3.mjs";

const stored = JSON.parse(await readFile(new URL("local/java-objects.json", import.meta.url), "utf8"));
const bytes = (base64) => Buffer.from(base64, "base64");
const sha256 = (data) => createHash("sha256").update(data).digest("hex");

// What Java left behind: a KMS key, an AES key, and a bucket.
const { client, close } = await startS3("from-java");
const kms = createLocalKms({ keys: [{ id: stored.kms.id, material: bytes(stored.kms.material) }] });
for (const { key: Key, metadata: Metadata, body } of stored.objects) {
  await client.send(new PutObjectCommand({ Bucket: "from-java", Key, Metadata, Body: bytes(body) }));
}

const keyring = multiKeyring({
  children: [
    kmsDiscoveryKeyring({ client: kms.client, filter: { partition: "aws", accountIds: ["111122223333"] } }),
    rawAesKeyring({ namespace: "java", name: "archive", key: bytes(stored.aes.key) }),
  ],
});
const s3 = createS3EncryptionClient({ client, keyring });

console.log(`written by ${stored.origin.writer} ${stored.origin.version}:`);
const rows = [];
for (const { key: Key, encryptionContext, plaintext } of stored.objects) {
  const place = { Bucket: "from-java", Key };
  const { encryption } = await s3.send(new HeadObjectCommand(place));
  const { Body } = await s3.send(new GetObjectCommand(place), { encryptionContext });
  const opened = await Body.transformToByteArray();
  assert.equal(sha256(opened), sha256(bytes(plaintext)));
  const { format, wrap, materialsDescription } = encryption;
  const bound = Object.keys(encryptionContext).length > 0 ? encryptionContext : materialsDescription;
  rows.push({
    Key,
    format,
    wrap,
    pairs: JSON.stringify(bound),
    bytes: opened.length,
    sha256: sha256(opened).slice(0, 8),
  });
}
console.table(rows);
await close();
