import type { CryptoBackend, HashName } from "./backend.ts";

const HASH_LENGTH: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** HKDF-Extract (RFC 5869, section 2.2). An empty salt is one of zeros. */
export function hkdfExtract(
  { hmac }: Pick<CryptoBackend, "hmac">,
  hash: HashName,
  salt: Uint8Array,
  inputKey: Uint8Array,
): Uint8Array {
  return hmac(hash, salt, inputKey);
}

/** HKDF-Expand (RFC 5869, section 2.3): `length` bytes of output key, at most 255 hash lengths. */
export function hkdfExpand(
  { hmac }: Pick<CryptoBackend, "hmac">,
  hash: HashName,
  pseudoRandomKey: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const hashLength = HASH_LENGTH[hash];
  const out = new Uint8Array(length);
  const block = new Uint8Array(hashLength + info.length + 1);
  block.set(info, hashLength);
  for (let counter = 1, offset = 0; offset < length; counter++, offset += hashLength) {
    block[block.length - 1] = counter;
    const output = hmac(hash, pseudoRandomKey, counter === 1 ? block.subarray(hashLength) : block);
    out.set(output.subarray(0, length - offset), offset);
    block.set(output);
    output.fill(0);
  }
  block.fill(0);
  return out;
}
