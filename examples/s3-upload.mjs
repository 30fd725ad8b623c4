// A big file: sealed as it is read and uploaded in parts, with a progress bar that counts plaintext; then fetched and
// compared. Neither side holds more than a few parts of it. With real services give `new S3Client({})`, `new KMSClient({})`.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { Presets, SingleBar } from "cli-progress";
import { kmsKeyring } from "keyfold/kms";
import { createS3EncryptionClient } from "keyfold/s3";
import { createLocalKms } from "keyfold/testing";
import { startS3 } from "./local/s3.mjs";

const MIB = 1024 * 1024;
const folder = await mkdtemp(join(tmpdir(), "s3-upload-"));
const file = join(folder, "holiday.mov");
await writeFile(file, randomBytes(100 * MIB));

const { client, close } = await startS3("films");
const kms = createLocalKms();
const s3 = createS3EncryptionClient({
  client,
  keyring: kmsKeyring({ client: kms.client, keyId: kms.createKey().arn }),
  bindTo: "object",
  // 100 MiB are over `bufferLimit`: answer them by a stream, whose end alone tells whether they are authentic.
  delayedAuthentication: true,
});
const place = { Bucket: "films", Key: "2026/holiday.mov" };

// Where the output is no terminal, such as in a log, there is a line at the beginning, each minute, and at the end.
const bar = new SingleBar(
  {
    format: "uploading {bar} {percentage} % | {loaded} of {size} MiB",
    stream: process.stdout,
    noTTYOutput: true,
    notTTYSchedule: 60_000,
  },
  Presets.shades_classic,
);
const { size } = await stat(file);
bar.start(size, 0, { loaded: 0, size: size / MIB });
await s3.upload(
  { ...place, Body: createReadStream(file), ContentLength: size },
  { onProgress: ({ loaded }) => bar.update(loaded, { loaded: Math.floor(loaded / MIB) }) },
);
bar.stop();

const { encryption, ContentLength } = await s3.send(new HeadObjectCommand(place));
console.log(`S3 holds ${ContentLength} bytes of ciphertext, sealed with ${encryption.suite.name}`);
console.log(`KMS was asked ${kms.events.length} time(s): ${kms.events.map((event) => event.eventName)}`);

const sha256 = async (stream) => {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest("hex");
};
const { Body } = await s3.send(new GetObjectCommand(place));
assert.equal(await sha256(Body), await sha256(createReadStream(file)));
console.log("what comes back is the same film");
await rm(folder, { recursive: true });
await close();
