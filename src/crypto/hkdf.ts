import { concat } from "../bytes/arrays.ts";
import type { CryptoBackend, HashName } from "./backend.ts";

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
  const first = hmac(hash, pseudoRandomKey, concat(info, COUNTER));
  if (length <= first.length) {
    first.fill(0, length);
    return first.subarray(0, length);
  }
  const out = new Uint8Array(length);
  out.set(first);
  let previous = first;
  for (let counter = 2, offset = first.length; offset < length; counter++) {
    const block = concat(previous, info, Uint8Array.of(counter));
    previous.fill(0);
    previous = hmac(hash, pseudoRandomKey, block);
    block.fill(0);
    out.set(previous.subarray(0, length - offset), offset);
    offset += previous.length;
  }
  previous.fill(0);
  return out;
}

const COUNTER: Uint8Array = Uint8Array.of(1);
