// A local S3, encryption clients of it, and what their writing and reading has left behind.
import type { Readable } from "node:stream";
import { type PutObjectCommandInput, type S3Client, UploadPartCommand } from "@aws-sdk/client-s3";
import { onTestFinished, vi } from "vitest";
import { objectCiphers } from "#crypto";
import { kmsKeyring } from "../../src/kms/index.ts";
import { createS3EncryptionClient, type S3EncryptionClientOptions } from "../../src/s3/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import {
  aesObjectKey,
  type Metadata,
  readKmsObject,
  readObject,
  type WrittenObject,
  writeObject,
} from "../support/independent-object.ts";
import { aesGcmV2, kmsContextV2, readObjectV2, writeObjectV2 } from "../support/independent-object-v2.ts";
import { aes, KEY } from "../support/keyrings.ts";
import { kmsByHand } from "../support/kms-by-hand.ts";
import { startS3 } from "../support/s3.ts";

export const Bucket = "b";
export const MIB = 1024 * 1024;

export const V2 = "forbid-encrypt-allow-decrypt";

/** A local S3 for one test. */
export async function localS3() {
  const s3 = await startS3(Bucket);
  onTestFinished(() => s3.close());
  return s3;
}

export type Rig = Awaited<ReturnType<typeof localS3>>;

/** A local S3 for one test, and an encryption client of it, by a raw AES key unless the options say otherwise. */
export async function rig(options: Partial<S3EncryptionClientOptions> = {}) {
  const s3 = await localS3();
  return { s3, client: encrypting(s3.client, options) };
}

export function encrypting(client: S3Client, options: Partial<S3EncryptionClientOptions> = {}) {
  return createS3EncryptionClient({ client, keyring: aes(), ...options } as S3EncryptionClientOptions);
}

const kms = createLocalKms();
const kmsKey = kms.createKey().arn;
const byHand = kmsByHand(kms.client, kmsKey);

/** A format and a wrap: what the client is told, and somebody else's reader and writer of it. */
export interface Side {
  readonly name: string;
  readonly options: Partial<S3EncryptionClientOptions>;
  read(metadata: Metadata, body: Uint8Array): Promise<Uint8Array>;
}

const byKms = { keyring: kmsKeyring({ client: kms.client, keyId: kmsKey }) };
export const SIDES: readonly Side[] = [
  {
    name: "V3 by a raw AES key",
    options: {},
    read: async (metadata, body) => readObject(metadata, body, aesObjectKey(KEY)),
  },
  {
    name: "V2 by a raw AES key",
    options: { commitmentPolicy: V2 },
    read: (metadata, body) => readObjectV2(metadata, body, aesGcmV2(KEY)),
  },
  {
    name: "V3 by KMS",
    options: byKms,
    read: async (metadata, body) => (await readKmsObject(metadata, body, byHand)).plaintext,
  },
  {
    name: "V2 by KMS",
    options: { ...byKms, commitmentPolicy: V2 },
    read: (metadata, body) => readObjectV2(metadata, body, kmsContextV2(byHand)),
  },
];

/** What lies under a key, opened by somebody else: V3 by a raw AES key. */
export async function opened(s3: Rig, key: string, side: Side = SIDES[0]!): Promise<Uint8Array> {
  const { metadata, body } = (await s3.object(Bucket, key))!;
  return side.read(metadata, body);
}

/** Puts an object that somebody else wrote, by a raw AES key. */
export async function putV3(s3: Rig, key: string, plaintext: Uint8Array): Promise<WrittenObject> {
  const object = writeObject(plaintext, aesObjectKey(KEY));
  await s3.put(Bucket, key, object.body, object.metadata);
  return object;
}

export async function putV2(s3: Rig, key: string, plaintext: Uint8Array): Promise<WrittenObject> {
  const object = await writeObjectV2(plaintext, aesGcmV2(KEY));
  await s3.put(Bucket, key, object.body, object.metadata);
  return object;
}

export const same = (one: Uint8Array, two: Uint8Array) => Buffer.compare(one, two) === 0;

/** The content keys of all objects that are sealed or opened in pieces from now on: themselves, not copies. */
export function contentKeys(): Uint8Array[] {
  const keys = new Set<Uint8Array>();
  const seen: Uint8Array[] = [];
  for (const name of ["gcmEncryptor", "gcmDecryptor", "ctr", "cbcDecryptor"] as const) {
    const make = objectCiphers[name] as (key: Uint8Array, ...rest: Uint8Array[]) => never;
    const spy = vi.spyOn(objectCiphers, name).mockImplementation((key: Uint8Array, ...rest: Uint8Array[]) => {
      if (!keys.has(key)) seen.push(key);
      keys.add(key);
      return make(key, ...rest);
    });
    onTestFinished(() => spy.mockRestore());
  }
  return seen;
}

export const isWiped = (key: Uint8Array) => key.every((byte) => byte === 0);

/** Promises that were rejected, and nobody heard it. */
export function unheard(): unknown[] {
  const reasons: unknown[] = [];
  const hear = (reason: unknown) => reasons.push(reason);
  process.on("unhandledRejection", hear);
  onTestFinished(() => void process.off("unhandledRejection", hear));
  return reasons;
}

/** Lets whatever is due happen. */
export const settle = (ms = 20) => new Promise<void>((done) => setTimeout(done, ms));

/** All that a reply's body holds. */
export async function bytesOf(body: unknown): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as Readable) chunks.push(chunk as Uint8Array);
  return new Uint8Array(Buffer.concat(chunks));
}

/** The same bytes in pieces of this length. */
export function* inPieces(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

export type Body = PutObjectCommandInput["Body"];

/** The upload of one part. */
export const part = (Key: string, UploadId: string, PartNumber: number, Body: Body) =>
  new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: Body as never });
