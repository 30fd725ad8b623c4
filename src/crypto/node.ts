import { hash, randomFillSync } from "node:crypto";
import { type CryptoBackend, OAEP_PADDINGS } from "./backend.ts";
import { signer, signingKeyPair, verifier } from "./node/ecdsa.ts";
import { equal } from "./node/equal.ts";
import { aesGcm } from "./node/gcm.ts";
import { hkdf, hmac } from "./node/hkdf.ts";
import { unwrapAes } from "./node/key-wrap.ts";
import { decryptLegacyOaep } from "./node/oaep.ts";
import { cbcDecryptor, ctr, decryptEcb, gcmDecryptor, gcmEncryptor } from "./node/object-ciphers.ts";
import { rsaKeyPair, rsaPrivateKey, rsaPublicKey } from "./node/rsa.ts";
import type { ObjectCiphers } from "./object-ciphers.ts";
import { randomPool } from "./random-pool.ts";

/** Cryptography by `node:crypto`: every answer is synchronous. */
export const backend: CryptoBackend = {
  name: "node",
  randomBytes: randomPool(randomFillSync),
  equal,
  fingerprint: (data) => hash("sha256", data, "base64"),
  hmac,
  hkdf,
  aesGcm,
  rsaPaddings: [...OAEP_PADDINGS, "pkcs1"],
  rsaPublicKey,
  rsaPrivateKey,
  rsaKeyPair,
  signingKeyPair,
  signer,
  verifier,
};

/** The ciphers of S3 objects by `node:crypto`. */
export const objectCiphers: ObjectCiphers = {
  gcmEncryptor,
  gcmDecryptor,
  ctr,
  cbcDecryptor,
  unwrapAes,
  decryptEcb,
  decryptLegacyOaep,
};
