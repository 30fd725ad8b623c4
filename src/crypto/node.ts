import { createHmac, hash as digest, randomFillSync, timingSafeEqual } from "node:crypto";
import { type CryptoBackend, type HashName, OAEP_PADDINGS } from "./backend.ts";
import { signer, signingKeyPair, verifier } from "./node/ecdsa.ts";
import { aesGcm } from "./node/gcm.ts";
import { rsaPrivateKey, rsaPublicKey } from "./node/rsa.ts";
import { randomPool } from "./random-pool.ts";

/** Cryptography by `node:crypto`: every answer is synchronous. */
export const backend: CryptoBackend = {
  name: "node",
  randomBytes: randomPool(randomFillSync),
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  hmac,
  aesGcm,
  rsaPaddings: [...OAEP_PADDINGS, "pkcs1"],
  rsaPublicKey,
  rsaPrivateKey,
  signingKeyPair,
  signer,
  verifier,
};

const BLOCK_LENGTH: Readonly<Record<HashName, number>> = { sha256: 64, sha384: 128, sha512: 128 };
const MAX_BLOCK = 128;
const MAX_SHORT = 256;

// Both are wiped after each use; nothing else runs in between.
const inner = new Uint8Array(MAX_BLOCK + MAX_SHORT);
const outer = new Uint8Array(MAX_BLOCK + 64);

/** HMAC (RFC 2104) by two one-shot digests: for short data much cheaper than an Hmac object. */
function hmac(hash: HashName, key: Uint8Array, data: Uint8Array): Uint8Array {
  const block = BLOCK_LENGTH[hash];
  if (key.length > block || data.length > MAX_SHORT) {
    return new Uint8Array(createHmac(hash, key).update(data).digest());
  }
  inner.fill(0x36, 0, block);
  outer.fill(0x5c, 0, block);
  for (let i = 0; i < key.length; i++) {
    const byte = key[i]!;
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  inner.set(data, block);
  const innerDigest = digest(hash, inner.subarray(0, block + data.length), "buffer");
  outer.set(innerDigest, block);
  const result = new Uint8Array(digest(hash, outer.subarray(0, block + innerDigest.length), "buffer"));
  inner.fill(0, 0, block + data.length);
  outer.fill(0);
  innerDigest.fill(0);
  return result;
}
