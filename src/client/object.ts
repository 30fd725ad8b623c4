import { backend } from "#crypto";
import { invalidArgument } from "../arguments.ts";
import { fromUtf8 } from "../bytes/utf8.ts";
import { AlgorithmSuiteError } from "../errors.ts";
import { isObjectEdk } from "../keyrings/purpose.ts";
import type { MaterialsManager } from "../materials/manager.ts";
import { type MaterialsSource, managerOf } from "../materials/source.ts";
import { checkedContext } from "../message/context.ts";
import { openContent, sealContent } from "../object/content.ts";
import { formatMetadata, type ObjectMetadata, parseMetadata } from "../object/metadata.ts";
import { assertObserver, type Observer } from "../observer.ts";
import { deriveKeys, openContentKey } from "../suites/derive.ts";
import { assertMayDecrypt, assertMayEncrypt, type CommitmentPolicy } from "../suites/policy.ts";
import { type AlgorithmSuite, suiteById } from "../suites/table.ts";
import type { EncryptionContext } from "../types.ts";
import { assertNoPairs, assertStoredContext, boundContext, callerPairs } from "./object-context.ts";
import { assertBytes, assertSignal, checkedPolicy } from "./options.ts";
import { tell } from "./tell.ts";

/** Options of {@link sealObject} and {@link openObject}. */
export type ObjectOptions = MaterialsSource & {
  /**
   * Pairs to bind; on reading, exactly the pairs that were bound. Only KMS wrapping binds them: with raw keys naming
   * any is an error.
   */
  readonly encryptionContext?: EncryptionContext;
  /** Default: `"require-encrypt-require-decrypt"`. */
  readonly commitmentPolicy?: CommitmentPolicy;
  readonly signal?: AbortSignal;
  readonly observer?: Observer;
};

/** An S3 Encryption Client object: user metadata (names without `x-amz-meta-`) and body. */
export interface SealedObject {
  readonly metadata: ObjectMetadata;
  readonly body: Uint8Array;
}

/** What {@link openObject} answers. */
export interface OpenedObject {
  readonly plaintext: Uint8Array;
  /** The pairs that the writer bound; empty under raw keys. */
  readonly encryptionContext: EncryptionContext;
}

/** What {@link inspectObject} answers. Nothing of it is verified. */
export interface ObjectFacts {
  readonly format: "V3";
  readonly suite: AlgorithmSuite;
  /** `"kms+context"`, `"AES/GCM"` or `"RSA-OAEP-SHA1"`. */
  readonly wrap: string;
  /** The pairs that the writer bound under KMS; empty under raw keys. */
  readonly encryptionContext: EncryptionContext;
  /** The label of a raw key, not authenticated; empty under KMS. */
  readonly materialsDescription: Readonly<Record<string, string>>;
}

const SUITE = suiteById(0x0073, "object");

/**
 * Seals bytes as an S3 Encryption Client object of format V3, which every official client of version 4 reads. One
 * object has room for one encrypted data key: a KMS key, a raw AES key, or a raw RSA key with `"oaep-sha1"`.
 *
 * @throws `TypeError` if the keyring cannot write objects; `EncryptionContextError` for pairs under a raw key.
 *
 * @example
 * ```ts
 * const { metadata, body } = await sealObject(bytes, { keyring, encryptionContext: { tenant: "t1" } });
 * await s3.send(new PutObjectCommand({ Bucket, Key, Body: body, Metadata: metadata }));
 * ```
 */
