import type { Secret } from "../cache/secret.ts";
import type { SigningKey } from "../crypto/backend.ts";
import type { LegacyUnwrapping } from "../keyrings/keyring.ts";
import type { ObjectWrap } from "../object/wraps.ts";
import type { CommitmentPolicy } from "../suites/policy.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { Awaitable, EncryptedDataKey, EncryptionContext } from "../types.ts";
import type { SerializedContext } from "./message-parts.ts";

/** What a writer asks a materials manager for. */
export interface EncryptionMaterialsRequest {
  readonly suite: AlgorithmSuite;
  readonly commitmentPolicy: CommitmentPolicy;
  /** The caller's pairs; reserved ones of the format are in it already. */
  readonly encryptionContext: EncryptionContext;
  /** Keys whose pairs are bound but not stored. */
  readonly requiredKeys?: readonly string[] | undefined;
  /** Bytes, where they are known. */
  readonly plaintextLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a reader asks a materials manager for. */
export interface DecryptionMaterialsRequest {
  readonly suite: AlgorithmSuite;
  readonly commitmentPolicy: CommitmentPolicy;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** The pairs that the message or object stores. */
  readonly encryptionContext: EncryptionContext;
  /** The pairs that the caller expects. */
  readonly expectedContext: EncryptionContext;
  /** Keys whose pairs come from the caller's expectation where they are not stored. */
  readonly requiredKeys?: readonly string[] | undefined;
  /** The keys were made a moment ago by this manager, which proves that they open. */
  readonly verifying?: boolean | undefined;
  /** S3 objects: what older wraps need. Absent: they are not to be opened. */
  readonly legacy?: LegacyUnwrapping | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What it takes to seal: the data key, and the same key wrapped. The writer holds `dataKey` and releases it once. */
export interface EncryptionMaterials {
  readonly suite: AlgorithmSuite;
  readonly dataKey: Secret;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** Complete: required pairs and the public key of signed suites are in it. */
  readonly encryptionContext: EncryptionContext;
  /** Keys of the pairs that are bound but not stored. */
  readonly requiredKeys: readonly string[];
  readonly signingKey: SigningKey | undefined;
  /** Hears of plaintext sealed under the key, where the request did not say how much it would be. */
  readonly countBytes?: ((bytes: number) => void) | undefined;
  /** For messages: context and keys as the header has them, serialised once for all messages that share the key. */
  readonly serialized: (SerializedContext & { readonly edks: Uint8Array }) | null;
}

/** What it takes to open one message or object. The reader holds `dataKey` and releases it once. */
export interface DecryptionMaterials {
  readonly suite: AlgorithmSuite;
  readonly dataKey: Secret;
  /** Complete: what is stored, and required pairs that are not. */
  readonly encryptionContext: EncryptionContext;
  /** Keys of the pairs that are bound but not stored. */
  readonly requiredKeys: readonly string[];
  /** The encrypted data key that opened. */
  readonly opened: EncryptedDataKey;
}

/** A question whether stored data keys are the ones that a write of today would use. */
export interface CurrentKeysRequest {
  readonly suite: AlgorithmSuite;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  readonly encryptionContext: EncryptionContext;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where cryptographic materials come from (framework/cmm-interface). Clients talk to managers, and managers to
 * keyrings; managers wrap one another: required context around a cache around the default one.
 */
export interface MaterialsManager {
  /** How objects' data keys are wrapped; undefined: this manager cannot write objects. */
  readonly objectWrap: ObjectWrap | undefined;
  /** S3 objects of raw wraps too are bound to the encryption context. */
  readonly bindsObjectContext?: boolean | undefined;
  /** The alias of the key that it writes with, if it is named so. */
  readonly alias?: string | undefined;
  /** It reuses data keys for a while. */
  readonly reusesDataKeys?: boolean | undefined;
  /** The caller holds the materials' data key and releases it once. */
  encryptionMaterials(request: EncryptionMaterialsRequest): Awaitable<EncryptionMaterials>;
  decryptionMaterials(request: DecryptionMaterialsRequest): Awaitable<DecryptionMaterials>;
  isCurrent(request: CurrentKeysRequest): Awaitable<boolean>;
}
