import type { ObjectCiphers } from "../crypto/object-ciphers.ts";
import type { ObjectWrap } from "../object/wraps.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { Awaitable, EncryptedDataKey, EncryptionContext } from "../types.ts";

/** What a data key is for. Formats frame and authenticate a wrapped key differently. */
export type Purpose =
  | { readonly kind: "message"; readonly suite: AlgorithmSuite }
  | {
      readonly kind: "object";
      readonly suite: AlgorithmSuite;
      /** Reading: what older ways of wrapping need. Absent: they are not to be opened. */
      readonly legacy?: LegacyUnwrapping | undefined;
    }
  /** A secret that wraps other keys, such as a mailbox key under its organisation's key. */
  | { readonly kind: "key" };

/** The ciphers of older wraps: they come with the request, so that programs without objects leave them out. */
export type LegacyUnwrapping = Pick<ObjectCiphers, "unwrapAes" | "decryptEcb" | "decryptLegacyOaep"> & {
  /** Data keys of AES-CBC objects may be bound to the name of AES-GCM. */
  readonly rewrappedCbc: boolean;
};

/** What every call of a keyring is told. */
export interface KeyringRequest {
  readonly purpose: Purpose;
  /** Bytes of the data key. */
  readonly keyLength: number;
  /** Complete: required-only pairs, the public key of signed suites and reserved pairs are in it. */
  readonly encryptionContext: EncryptionContext;
  readonly signal?: AbortSignal | undefined;
}

/** A request to open one of several encrypted data keys. */
export interface UnwrapRequest extends KeyringRequest {
  /** This keyring made them a moment ago, and is asked to prove that they open. */
  readonly verifying?: boolean | undefined;
  /**
   * Says why an encrypted data key was passed over. `"skipped"`: it is not this keyring's. `"failed"`: it is,
   * and it did not open. A keyring that asks other keyrings names in `keyring` the one that spoke.
   */
  note(
    edk: EncryptedDataKey,
    status: "skipped" | "failed",
    reason: string,
    cause?: unknown,
    keyring?: string,
  ): void;
}

/** A fresh data key, and the same key wrapped. The caller owns `dataKey` and wipes it. */
export interface GeneratedDataKey {
  readonly dataKey: Uint8Array;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
}

/** An opened data key, and which of the encrypted data keys it was. The caller owns `dataKey` and wipes it. */
export interface UnwrappedDataKey {
  readonly dataKey: Uint8Array;
  readonly opened: EncryptedDataKey;
}

/**
 * Wraps and unwraps data keys. Bring your own (a vault, an HSM, another cloud's KMS) by writing an object with
 * `name` and the methods that it can serve: a keyring without `unwrap` only writes, one without `wrap` and
 * `generate` only reads.
 *
 * Signing keys, required context, length checks, wiping and verification are the materials manager's business.
 *
 * @example
 * ```ts
 * const vault: Keyring = {
 *   name: "vault",
 *   async wrap(dataKey, { encryptionContext, signal }) {
 *     const ciphertext = await transitEncrypt(dataKey, encryptionContext, signal);
 *     return [{ providerId: "vault", providerInfo: utf8("orders"), ciphertext }];
 *   },
 *   async unwrap(edks, { encryptionContext, signal, note }) {
 *     for (const edk of edks) {
 *       if (edk.providerId !== "vault") note(edk, "skipped", "not wrapped by Vault");
 *       else return { dataKey: await transitDecrypt(edk.ciphertext, encryptionContext, signal), opened: edk };
 *     }
 *     return null;
 *   },
 * };
 * ```
 */
export interface Keyring {
  /** For errors and events. Not secret. */
  readonly name: string;
  /** How this keyring wraps the data keys of S3 objects. Absent: it cannot write objects. */
  readonly objectWrap?: ObjectWrap;
  /** In S3 objects too its wraps are bound to the encryption context, which the reader has to name. KMS's always are. */
  readonly bindsObjectContext?: boolean;
  /** The alias by which it names the key that it writes with. */
  readonly alias?: string;
  /** Makes a data key and wraps it. Absent: the manager draws random bytes and calls `wrap`. */
  generate?(request: KeyringRequest): Awaitable<GeneratedDataKey>;
  /** Wraps a data key, which it borrows. A failure is fatal: throw. */
  wrap?(dataKey: Uint8Array, request: KeyringRequest): Awaitable<readonly EncryptedDataKey[]>;
  /**
   * Tries its own encrypted data keys in order, notes the others, and answers fresh bytes; or null if none
   * opened. It throws only on abort or misuse.
   */
  unwrap?(edks: readonly EncryptedDataKey[], request: UnwrapRequest): Awaitable<UnwrappedDataKey | null>;
  /** Whether a write of today would use exactly these wrapping keys. Absent: `needsReencryption` is an error. */
  isCurrent?(edks: readonly EncryptedDataKey[], request: KeyringRequest): Awaitable<boolean>;
}
