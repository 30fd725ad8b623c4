import { invalidArgument } from "../arguments.ts";
import { checkedContext } from "../message/context.ts";
import { openContent, sealContent } from "../object/content.ts";
import type { ObjectEnvelope, ObjectFormat, ObjectMetadata } from "../object/envelope.ts";
import { parseMetadata } from "../object/metadata.ts";
import type { LegacyObjectWrap, ObjectWrap } from "../object/wraps.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { EncryptionContext } from "../types.ts";
import { beginObject } from "./begin-object.ts";
import { callerPairs } from "./object-context.ts";
import { type ObjectOptions, objectConfig } from "./object-options.ts";
import { assertBytes, assertSignal } from "./options.ts";
import { tell } from "./tell.ts";
import { unlockObject } from "./unlock-object.ts";

/** An S3 Encryption Client object: user metadata (names without `x-amz-meta-`) and body. */
export interface SealedObject {
  /** The envelope: what it takes to open the body, but for the wrapping key. */
  readonly metadata: ObjectMetadata;
  /** Ciphertext and tag. */
  readonly body: Uint8Array;
}

/** What {@link openObject} takes: an object, with its instruction file where the envelope lies in one. */
export interface StoredObject extends SealedObject {
  /** The JSON object that is the file's body, parsed. Default: none. */
  readonly instructionFile?: ObjectMetadata;
}

/** What {@link openObject} answers. */
export interface OpenedObject {
  /** Verified to the last byte; not so AES-CBC, under `legacy`. */
  readonly plaintext: Uint8Array;
  /** The pairs that the writer bound; empty under raw keys. */
  readonly encryptionContext: EncryptionContext;
}

/** What {@link inspectObject} answers. Nothing of it is verified. */
export interface ObjectFacts {
  /** The layout of the metadata. */
  readonly format: ObjectFormat;
  /** The algorithm suite of the content. */
  readonly suite: AlgorithmSuite;
  /** How the data key is wrapped. `"AES"` and `"RSA"` are implied by format V1. */
  readonly wrap: ObjectWrap | LegacyObjectWrap;
  /** The pairs that the writer bound under KMS; empty under raw keys. */
  readonly encryptionContext: EncryptionContext;
  /** The label of a raw key, not authenticated; empty under KMS. */
  readonly materialsDescription: Readonly<Record<string, string>>;
}

/**
 * Seals bytes as an S3 Encryption Client object of format V3, which every official client of version 4 reads; or of V2,
 * where the policy forbids commitment. One object has room for one encrypted data key: a KMS key, a raw AES key, a raw
 * RSA key with `"oaep-sha1"`, or a symmetric mailbox.
 *
 * @throws `TypeError` if the keyring cannot write objects; `EncryptionContextError` for pairs under a raw key;
 * `LimitError` over 64 GiB; `KeyringError`, and what the keyring throws, such as `KmsError`.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
 * import { sealObject } from "keyfold";
 * import { kmsKeyring } from "keyfold/kms";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const keyring = kmsKeyring({ client: new KMSClient({}), keyId });
 * const { metadata, body } = await sealObject(new Uint8Array(8), { keyring, encryptionContext: { tenant: "t1" } });
 * const place = { Bucket: "orders", Key: "sealed" };
 * await new S3Client({}).send(new PutObjectCommand({ ...place, Body: body, Metadata: metadata }));
 * ```
 */
export async function sealObject(plaintext: Uint8Array, options: ObjectOptions): Promise<SealedObject> {
  assertBytes(plaintext, "sealObject: the plaintext", "a TextEncoder");
  const config = objectConfig("sealObject", options);
  const { suite, metadata, content, close } = await beginObject(config, {
    ...callOf(options),
    plaintextLength: plaintext.length,
  });
  try {
    const body = await sealContent(content, plaintext);
    tell(config.observer, "encrypted", suite, plaintext.length, body.length);
    return { metadata, body };
  } finally {
    close();
  }
}

/**
 * Opens an S3 Encryption Client object: whole, and verified before any byte is released. Formats V1 and V2 open under a
 * policy that allows them, and what older writers made under `legacy` options.
 *
 * @throws `ObjectFormatError` for metadata that is none; `CommitmentPolicyError`, and `S3ObjectError` with
 * `ERR_S3_LEGACY`, which name the option that reads it; `EncryptionContextError` before KMS is asked, unless the pairs are
 * exactly those of the writer; `NoDataKeyError`, `TruncatedError`, `AuthenticationError`.
 *
 * @example
 * ```ts
 * import { openObject, rawAesKeyring, sealObject } from "keyfold";
 *
 * const keyring = rawAesKeyring({ namespace: "s3", name: "k1", key: crypto.getRandomValues(new Uint8Array(32)) });
 * const { metadata, body } = await sealObject(new TextEncoder().encode("42 pears"), { keyring });
 * const { plaintext } = await openObject({ metadata, body }, { keyring });
 * ```
 */
export async function openObject(object: StoredObject, options: ObjectOptions): Promise<OpenedObject> {
  assertBytes(object?.body, "openObject: body", "a TextEncoder");
  const config = objectConfig("openObject", options);
  const envelope = parseMetadata(checkedMetadata(object.metadata), checkedFile(object.instructionFile));
  const { content, encryptionContext, close } = await unlockObject(config, envelope, callOf(options));
  try {
    const plaintext = await openContent(content, object.body);
    tell(config.observer, "decrypted", envelope.suite, plaintext.length, object.body.length);
    return { plaintext, encryptionContext };
  } finally {
    close();
  }
}

/**
 * Reads the metadata of an S3 Encryption Client object, and of its instruction file where it has one. Needs no key, and
 * verifies nothing.
 *
 * @throws `ObjectFormatError` if this is not the metadata of such an object; `AlgorithmSuiteError`.
 *
 * @example
 * ```ts
 * import { inspectObject, rawAesKeyring, sealObject } from "keyfold";
 *
 * const keyring = rawAesKeyring({ namespace: "s3", name: "k1", key: crypto.getRandomValues(new Uint8Array(32)) });
 * const { metadata } = await sealObject(new Uint8Array(8), { keyring });
 * const { format, suite, wrap } = inspectObject(metadata); // of GetObject and HeadObject: Metadata
 * console.log(format, suite.name, wrap); // V3 ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY AES/GCM
 * ```
 */
export function inspectObject(metadata: ObjectMetadata, instructionFile?: ObjectMetadata): ObjectFacts {
  return objectFacts(parseMetadata(checkedMetadata(metadata), checkedFile(instructionFile)));
}

/** What an envelope says, as callers see it. */
export function objectFacts({ format, suite, wrap, edk, encryptionContext }: ObjectEnvelope): ObjectFacts {
  return {
    format,
    suite,
    wrap,
    encryptionContext: callerPairs(encryptionContext),
    materialsDescription: edk.label ?? {},
  };
}

function callOf({ encryptionContext, signal }: ObjectOptions) {
  assertSignal(signal);
  return { encryptionContext: checkedContext(encryptionContext), signal };
}

function checkedMetadata(metadata: ObjectMetadata): ObjectMetadata {
  if (typeof metadata === "object" && metadata !== null) return metadata;
  throw invalidArgument("metadata must be an object of strings: the user metadata of the S3 object.");
}

function checkedFile(file: ObjectMetadata | undefined): ObjectMetadata | undefined {
  if (file === undefined || (typeof file === "object" && file !== null && !ArrayBuffer.isView(file)))
    return file;
  throw invalidArgument("instructionFile must be an object of strings: the parsed JSON of the file's body.");
}
