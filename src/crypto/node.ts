import { hash, randomFillSync, timingSafeEqual } from "node:crypto";
import { type CryptoBackend, OAEP_PADDINGS } from "./backend.ts";
import { signer, signingKeyPair, verifier } from "./node/ecdsa.ts";
import { aesGcm } from "./node/gcm.ts";
import { hkdf, hmac } from "./node/hkdf.ts";
import { rsaKeyPair, rsaPrivateKey, rsaPublicKey } from "./node/rsa.ts";
import { randomPool } from "./random-pool.ts";

/** Cryptography by `node:crypto`: every answer is synchronous. */
export const backend: CryptoBackend = {
  name: "node",
  randomBytes: randomPool(randomFillSync),
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
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
