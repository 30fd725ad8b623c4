// Type tests against the genuine AWS SDK: its S3 clients fit, and replies have the types of its commands.
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type PutObjectCommandOutput,
  S3,
  S3Client,
} from "@aws-sdk/client-s3";
import type { Keyring } from "../../src/index.ts";
import { createS3EncryptionClient, type ObjectEncryption, type S3ClientPort } from "../../src/s3/index.ts";
import { type Equal, expectType } from "./expect.js";

declare const keyring: Keyring;

export const ports: S3ClientPort[] = [new S3Client({}), new S3({})];

export async function commands(): Promise<void> {
  const s3 = createS3EncryptionClient({ client: new S3Client({}), keyring, bindTo: "object" });
  const place = { Bucket: "b", Key: "k" };
  const options = { encryptionContext: { tenant: "t1" }, abortSignal: AbortSignal.timeout(1000) };
  const put: PutObjectCommandOutput = await s3.send(new PutObjectCommand({ ...place, Body: "x" }), options);
  const got: GetObjectCommandOutput = await s3.send(new GetObjectCommand(place), options);
  const head: HeadObjectCommandOutput = await s3.send(new HeadObjectCommand(place));
  const list: ListObjectsV2CommandOutput = await s3.send(new ListObjectsV2Command({ Bucket: "b" }));
  void [put, got, head, list];

  const { encryption, Body } = await s3.send(new GetObjectCommand(place));
  expectType<Equal<typeof encryption, ObjectEncryption | undefined>>();
  const text: string | undefined = await Body?.transformToString();
  void text;
  await s3.upload({ ...place, Body: new ReadableStream() }, { onProgress: ({ loaded }) => loaded.toFixed() });

  // @ts-expect-error Not a command.
  await s3.send({ Bucket: "b" });
  // @ts-expect-error The context is of strings.
  await s3.send(new GetObjectCommand(place), { encryptionContext: { tenant: 1 } });
}

// @ts-expect-error The class is not a client.
createS3EncryptionClient({ client: S3Client, keyring });
// @ts-expect-error A client alone has no keys.
createS3EncryptionClient({ client: new S3Client({}) });
createS3EncryptionClient({
  client: new S3Client({}),
  keyring,
  // @ts-expect-error Bound to nothing else.
  bindTo: "region",
});
