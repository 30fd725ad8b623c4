import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { backend } from "#crypto";
import { invalidArgument, optionsOf } from "../arguments.ts";
import { asUuid4, formatUuid } from "../bytes/uuid.ts";
import type { S3EncryptionClient } from "./client.ts";

/** Options of {@link s3Offload}. */
export interface S3OffloadOptions {
  /** Seals what it stores. */
  readonly s3: S3EncryptionClient;
  /** The bucket's name. */
  readonly bucket: string;
  /** Of the objects' keys. Default: `"payloads/"`. A lifecycle rule on it removes what nobody needs any more. */
  readonly prefix?: string;
}

/** Payloads in S3, sealed by an S3 encryption client. */
export interface S3Offload {
  /** Keeps a payload, and answers where it is: `bucket/key`. */
  put(payload: Uint8Array, options: { readonly signal: AbortSignal | undefined }): Promise<string>;
  /** Fetches and opens what `put` kept. `TypeError` for a reference to anything else. */
  get(reference: string, options: { readonly signal: AbortSignal | undefined }): Promise<Uint8Array>;
  /** Deletes a payload, once its message is done. */
  remove(reference: string): Promise<void>;
}

/**
 * Keeps payloads that are too long for a queue as objects of an S3 encryption client: for `offload` of `keyfold/sqs`.
 *
 * @throws `TypeError` for options that do not fit. At use: what the S3 encryption client throws.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { S3Client } from "@aws-sdk/client-s3";
 * import { SQSClient } from "@aws-sdk/client-sqs";
 * import { kmsKeyring } from "keyfold/kms";
 * import { createS3EncryptionClient, s3Offload } from "keyfold/s3";
 * import { createSqsEncryptionClient } from "keyfold/sqs";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const keyring = kmsKeyring({ client: new KMSClient({}), keyId });
 * const s3 = createS3EncryptionClient({ client: new S3Client({}), keyring });
 * const offload = s3Offload({ s3, bucket: "orders" });
 * const sqs = createSqsEncryptionClient({ client: new SQSClient({}), keyring, offload });
 * ```
 */
export function s3Offload(options: S3OffloadOptions): S3Offload {
  const { s3, bucket: Bucket, prefix = "payloads/" } = optionsOf("s3Offload", options);
  if (typeof s3?.send !== "function" || typeof Bucket !== "string" || Bucket === "") {
    throw invalidArgument("s3Offload: s3 must be an S3 encryption client, and bucket a name.");
  }
  // A message may name any object: only those that were put here are fetched.
  const keyOf = (reference: string): string => {
    if (typeof reference === "string" && reference.startsWith(`${Bucket}/${prefix}`)) {
      return reference.slice(Bucket.length + 1);
    }
    throw invalidArgument(`s3Offload: the payload lies elsewhere than in ${Bucket}/${prefix}.`);
  };
  const callOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal });
  return {
    async put(payload, { signal }) {
      const Key = prefix + formatUuid(asUuid4(backend.randomBytes(16)));
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: payload }), callOf(signal));
      return `${Bucket}/${Key}`;
    },
    async get(reference, { signal }) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: keyOf(reference) }), callOf(signal));
      return Body!.transformToByteArray();
    },
    async remove(reference) {
      await s3.send(new DeleteObjectCommand({ Bucket, Key: keyOf(reference) }));
    },
  };
}
