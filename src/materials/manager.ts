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
  /** The suite to write with. */
  readonly suite: AlgorithmSuite;
  /** The writer's policy. */
  readonly commitmentPolicy: CommitmentPolicy;
  /** The caller's pairs; reserved ones of the format are in it already. */
  readonly encryptionContext: EncryptionContext;
  /** Keys whose pairs are bound but not stored. */
  readonly requiredKeys?: readonly string[] | undefined;
  /** Bytes, where they are known. */
  readonly plaintextLength?: number | undefined;
  /** The caller's. */
  readonly signal?: AbortSignal | undefined;
}

/** What a reader asks a materials manager for. */
export interface DecryptionMaterialsRequest {
  /** The suite of the message or object. */
  readonly suite: AlgorithmSuite;
  /** The reader's policy. */
  readonly commitmentPolicy: CommitmentPolicy;
  /** What the message or object stores, in its order. */
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
  /** The caller's. */
  readonly signal?: AbortSignal | undefined;
}

/** What it takes to seal. A manager around another one passes it on as it is: the data key in it is the writer's. */
export interface EncryptionMaterials {
  /** As asked for. */
  readonly suite: AlgorithmSuite;
  /** @internal The writer holds it, and releases it once. */
  readonly dataKey: Secret;
  /** The data key, wrapped by each wrapping key. */
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** Complete: required pairs and the public key of signed suites are in it. */
  readonly encryptionContext: EncryptionContext;
  /** Keys of the pairs that are bound but not stored. */
  readonly requiredKeys: readonly string[];
  /** @internal */
  readonly signingKey: SigningKey | undefined;
  /** Hears of plaintext sealed under the key, where the request did not say how much it would be. */
  readonly countBytes?: ((bytes: number) => void) | undefined;
  /** @internal For messages: context and keys as the header has them, serialised once for all that share the key. */
  readonly serialized: (SerializedContext & { readonly edks: Uint8Array }) | null;
}

/** What it takes to open one message or object. A manager around another one passes it on as it is. */
export interface DecryptionMaterials {
  /** As asked for. */
  readonly suite: AlgorithmSuite;
  /** @internal The reader holds it, and releases it once. */
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
  /** The suite that both have. */
  readonly suite: AlgorithmSuite;
  /** The stored ones. */
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** The stored pairs. */
  readonly encryptionContext: EncryptionContext;
  /** The caller's. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where cryptographic materials come from (framework/cmm-interface). Clients talk to managers, and managers to
 * keyrings; managers wrap one another: required context around a cache around the default one. One of your own wraps one
 * of keyfold's: it looks at requests, or alters them, and passes on what is answered.
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
  /** What it takes to seal. The caller holds the data key in it and releases it once. */
  encryptionMaterials(request: EncryptionMaterialsRequest): Awaitable<EncryptionMaterials>;
  /** What it takes to open. The caller holds the data key in it and releases it once. */
  decryptionMaterials(request: DecryptionMaterialsRequest): Awaitable<DecryptionMaterials>;
  /** Whether a write of today would use these data keys' wrapping keys. */
  isCurrent(request: CurrentKeysRequest): Awaitable<boolean>;
}
