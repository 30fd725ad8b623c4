import type { RsaPrivateKey } from "../crypto/backend.ts";
import type { ObjectWrap } from "../object/wraps.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { Awaitable, EncryptedDataKey, EncryptionContext } from "../types.ts";

/** What a data key is for. Formats frame and authenticate a wrapped key differently. */
export type Purpose =
  /** An AWS Encryption SDK message. */
  | {
      /** Tells the three apart. */
      readonly kind: "message";
      /** The suite of the message. */
      readonly suite: AlgorithmSuite;
    }
  /** An S3 Encryption Client object. */
  | {
      /** Tells the three apart. */
      readonly kind: "object";
      /** The suite of the content. */
      readonly suite: AlgorithmSuite;
      /** Reading: what older ways of wrapping need. Absent: they are not to be opened. */
      readonly legacy?: LegacyUnwrapping | undefined;
    }
  /** A secret that wraps other keys, such as a mailbox key under its organisation's key. */
  | {
      /** Tells the three apart. */
      readonly kind: "key";
    };

/** The ciphers of older wraps: they come with the request, so that programs without objects leave them out. */
export interface LegacyUnwrapping {
  /** AES key wrap (RFC 3394), unwrapping. Null: it does not open. Keys of 16, 24 or 32 bytes. */
  unwrapAes(key: Uint8Array, wrapped: Uint8Array): Uint8Array | null;
  /** AES-ECB decryption of whole blocks, padding left on. Keys of 16, 24 or 32 bytes. */
  decryptEcb(key: Uint8Array, blocks: Uint8Array): Uint8Array;
  /** @internal Of keyfold's own RSA keys. */
  decryptLegacyOaep(key: RsaPrivateKey, ciphertext: Uint8Array): Awaitable<Uint8Array | null>;
  /** Data keys of AES-CBC objects may be bound to the name of AES-GCM. */
  readonly rewrappedCbc: boolean;
}

/** What every call of a keyring is told. */
export interface KeyringRequest {
  /** What the data key is for. */
  readonly purpose: Purpose;
  /** Bytes of the data key: 16, 24 or 32. */
  readonly keyLength: number;
  /** Complete: required-only pairs, the public key of signed suites and reserved pairs are in it. */
  readonly encryptionContext: EncryptionContext;
  /** Pass it on to whatever is asked: the caller may give up. */
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

/** A fresh data key, and the same key wrapped. */
export interface GeneratedDataKey {
  /** `keyLength` random bytes, which the caller owns and wipes. */
  readonly dataKey: Uint8Array;
  /** One for each wrapping key; at least one. */
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
}

/** An opened data key, and which of the encrypted data keys it was. */
export interface UnwrappedDataKey {
  /** `keyLength` bytes, which the caller owns and wipes. */
  readonly dataKey: Uint8Array;
  /** The one of the list that opened. */
  readonly opened: EncryptedDataKey;
}

/**
 * Wraps and unwraps data keys. Bring your own (a vault, an HSM, another cloud's KMS) by writing an object with
 * `name` and the methods that it can serve: a keyring without `unwrap` only writes, one without `wrap` and
 * `generate` only reads.
 *
 * Signing keys, required context, length checks, wiping and verification are the materials manager's business
 * (framework/keyring-interface).
 *
 * @example
 * ```ts
 * import { createEncryptionClient, type Keyring } from "keyfold";
 *
 * declare const vault: {
 *   seal(key: Uint8Array, context: object, signal?: AbortSignal): Promise<Uint8Array>;
 *   open(key: Uint8Array, context: object, signal?: AbortSignal): Promise<Uint8Array>;
 * };
 * const keyring: Keyring = {
 *   name: "vault",
 *   async wrap(dataKey, { encryptionContext, signal }) {
 *     const ciphertext = await vault.seal(dataKey, encryptionContext, signal);
 *     return [{ providerId: "vault", providerInfo: new TextEncoder().encode("orders"), ciphertext }];
 *   },
 *   async unwrap(edks, { encryptionContext, signal, note }) {
 *     for (const edk of edks) {
 *       if (edk.providerId !== "vault") note(edk, "skipped", "not wrapped by the vault");
 *       else return { dataKey: await vault.open(edk.ciphertext, encryptionContext, signal), opened: edk };
 *     }
 *     return null;
 *   },
 * };
 * const client = createEncryptionClient({ keyring });
 * ```
 */
export interface Keyring {
  /** For errors and events. Not secret. */
  readonly name: string;
  /** How this keyring wraps the data keys of S3 objects. Absent: it cannot write objects. */
  readonly objectWrap?: ObjectWrap;
  /**
   * In S3 objects too its wraps are bound to the encryption context, which the reader has to name. KMS's always are.
   * Default: false.
   */
  readonly bindsObjectContext?: boolean;
  /** The alias by which it names the key that it writes with. Absent: it names none. */
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
