// A part of an object: the last lines of an encrypted log, by a byte range of its plaintext. Objects up to `bufferLimit`
// are verified whole before a part of them is answered; of larger ones a part is an error, unless you ask for it.
import assert from "node:assert/strict";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { kmsKeyring } from "keyfold/kms";
import { createS3EncryptionClient } from "keyfold/s3";
import { createLocalKms } from "keyfold/testing";
import { startS3 } from "./local/s3.mjs";

const { client, close } = await startS3("logs");
const kms = createLocalKms();
const keyring = kmsKeyring({ client: kms.client, keyId: kms.createKey().arn });
const s3 = createS3EncryptionClient({ client, keyring });
const place = { Bucket: "logs", Key: "2026-11-22.log" };

const lines = Array.from({ length: 50_000 }, (_, i) => `${String(i).padStart(6, "0")} a pear was sold\n`);
await s3.send(new PutObjectCommand({ ...place, Body: lines.join("") }));

const tail = await s3.send(new GetObjectCommand({ ...place, Range: `bytes=-${3 * lines[0].length}` }));
console.log(tail.ContentRange);
const text = await tail.Body.transformToString();
process.stdout.write(text);
assert.equal(text, lines.slice(-3).join(""));
console.log(tail.encryption.verified ? "verified: all of the object was" : "not verified");

// The same under a small limit: the range is refused, for its bytes alone cannot be verified ...
const small = { client, keyring, bufferLimit: 64 * 1024 };
const start = 26_000 * lines[0].length;
const middle = new GetObjectCommand({ ...place, Range: `bytes=${start}-${start + 2 * lines[0].length - 1}` });
await assert.rejects(createS3EncryptionClient(small).send(middle), ({ code, message }) => {
  console.log(`${code}: ${message}`);
  return code === "ERR_RANGE_UNVERIFIED";
});
// ... unless you can live with that, such as for the preview of a film. Then no more is fetched than was asked for.
const previews = createS3EncryptionClient({ ...small, unauthenticatedRanges: true });
const preview = await previews.send(middle);
process.stdout.write(await preview.Body.transformToString());
console.log(preview.encryption.verified ? "verified" : "not verified, and it says so");
await close();
