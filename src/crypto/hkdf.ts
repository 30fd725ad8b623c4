import { EMPTY } from "../bytes/arrays.ts";
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
  let previous = EMPTY;
  for (let counter = 1, offset = 0; offset < length; counter++, offset += hashLength) {
    const block = new Uint8Array(previous.length + info.length + 1);
    block.set(previous);
    block.set(info, previous.length);
    block[block.length - 1] = counter;
    previous.fill(0);
    previous = hmac(hash, pseudoRandomKey, block);
    block.fill(0);
    out.set(previous.subarray(0, length - offset), offset);
  }
  previous.fill(0);
  return out;
}
