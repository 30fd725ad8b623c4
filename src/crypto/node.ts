import { createHmac, hash, randomFillSync, timingSafeEqual } from "node:crypto";
import { type CryptoBackend, type HashName, OAEP_PADDINGS } from "./backend.ts";
import { signer, signingKeyPair, verifier } from "./node/ecdsa.ts";
import { aesGcm } from "./node/gcm.ts";
import { rsaKeyPair, rsaPrivateKey, rsaPublicKey } from "./node/rsa.ts";
import { randomPool } from "./random-pool.ts";

/** Cryptography by `node:crypto`: every answer is synchronous. */
export const backend: CryptoBackend = {
  name: "node",
  randomBytes: randomPool(randomFillSync),
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  fingerprint: (data) => hash("sha256", data, "base64"),
  hmac,
  aesGcm,
  rsaPaddings: [...OAEP_PADDINGS, "pkcs1"],
  rsaPublicKey,
  rsaPrivateKey,
  rsaKeyPair,
  signingKeyPair,
  signer,
  verifier,
};

const IPAD = 0x36;
const OPAD = 0x5c;
const MAX_DATA = 256;

/** What an HMAC hashes: a padded key, and room for data behind it. Between two uses there are only pads and zeros. */
interface Pads {
  readonly block: number;
  readonly inner: Uint8Array;
  readonly outer: Uint8Array;
  /** The part of `outer` that is hashed, by the length of the digest in it. */
  readonly hashed: Readonly<Record<number, Uint8Array>>;
}

function pads(block: number): Pads {
  const inner = new Uint8Array(block + MAX_DATA).fill(IPAD, 0, block);
  const outer = new Uint8Array(block + block / 2).fill(OPAD, 0, block);
  const hashed = Object.fromEntries(
    [32, 48, 64].map((length) => [length, outer.subarray(0, block + length)]),
  );
  return { block, inner, outer, hashed };
}
const BLOCK_64 = pads(64);
const BLOCK_128 = pads(128);
const PADS: Readonly<Record<HashName, Pads>> = { sha256: BLOCK_64, sha384: BLOCK_128, sha512: BLOCK_128 };

/** HMAC (RFC 2104) by two one-shot digests: for short data much cheaper than an Hmac object. */
function hmac(name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array {
  const { block, inner, outer, hashed } = PADS[name];
  if (key.length > block || data.length > MAX_DATA) return createHmac(name, key).update(data).digest();
  for (let i = 0; i < key.length; i++) {
    const byte = key[i]!;
    inner[i] = byte ^ IPAD;
    outer[i] = byte ^ OPAD;
  }
  inner.set(data, block);
  const innerDigest = hash(name, inner.subarray(0, block + data.length), "buffer");
  outer.set(innerDigest, block);
  const result = hash(name, hashed[innerDigest.length]!, "buffer");
  inner.fill(IPAD, 0, key.length).fill(0, block, block + data.length);
  outer.fill(OPAD, 0, key.length).fill(0, block);
  innerDigest.fill(0);
  return result;
}
