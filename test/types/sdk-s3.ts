// Type tests against the genuine AWS SDK: its S3 clients fit, and each command answers what it answers there.
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type PutObjectCommandOutput,
  S3,
  S3Client,
} from "@aws-sdk/client-s3";
import { rawAesKeyring } from "../../src/index.ts";
import {
  createS3EncryptionClient,
  type ObjectEncryption,
  type S3ClientPort,
  type S3EncryptionClient,
  type UploadProgress,
} from "../../src/s3/index.ts";
import { openMail, sealMail } from "../../src/ses/index.ts";
import { type Equal, expectType } from "./expect.js";

declare const key: Uint8Array;
declare const kms: { send(command: object): Promise<object> };
const keyring = rawAesKeyring({ namespace: "n", name: "k", key });
const place = { Bucket: "b", Key: "k" };

export const ports: S3ClientPort[] = [new S3Client({}), new S3({})];
export const s3: S3EncryptionClient = createS3EncryptionClient({ client: new S3Client({}), keyring });

export async function replies(): Promise<void> {
  const put: PutObjectCommandOutput = await s3.send(new PutObjectCommand({ ...place, Body: "42 pears" }));
  const list: ListObjectsV2CommandOutput = await s3.send(new ListObjectsV2Command({ Bucket: "b" }));
  const got = await s3.send(new GetObjectCommand(place), { encryptionContext: { tenant: "t1" } });
  const same: GetObjectCommandOutput = got;
  expectType<Equal<typeof got.encryption, ObjectEncryption | undefined>>();
  const text: string | undefined = await got.Body?.transformToString();
  const { encryption } = await s3.send(new HeadObjectCommand(place));
  expectType<Equal<NonNullable<typeof encryption>["format"], "V1" | "V2" | "V3">>();
  const onProgress = ({ loaded, total }: UploadProgress) => [loaded, total];
  const { ETag } = await s3.upload({ ...place, Body: new Uint8Array(1) }, { onProgress });
  void [put, list, same, text, ETag];
}

openMail({ s3: new S3Client({}), kms, bucket: "b", key: "k", sourceAccount: "111122223333" });

// @ts-expect-error The class is not a client.
createS3EncryptionClient({ client: S3Client, keyring });
// @ts-expect-error Either a keyring or a manager.
createS3EncryptionClient({ client: new S3Client({}) });
// @ts-expect-error Binding is to one of two things.
createS3EncryptionClient({ client: new S3Client({}), keyring, bindTo: "key" });
// @ts-expect-error A command is sent, and no plain input.
s3.send({ Bucket: "b", Key: "k" });
// @ts-expect-error Mail is what SES received: bytes.
sealMail({ s3: new S3Client({}), kms, bucket: "b", key: "k", mime: "Subject: pears" });
