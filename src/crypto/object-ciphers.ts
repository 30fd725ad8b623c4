import type { Awaitable } from "../types.ts";
import type { RsaPrivateKey } from "./backend.ts";

/** AES-GCM over plaintext that comes in pieces of any length. */
export interface GcmEncryptor {
  /** The ciphertext of this piece, in memory of its own. Calls must not overlap. */
  update(plaintext: Uint8Array): Awaitable<Uint8Array>;
  /** The tag, 16 bytes. Ends the use of this encryptor. */
  final(): Awaitable<Uint8Array>;
}

/** AES-GCM over ciphertext that comes in pieces of any length. What `update` answers is not verified. */
export interface GcmDecryptor {
  /** The plaintext of this piece, in memory of its own. Calls must not overlap. */
  update(ciphertext: Uint8Array): Awaitable<Uint8Array>;
  /** Whether all of it was authentic. Ends the use of this decryptor. */
  verify(tag: Uint8Array): Awaitable<boolean>;
}

/** A cipher without authentication, over pieces. */
export interface StreamCipher {
  update(data: Uint8Array): Awaitable<Uint8Array>;
}

/**
 * What S3 objects need of a runtime's cryptography beyond `backend`: apart from it, so that programs without objects
 * leave it out. Chosen by the package import `#crypto`. Keys are borrowed, and must stay unchanged while in use.
 */
export interface ObjectCiphers {
  /** 12-byte IV, 32-byte key. Starts as soon as it is made. */
  gcmEncryptor(key: Uint8Array, iv: Uint8Array, aad: Uint8Array): GcmEncryptor;
  gcmDecryptor(key: Uint8Array, iv: Uint8Array, aad: Uint8Array): GcmDecryptor;
  /**
   * AES-CTR from this counter block of 16 bytes, the low 32 bits of which count (as in GCM). Pieces of any length. A
   * piece on which they would wrap is a `RangeError`.
   */
  ctr(key: Uint8Array, counterBlock: Uint8Array): StreamCipher;
  /** AES-CBC decryption: whole blocks (else a `RangeError`), padding left on. 32-byte key. */
  cbcDecryptor(key: Uint8Array, iv: Uint8Array): StreamCipher;
  /** AES key wrap (RFC 3394), unwrapping. Null: it does not open. Keys of 16, 24 or 32 bytes. */
  unwrapAes(key: Uint8Array, wrapped: Uint8Array): Uint8Array | null;
  /** AES-ECB decryption of whole blocks (else a `RangeError`), padding left on. Keys of 16, 24 or 32 bytes. */
  decryptEcb(key: Uint8Array, blocks: Uint8Array): Uint8Array;
  /**
   * RSA-OAEP as old writers in Java have it: SHA-256 for the label, and for MGF1 SHA-1 (the JDK's default) or SHA-256
   * (BouncyCastle's). The key is one of `backend`. Null: it does not open. Without raw RSA: `UnsupportedError`.
   */
  decryptLegacyOaep(key: RsaPrivateKey, ciphertext: Uint8Array): Awaitable<Uint8Array | null>;
}
