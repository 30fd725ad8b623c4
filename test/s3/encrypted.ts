// A local S3 and a local KMS, and the encryption client between them.
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { expect, onTestFinished } from "vitest";
import { type ErrorCode, isKeyfoldError, type KeyfoldEvent, type Keyring } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { createS3EncryptionClient, type S3CallOptions } from "../../src/s3/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { ARN_A, STANDARD_KEYS } from "../kms/helpers.ts";
import { failure } from "../support/failure.ts";
import { readKmsObject, type WrittenObject } from "../support/independent-object.ts";
import { kmsByHand } from "../support/kms-by-hand.ts";
import { s3Client, startS3 } from "../support/s3.ts";

export type Options = Parameters<typeof createS3EncryptionClient>[0];
export type Client = ReturnType<typeof createS3EncryptionClient>;
type More = Partial<Omit<Options, "keyring" | "materialsManager">> & {
  keyring?: Keyring;
  materialsManager?: NonNullable<Options["materialsManager"]>;
};

export const Bucket = "b";
export const OTHER = "other";

/** Everything in one hand; `client()` is an encryption client under a KMS key, unless its options say otherwise. */
export async function start() {
  const s3 = await startS3(Bucket, OTHER);
  const kms = createLocalKms({ keys: STANDARD_KEYS });
  const keyring = kmsKeyring({ client: kms.client, keyId: ARN_A });
  const byHand = kmsByHand(kms.client, ARN_A);
  const events: KeyfoldEvent[] = [];
  const observer = (event: KeyfoldEvent) => void events.push(event);

  const client = (more: More = {}): Client => {
    const keys = more.materialsManager === undefined && { keyring };
    return createS3EncryptionClient({ client: s3.client, observer, ...keys, ...more } as Options);
  };
  const stored = async (key: string, bucket = Bucket) => {
    const object = await s3.object(bucket, key);
    if (object === undefined) throw new Error(`${bucket}/${key} is not there`);
    return object;
  };
  /** What lies in the bucket, opened by somebody else. */
  const opened = async (key: string, bucket = Bucket) => {
    const { metadata, body } = await stored(key, bucket);
    return readKmsObject(metadata, body, byHand);
  };
  const place = (key: string, { metadata, body }: WrittenObject, bucket = Bucket) =>
    s3.put(bucket, key, body, metadata);
  /** Empties the logs of S3, KMS and the observer. */
  const forget = () => {
    s3.requests.length = 0;
    kms.clearEvents();
    events.length = 0;
  };
  return { s3, kms, keyring, byHand, events, client, stored, opened, place, forget };
}

/** A genuine client that is not told how long bodies are, as by a server that sends them in chunks. */
export function withoutLength({ s3 }: Pick<Started, "s3">): S3Client {
  const client = s3Client(s3.url);
  onTestFinished(() => client.destroy());
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      Object.assign(result.output, { ContentLength: undefined });
      return result;
    },
    { step: "initialize" },
  );
  return client;
}

export type Started = Awaited<ReturnType<typeof start>>;

export const put = (client: Client, Key: string, Body: unknown, more: object = {}, options?: S3CallOptions) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: Body as string, ...more }), options);

export const get = (client: Client, Key: string, more: object = {}, options?: S3CallOptions) =>
  client.send(new GetObjectCommand({ Bucket, Key, ...more }), options);

export const head = (client: Client, Key: string, more: object = {}, options?: S3CallOptions) =>
  client.send(new HeadObjectCommand({ Bucket, Key, ...more }), options);

/** The plaintext of an object. */
export async function read(client: Client, key: string, more: object = {}, options?: S3CallOptions) {
  const { Body } = await get(client, key, more, options);
  return Body!.transformToByteArray();
}

/** The error of something that keyfold refuses about one object: typed, and naming it. */
export async function refused(act: Promise<unknown>, code: ErrorCode, key: string, bucket = Bucket) {
  const error = await failure(act, code);
  expect(isKeyfoldError(error)).toBe(true);
  expect(error).toMatchObject({ object: { bucket, key } });
  expect(error.message.startsWith(`s3://${bucket}/${key}: `), error.message).toBe(true);
  return error;
}

/** An error of misuse, which is a `TypeError`. */
export async function misused(act: Promise<unknown> | (() => unknown), text: RegExp) {
  const error = await failure(act, "ERR_INVALID_ARGUMENT");
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toMatch(text);
}
