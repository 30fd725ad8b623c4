// A bucket that an older encryption client filled (format V2) is written anew in V3, which commits to its data keys. The
// work can stop at any object and go on another day: HEAD tells what is done already, and costs no KMS call.
import assert from "node:assert/strict";
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { kmsKeyring } from "keyfold/kms";
import { createS3EncryptionClient } from "keyfold/s3";
import { createLocalKms } from "keyfold/testing";
import { startS3 } from "./local/s3.mjs";

const { client, close } = await startS3("orders");
const kms = createLocalKms();
const keyring = kmsKeyring({ client: kms.client, keyId: kms.createKey().arn });

// The years before: a client that writes V2.
const old = createS3EncryptionClient({ client, keyring, commitmentPolicy: "forbid-encrypt-allow-decrypt" });
for (let i = 1; i <= 8; i++) {
  const order = {
    Bucket: "orders",
    Key: `order-${i}.txt`,
    Body: `${i * 6} pears`,
    Metadata: { clerk: "ada" },
  };
  await old.send(new PutObjectCommand(order), { encryptionContext: { tenant: `t${i % 2}` } });
}

// Writes V3, and reads V2 as well.
const s3 = createS3EncryptionClient({ client, keyring, commitmentPolicy: "require-encrypt-allow-decrypt" });

/** Writes objects anew until `most` of them are done. */
async function migrate(Bucket, most) {
  const rows = [];
  let done = 0;
  let ContinuationToken;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 3, ContinuationToken }));
    for (const { Key } of page.Contents ?? []) {
      const { encryption, ETag } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
      const before = encryption?.format ?? "in clear";
      if (encryption === undefined || before === "V3") {
        rows.push({ Key, before, now: before });
        continue;
      }
      if (done++ === most) return rows;
      // The pairs that are stored with it; KMS would refuse wrong ones. Somebody else's write meanwhile would win.
      const { encryptionContext } = encryption;
      const copy = new CopyObjectCommand({
        Bucket,
        Key,
        CopySource: `${Bucket}/${encodeURIComponent(Key)}`,
        CopySourceIfMatch: ETag,
        IfMatch: ETag,
      });
      await s3.send(copy, { reencrypt: true, encryptionContext });
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
      rows.push({ Key, before, now: head.encryption.format, ...encryptionContext });
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return rows;
}

console.log("the first evening, until somebody pulls the plug:");
console.table(await migrate("orders", 5));
console.log("the second evening:");
const rows = await migrate("orders", Number.POSITIVE_INFINITY);
console.table(rows);
assert.ok(rows.length === 8 && rows.every(({ now }) => now === "V3"));

// From now on nothing but V3 needs to be read: the default policy.
const strict = createS3EncryptionClient({ client, keyring });
const get = new GetObjectCommand({ Bucket: "orders", Key: "order-7.txt" });
const { Body, Metadata } = await strict.send(get, { encryptionContext: { tenant: "t1" } });
console.log(`order-7.txt still says ${await Body.transformToString()}, clerk ${Metadata.clerk}`);
await close();
