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
  const block = new Uint8Array(hashLength + info.length + 1);
  block.set(info, hashLength);
  block[block.length - 1] = 1;
  const first = hmac(hash, pseudoRandomKey, block.subarray(hashLength));
  const out = new Uint8Array(length);
  out.set(first.subarray(0, length));
  for (let counter = 2, previous = first, offset = hashLength; offset < length; counter++) {
    block.set(previous);
    block[block.length - 1] = counter;
    previous.fill(0);
    previous = hmac(hash, pseudoRandomKey, block);
    out.set(previous.subarray(0, length - offset), offset);
    offset += hashLength;
  }
  block.fill(0);
  return out;
}