export async function sealObject(plaintext: Uint8Array, options: ObjectOptions): Promise<SealedObject> {
  assertBytes(plaintext, "sealObject: the plaintext", "a TextEncoder");
  const { manager, commitmentPolicy, context, signal } = objectConfig("sealObject", options);
  assertMayEncrypt(commitmentPolicy, SUITE);
  const wrap = manager.objectWrap;
  if (wrap === undefined) {
    throw invalidArgument(
      'sealObject: this keyring cannot write S3 objects. They hold one data key: use one KMS key, a raw AES key, or a raw RSA key with "oaep-sha1".',
    );
  }
  if (wrap !== "kms+context") assertNoPairs(context);
  const encryptionContext = wrap === "kms+context" ? boundContext(context, SUITE) : {};
  const materials = await manager.encryptionMaterials({
    suite: SUITE,
    commitmentPolicy,
    encryptionContext,
    plaintextLength: plaintext.length,
    ...signal,
  });
  const { suite, dataKey, encryptedDataKeys } = materials;
  let contentKey: Uint8Array | undefined;
  try {
    assertSameSuite(suite);
    const [edk, ...others] = encryptedDataKeys;
    if (edk === undefined || others.length > 0 || !isObjectEdk(edk, wrap)) {
      throw invalidArgument(`sealObject: the keyring must make one encrypted data key, wrapped as ${wrap}.`);
    }
    const messageId = backend.randomBytes(suite.messageIdLength);
    const derived = deriveKeys(suite, dataKey.bytes, messageId);
    contentKey = derived.contentKey;
    const body = await sealContent(contentKey, suite.id, plaintext);
    tell(options.observer, "encrypted", suite, plaintext.length, body.length);
    const envelope = { suite, messageId, commitment: derived.commitment, edk, encryptionContext };
    return { metadata: formatMetadata(envelope), body };
  } finally {
    contentKey?.fill(0);
    dataKey.release();
  }
}

/**
 * Opens an S3 Encryption Client object of format V3: whole, and verified before any byte is released.
 *
 * @throws `ObjectFormatError` for metadata that is none; `EncryptionContextError` before KMS is asked, unless the
 * pairs are exactly those of the writer; `NoDataKeyError`, `AuthenticationError`.
 *
 * @example
 * ```ts
 * const { plaintext } = await openObject({ metadata, body }, { keyring, encryptionContext: { tenant: "t1" } });
 * ```
 */
export async function openObject(object: SealedObject, options: ObjectOptions): Promise<OpenedObject> {
  assertBytes(object?.body, "openObject: body", "a TextEncoder");
  const { manager, commitmentPolicy, context, signal } = objectConfig("openObject", options);
  const { suite, messageId, commitment, edk, encryptionContext } = parseMetadata(
    checkedMetadata(object.metadata),
  );
  assertMayDecrypt(commitmentPolicy, suite);
  const bound = edk.label === undefined;
  if (bound) assertStoredContext(encryptionContext, context, suite);
  else assertNoPairs(context);
  const materials = await manager.decryptionMaterials({
    suite,
    commitmentPolicy,
    encryptedDataKeys: [edk],
    encryptionContext,
    expectedContext: context,
    ...signal,
  });
  let contentKey: Uint8Array | undefined;
  try {
    assertSameSuite(materials.suite);
    contentKey = openContentKey(suite, materials.dataKey.bytes, messageId, commitment);
    const plaintext = await openContent(contentKey, suite.id, object.body);
    tell(options.observer, "decrypted", suite, plaintext.length, object.body.length);
    return { plaintext, encryptionContext: callerPairs(encryptionContext) };
  } finally {
    contentKey?.fill(0);
    materials.dataKey.release();
  }
}

/**
 * Reads the metadata of an S3 Encryption Client object. Needs no key, and verifies nothing.
 *
 * @throws `ObjectFormatError` if this is not the metadata of a V3 object.
 *
 * @example
 * ```ts
 * const { suite, wrap, encryptionContext } = inspectObject(head.Metadata);
 * ```
 */
export function inspectObject(metadata: ObjectMetadata): ObjectFacts {
  const { suite, edk, encryptionContext } = parseMetadata(checkedMetadata(metadata));
  return {
    format: "V3",
    suite,
    wrap: fromUtf8(edk.providerInfo)!,
    encryptionContext: callerPairs(encryptionContext),
    materialsDescription: edk.label ?? {},
  };
}

function objectConfig(caller: string, options: ObjectOptions) {
  const manager: MaterialsManager = managerOf(caller, options);
  const { signal } = options;
  assertSignal(signal);
  assertObserver(caller, options.observer);
  return {
    manager,
    commitmentPolicy: checkedPolicy(caller, options.commitmentPolicy),
    context: checkedContext(options.encryptionContext),
    signal: signal === undefined ? {} : { signal },
  };
}

function checkedMetadata(metadata: ObjectMetadata): ObjectMetadata {
  if (typeof metadata === "object" && metadata !== null) return metadata;
  throw invalidArgument("metadata must be an object of strings: the user metadata of the S3 object.");
}

function assertSameSuite(suite: AlgorithmSuite): void {
  if (suite !== SUITE)
    throw new AlgorithmSuiteError(suite.id, "The materials manager answered for another suite.");
}
