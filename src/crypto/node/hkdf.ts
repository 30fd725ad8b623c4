import { createHmac, hash as digest, hkdfSync } from "node:crypto";
import type { CryptoBackend, HashName } from "../backend.ts";

/** HMAC by OpenSSL. */
export const hmac: CryptoBackend["hmac"] = (hash, key, data) => createHmac(hash, key).update(data).digest();

const IPAD = 0x36;
const OPAD = 0x5c;
/** The longest text behind an inner pad: salts, data keys and infos of all suites are shorter. */
const MAX_TEXT = 64;

/** What an HMAC hashes: a padded key, and behind it the text or its digest. All zeros between two uses. */
interface Pads {
  readonly block: number;
  readonly inner: Buffer;
  readonly outer: Buffer;
}

function pads(block: number, digestLength: number): Pads {
  return { block, inner: Buffer.alloc(block + MAX_TEXT), outer: Buffer.alloc(block + digestLength) };
}
const PADS: Readonly<Record<HashName, Pads>> = {
  sha256: pads(64, 32),
  sha384: pads(128, 48),
  sha512: pads(128, 64),
};

function padKey({ block, inner, outer }: Pads, key: Uint8Array): void {
  for (let i = 0; i < key.length; i++) {
    const byte = key[i]!;
    inner[i] = byte ^ IPAD;
    outer[i] = byte ^ OPAD;
  }
  inner.fill(IPAD, key.length, block);
  outer.fill(OPAD, key.length, block);
}

/** HKDF by one-shot digests of padded keys: for short texts, as all suites have them, much cheaper than OpenSSL's own. */
export const hkdf: CryptoBackend["hkdf"] = (hash, salt, inputKey, keys) => {
  const own = PADS[hash];
  const { block, inner, outer } = own;
  const fits =
    salt.length <= block &&
    inputKey.length <= MAX_TEXT &&
    keys.every(({ info, length }) => info.length < MAX_TEXT && length <= outer.length - block);
  if (!fits) {
    return keys.map(({ info, length }) => new Uint8Array(hkdfSync(hash, inputKey, salt, info, length)));
  }
  padKey(own, salt);
  inner.set(inputKey, block);
  const innerDigest = digest(hash, inner.subarray(0, block + inputKey.length), "buffer");
  outer.set(innerDigest, block);
  const secret = digest(hash, outer, "buffer");
  padKey(own, secret);
  const derived = keys.map(({ info, length }) => {
    const end = block + info.length;
    inner.set(info, block);
    inner[end] = 1;
    // Worth nothing without the pads, so it may be text, which is cheaper. The digests that are keys are buffers, and wiped.
    outer.write(digest(hash, inner.subarray(0, end + 1), "binary"), block, "binary");
    return digest(hash, outer, "buffer").fill(0, length).subarray(0, length);
  });
  for (const used of [inner, outer, innerDigest, secret]) used.fill(0);
  return derived;
};
