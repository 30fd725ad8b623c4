import { hmac as nobleHmac } from "@noble/hashes/hmac.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { toBase64 } from "../bytes/base64.ts";
import { type CryptoBackend, OAEP_PADDINGS } from "./backend.ts";
import { hkdfBy } from "./hkdf.ts";
import type { ObjectCiphers } from "./object-ciphers.ts";
import { randomPool } from "./random-pool.ts";
import { ctr } from "./web/ctr.ts";
import { signer, signingKeyPair, verifier } from "./web/ecdsa.ts";
import { equal } from "./web/equal.ts";
import { aesGcm } from "./web/gcm.ts";
import { gcmDecryptor, gcmEncryptor } from "./web/gcm-pieces.ts";
import { cbcDecryptor, decryptEcb, decryptLegacyOaep, unwrapAes } from "./web/object-ciphers.ts";
import { rsaKeyPair, rsaPrivateKey, rsaPublicKey } from "./web/rsa.ts";
import { fillRandom } from "./web/subtle.ts";

const HASHES = { sha256, sha384, sha512 } as const;

const hmac: CryptoBackend["hmac"] = (hash, key, data) => nobleHmac(HASHES[hash], key, data);

/** Cryptography by WebCrypto where it serves, and by noble where it does not: browsers, Workers, Deno. */
export const backend: CryptoBackend = {
  name: "web",
  randomBytes: randomPool(fillRandom),
  equal,
  fingerprint: (data) => toBase64(sha256(data)),
  hmac,
  hkdf: (...asked) => hkdfBy(hmac, ...asked),
  aesGcm,
  // WebCrypto has no PKCS#1 v1.5 encryption.
  rsaPaddings: OAEP_PADDINGS,
  rsaPublicKey,
  rsaPrivateKey,
  rsaKeyPair,
  signingKeyPair,
  signer,
  verifier,
};

/** The ciphers of S3 objects, in the same way. */
export const objectCiphers: ObjectCiphers = {
  gcmEncryptor,
  gcmDecryptor,
  ctr,
  cbcDecryptor,
  unwrapAes,
  decryptEcb,
  decryptLegacyOaep,
};
