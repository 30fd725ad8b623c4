// The S3 client on every runtime: bodies as streams of its own kind, pieces, ranges, parts.
import { assertEqual, assertRefused, pattern } from "./bytes.mjs";
import { inPieces, memoryS3 } from "./memory-s3.mjs";

const PLACE = { Bucket: "b", Key: "k" };

export const S3_CHECKS = {
  async "S3 client"({ s3, s3Commands }, { aes, kms }) {
    const { GetObjectCommand, HeadObjectCommand, PutObjectCommand } = s3Commands;
    const plaintext = pattern(100_000);
    for (const [keyring, bindTo] of [
      [kms, "object"],
      [aes, "none"],
    ]) {
      const client = memoryS3();
      const near = s3.createS3EncryptionClient({ client, keyring, bindTo });
      await near.send(new PutObjectCommand({ ...PLACE, Body: "42 pears, α" }));
      const text = await near.send(new GetObjectCommand(PLACE));
      assertEqual(await text.Body.transformToString(), "42 pears, α", "text");

      const Body = inPieces(plaintext, 3000);
      await near.send(new PutObjectCommand({ ...PLACE, Body, ContentLength: plaintext.length }));
      const whole = await near.send(new GetObjectCommand(PLACE));
      assertEqual(await whole.Body.transformToByteArray(), plaintext, "verified");
      const { encryption } = await near.send(new HeadObjectCommand(PLACE));
      assertEqual(encryption.plaintextLength, plaintext.length, "length");
      const cut = await near.send(new GetObjectCommand({ ...PLACE, Range: "bytes=10-19" }));
      assertEqual(await cut.Body.transformToByteArray(), plaintext.slice(10, 20), "a range of the whole");

      const loose = { bufferLimit: 1000, delayedAuthentication: true, unauthenticatedRanges: true };
      const far = s3.createS3EncryptionClient({ client, keyring, bindTo, ...loose });
      const streamed = await far.send(new GetObjectCommand(PLACE));
      assertEqual(await bytesOf(streamed.Body.transformToWebStream()), plaintext, "delayed");
      const range = await far.send(new GetObjectCommand({ ...PLACE, Range: "bytes=70001-90002" }));
      assertEqual(await range.Body.transformToByteArray(), plaintext.slice(70_001, 90_003), "a range by CTR");

      client.objects.get("b/k").body[50_000] ^= 1;
      await assertRefused(() => near.send(new GetObjectCommand(PLACE)), "ERR_AUTHENTICATION", "altered");
      const late = async () =>
        bytesOf((await far.send(new GetObjectCommand(PLACE))).Body.transformToWebStream());
      await assertRefused(late, "ERR_AUTHENTICATION", "altered, delayed");
    }
  },

  async "S3 parts"({ s3, s3Commands }, { aes: keyring }) {
    const { CompleteMultipartUploadCommand, CreateMultipartUploadCommand } = s3Commands;
    const { GetObjectCommand, UploadPartCommand } = s3Commands;
    for (const commitmentPolicy of ["require-encrypt-require-decrypt", "forbid-encrypt-allow-decrypt"]) {
      const client = s3.createS3EncryptionClient({ client: memoryS3(), keyring, commitmentPolicy });
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(PLACE));
      const part = (PartNumber, Body, lastPart) =>
        client.send(new UploadPartCommand({ ...PLACE, UploadId, PartNumber, Body }), { lastPart });
      const parts = [pattern(1600), pattern(77)];
      await part(1, parts[0], false);
      await part(1, parts[0], false);
      await assertRefused(() => part(3, parts[1], true), "ERR_S3_MULTIPART", "out of order");
      await part(2, parts[1], true);
      const Parts = [{ PartNumber: 1 }, { PartNumber: 2 }];
      await client.send(
        new CompleteMultipartUploadCommand({ ...PLACE, UploadId, MultipartUpload: { Parts } }),
      );
      const { Body } = await client.send(new GetObjectCommand(PLACE));
      assertEqual(
        await Body.transformToByteArray(),
        Uint8Array.of(...parts[0], ...parts[1]),
        commitmentPolicy,
      );
    }
  },
};

async function bytesOf(stream) {
  const reader = stream.getReader();
  const chunks = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
