import type { Awaitable } from "../types.ts";
import type { RsaKeyData } from "./rsa-key.ts";

/** A hash function, by its name in `node:crypto`. */
export type HashName = "sha256" | "sha384" | "sha512";

/** A curve of the trailing signatures. */
export type CurveName = "P-256" | "P-384";

/**
 * How a raw RSA key wraps (RFC 8017). The MGF1 hash is the OAEP hash. S3 objects want `"oaep-sha1"`; `"pkcs1"` is for old
 * messages, and for Node alone.
 */
export type RsaPadding = "oaep-sha1" | "oaep-sha256" | "oaep-sha384" | "oaep-sha512" | "pkcs1";

export const OAEP_PADDINGS = ["oaep-sha1", "oaep-sha256", "oaep-sha384", "oaep-sha512"] as const;

/** AES-GCM under one key: 12-byte IVs, 16-byte tags behind the ciphertext. Inputs are borrowed for the time of the call. */
export interface AesGcm {
  /** Writes ciphertext and tag, `plaintext.length + 16` bytes, into `out`, which must not overlap the input. */
  seal(
    iv: Uint8Array,
    plaintext: Uint8Array,
    aad: Uint8Array,
    out: Uint8Array,
    offset: number,
  ): Awaitable<void>;
  /** Answers ciphertext and tag in memory of their own, where the runtime makes them so: `seal` would copy them. */
  sealApart?(iv: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Promise<Uint8Array>;
  /** Answers the verified plaintext, in memory of its own. Null: it does not open. */
  open(iv: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Awaitable<Uint8Array | null>;
}

/** What HKDF is to derive: `length` bytes, at most 255 hash lengths, for the purpose that `info` names. */
export interface DerivedKey {
  readonly info: Uint8Array;
  readonly length: number;
}

/** An imported RSA public key. */
export interface RsaPublicKey {
  encrypt(padding: RsaPadding, data: Uint8Array): Awaitable<Uint8Array>;
}

/** An imported RSA private key. */
export interface RsaPrivateKey {
  /**
   * Null: the ciphertext does not open. PKCS#1 v1.5 never answers null for bad padding: it answers
   * `expectedLength` bytes that depend on key and ciphertext alone (implicit rejection), so that padding is no oracle.
   */
  decrypt(padding: RsaPadding, ciphertext: Uint8Array, expectedLength: number): Awaitable<Uint8Array | null>;
}

/** A private ECDSA key in whatever form the backend keeps. */
export type SigningKey = object & { readonly curve: CurveName };

/** Hashes what it is fed, and signs it at the end. */
export interface Signer {
  update(data: Uint8Array): void;
  /** r and s, each of the curve's full length (IEEE P1363). */
  sign(): Awaitable<Uint8Array>;
}

/** Hashes what it is fed, and checks a signature of r and s (IEEE P1363) at the end. */
export interface Verifier {
  update(data: Uint8Array): void;
  verify(signature: Uint8Array): Awaitable<boolean>;
}

/**
 * All that keyfold asks of a runtime's cryptography. Answers are `Awaitable`, so that Node stays synchronous.
 * Chosen by the package import `#crypto`.
 */
export interface CryptoBackend {
  readonly name: "node" | "web";

  randomBytes(length: number): Uint8Array;
  /** The one constant-time comparison. Lengths are not secret. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /** A short name for long bytes that are not secret: SHA-256, in base64. */
  fingerprint(data: Uint8Array): string;
  hmac(hash: HashName, key: Uint8Array, data: Uint8Array): Uint8Array;
  /** HKDF (RFC 5869): extracts once, and expands once for each key. An empty salt is one of zeros. */
  hkdf(hash: HashName, salt: Uint8Array, inputKey: Uint8Array, keys: readonly DerivedKey[]): Uint8Array[];

  /** Borrows the key, which must stay unchanged while the cipher is in use. 16, 24 or 32 bytes. */
  aesGcm(key: Uint8Array): AesGcm;

  /** The paddings that this runtime can wrap and unwrap with. */
  readonly rsaPaddings: readonly RsaPadding[];
  rsaPublicKey(key: RsaKeyData): Awaitable<RsaPublicKey>;
  rsaPrivateKey(key: RsaKeyData): Awaitable<RsaPrivateKey>;
  /** A fresh RSA key pair, of this many bits, as DER: SPKI and PKCS#8. Takes a tenth of a second and more. */
  rsaKeyPair(bits: number): Promise<{ publicKey: Uint8Array; privateKey: Uint8Array }>;

  /** A fresh key pair; the public key is a compressed point. */
  signingKeyPair(curve: CurveName): Awaitable<{ signingKey: SigningKey; publicKey: Uint8Array }>;
  /** `maxBytes`: the most that may be held, where the runtime signs and verifies whole buffers only. Default: any. */
  signer(key: SigningKey, hash: HashName, maxBytes?: number): Signer;
  /** Null: the compressed point is not on the curve. */
  verifier(
    curve: CurveName,
    publicKey: Uint8Array,
    hash: HashName,
    maxBytes?: number,
  ): Awaitable<Verifier | null>;
}
