import { createHmac, hash as digest, randomFillSync, timingSafeEqual } from "node:crypto";
import type { CryptoBackend, HashName } from "./backend.ts";
import { signer, signingKeyPair, verifier } from "./node/ecdsa.ts";
import { aesGcm } from "./node/gcm.ts";
import { rsaPrivateKey, rsaPublicKey } from "./node/rsa.ts";

/** Cryptography by `node:crypto`: every answer is synchronous. */
export const backend: CryptoBackend = {
  name: "node",
  randomBytes,
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  hmac,
  aesGcm,
  rsaPublicKey,
  rsaPrivateKey,
  signingKeyPair,
  signer,
  verifier,
};

// One system call fills many requests; what was handed out is erased from the pool.
const pool = new Uint8Array(4096);
let used = pool.length;

function randomBytes(length: number): Uint8Array {
  if (length > pool.length / 8) return randomFillSync(new Uint8Array(length));
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.slice(used, used + length);
  pool.fill(0, used, used + length);
  used += length;
  return bytes;
}

const BLOCK_LENGTH: Readonly<Record<HashName, number>> = { sha256: 64, sha384: 128, sha512: 128 };

/** HMAC (RFC 2104) by two one-shot digests: for short data cheaper than an Hmac object. */
function hmac(hash: HashName, key: Uint8Array, data: Uint8Array): Uint8Array {
  const blockLength = BLOCK_LENGTH[hash];
  if (key.length > blockLength || data.length > 4096) {
    return new Uint8Array(createHmac(hash, key).update(data).digest());
  }
  const inner = new Uint8Array(blockLength + data.length).fill(0x36, 0, blockLength);
  const outer = new Uint8Array(blockLength + 64).fill(0x5c, 0, blockLength);
  for (let i = 0; i < key.length; i++) {
    inner[i]! ^= key[i]!;
    outer[i]! ^= key[i]!;
  }
  inner.set(data, blockLength);
  const innerDigest = digest(hash, inner, "buffer");
  outer.set(innerDigest, blockLength);
  const result = digest(hash, outer.subarray(0, blockLength + innerDigest.length), "buffer");
  inner.fill(0);
  outer.fill(0);
  innerDigest.fill(0);
  return result;
}
