import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  type CopyObjectCommandOutput,
  type GetObjectCommandInput,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { invalidArgument } from "../arguments.ts";
import { S3ObjectError } from "../errors.ts";
import { isEncryptionName } from "../object/names.ts";
import type { DecryptedReply } from "./decrypted-reply.ts";
import { getObject } from "./get.ts";
import type { S3CallOptions, S3Config } from "./options.ts";
import { inPlace, placeOf, type S3Place } from "./place.ts";
import { call } from "./port.ts";
import { uploadObject } from "./upload.ts";

/**
 * Copies an object. As it is, where objects are not bound to their place; else its plaintext is sealed anew, if the
 * caller says so.
 */
export async function copyObject(
  config: S3Config,
  input: CopyObjectCommandInput,
  options: S3CallOptions,
): Promise<CopyObjectCommandOutput> {
  if (options.reencrypt === true) return reencryptedCopy(config, input, options);
  if (config.bindTo === "none") {
    assertKeepsEnvelope(input);
    return call(config.client, new CopyObjectCommand(input), options.abortSignal);
  }
  throw new S3ObjectError(
    "ERR_S3_COPY",
    `The client binds objects to their place (bindTo "${config.bindTo}"), so that a copy would not open. Send the command with { reencrypt: true } to open the source and seal it anew.`,
  );
}

/** New metadata takes the place of all of the old: of the data key, too. */
function assertKeepsEnvelope({ MetadataDirective, Metadata = {} }: CopyObjectCommandInput): void {
  if (MetadataDirective !== "REPLACE" || Object.keys(Metadata).some(isEncryptionName)) return;
  throw new S3ObjectError(
    "ERR_S3_COPY",
    "MetadataDirective REPLACE would leave the copy without its data key, for ever. Send the command with { reencrypt: true } to seal it anew under the new metadata; an object that is not encrypted, or whose envelope lies in an instruction file, by the S3 client itself.",
  );
}

async function reencryptedCopy(
  config: S3Config,
  input: CopyObjectCommandInput,
  options: S3CallOptions,
): Promise<CopyObjectCommandOutput> {
  const source = sourcePlace(input.CopySource);
  const get: GetObjectCommandInput = {
    Bucket: source.bucket,
    Key: source.key,
    VersionId: source.versionId,
    IfMatch: input.CopySourceIfMatch,
    IfNoneMatch: input.CopySourceIfNoneMatch,
    IfModifiedSince: input.CopySourceIfModifiedSince,
    IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
    SSECustomerKey: input.CopySourceSSECustomerKey,
    SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
    ExpectedBucketOwner: input.ExpectedSourceBucketOwner,
    RequestPayer: input.RequestPayer,
  };
  // A large object is read before it is verified: if it is not authentic the upload ends in an error, and stores nothing.
  const opened = await inPlace(source, () => getObject(config, source, get, options, true));
  const { Body, ContentLength } = opened;
  const put = { ...putInput(input, opened), Body, ContentLength } as PutObjectCommandInput;
  const { encryptionContext, abortSignal: signal } = options;
  const stored = await uploadObject(config, put, { encryptionContext, signal });
  const { $metadata, ETag, VersionId, ServerSideEncryption, SSEKMSKeyId, Expiration } = stored;
  return {
    $metadata,
    VersionId,
    ServerSideEncryption,
    SSEKMSKeyId,
    Expiration,
    CopySourceVersionId: opened.VersionId,
    CopyObjectResult: { ETag },
  };
}

/** What the new object is put with: named by the request, or, unless it replaces them, the source's own headers. */
function putInput(input: CopyObjectCommandInput, source: DecryptedReply): PutObjectCommandInput {
  const named = Object.fromEntries(
    Object.entries(input).filter(
      ([name]) => !/^(CopySource|ExpectedSource|MetadataDirective|TaggingDirective)/.test(name),
    ),
  ) as unknown as PutObjectCommandInput;
  if (input.MetadataDirective === "REPLACE") return named;
  const {
    CacheControl,
    ContentDisposition,
    ContentEncoding,
    ContentLanguage,
    ContentType,
    Expires,
    Metadata,
  } = source;
  return {
    ...named,
    CacheControl,
    ContentDisposition,
    ContentEncoding,
    ContentLanguage,
    ContentType,
    Expires,
    Metadata,
  };
}

/** `bucket/key`, encoded as in a URL, and perhaps a version. */
function sourcePlace(source: string | undefined): S3Place & { readonly versionId: string | undefined } {
  const [, path, versionId] = /^([^?]+)(?:\?versionId=(.+))?$/.exec(source ?? "") ?? [];
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decoded(path ?? "")) ?? [];
  if (bucket === undefined || bucket.startsWith("arn:")) {
    throw invalidArgument('CopyObject: CopySource must be "bucket/key", encoded as in a URL.');
  }
  return { ...placeOf("CopyObject", { Bucket: bucket, Key: key }), versionId };
}

/** Empty: no encoding. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}
