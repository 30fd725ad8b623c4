import { concat } from "../bytes/arrays.ts";
import type { CryptoBackend, DerivedKey, HashName } from "./backend.ts";

type Hmac = CryptoBackend["hmac"];

/** HKDF (RFC 5869) on any HMAC. An empty salt is one of zeros. */
export function hkdfBy(
  hmac: Hmac,
  hash: HashName,
  salt: Uint8Array,
  inputKey: Uint8Array,
  keys: readonly DerivedKey[],
): Uint8Array[] {
  const secret = hmac(hash, salt, inputKey);
  const derived = keys.map((key) => expand(hmac, hash, secret, key));
  secret.fill(0);
  return derived;
}

function expand(hmac: Hmac, hash: HashName, secret: Uint8Array, { info, length }: DerivedKey): Uint8Array {
  const out = new Uint8Array(length);
  let previous = hmac(hash, secret, concat(info, Uint8Array.of(1)));
  out.set(previous.subarray(0, length));
  for (let counter = 2, offset = previous.length; offset < length; counter++) {
    const block = concat(previous, info, Uint8Array.of(counter));
    previous.fill(0);
    previous = hmac(hash, secret, block);
    block.fill(0);
    out.set(previous.subarray(0, length - offset), offset);
    offset += previous.length;
  }
  previous.fill(0);
  return out;
}
