import { createHmac, hash as digest } from "node:crypto";
import type { CryptoBackend, DerivedKey, HashName } from "../backend.ts";
import { hkdfBy } from "../hkdf.ts";

/** HMAC by OpenSSL. */
export const hmac: CryptoBackend["hmac"] = (hash, key, data) => createHmac(hash, key).update(data).digest();

const IPAD = 0x36;
const OPAD = 0x5c;
/** The longest text behind an inner pad: salts, data keys and infos of all suites are shorter. */
const MAX_TEXT = 64;

/** What an HMAC hashes: a padded key, and behind it the text or its digest. All zeros between two uses. */
interface Pads {
  readonly block: number;
  readonly inner: Uint8Array;
  /** The first bytes of `inner`, by the length of the text. */
  readonly texts: readonly Uint8Array[];
  readonly outer: Buffer;
}

function pads(block: number, digestLength: number): Pads {
  const inner = new Uint8Array(block + MAX_TEXT);
  const texts = Array.from({ length: MAX_TEXT + 1 }, (_, length) => inner.subarray(0, block + length));
  return { block, inner, texts, outer: Buffer.alloc(block + digestLength) };
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

/** HKDF by one-shot digests of padded keys: for short texts much cheaper than an Hmac object for each of its steps. */
export const hkdf: CryptoBackend["hkdf"] = (hash, salt, inputKey, keys) => {
  const own = PADS[hash];
  const { block, inner, texts, outer } = own;
  if (!isShort(own, salt, inputKey, keys)) return hkdfBy(hmac, hash, salt, inputKey, keys);
  padKey(own, salt);
  inner.set(inputKey, block);
  const innerDigest = digest(hash, texts[inputKey.length]!, "buffer");
  outer.set(innerDigest, block);
  const secret = digest(hash, outer, "buffer");
  padKey(own, secret);
  const derived = keys.map(({ info, length }) => {
    inner.set(info, block);
    inner[block + info.length] = 1;
    // Worth nothing without the pads, so it may be text, which is cheaper. The digests that are keys are buffers, and wiped.
    outer.write(digest(hash, texts[info.length + 1]!, "binary"), block, "binary");
    return digest(hash, outer, "buffer").fill(0, length).subarray(0, length);
  });
  for (const used of [inner, outer, innerDigest, secret]) used.fill(0);
  return derived;
};

/** Whether salt and texts fit, and every key into one digest. */
function isShort(
  { block, outer }: Pads,
  salt: Uint8Array,
  inputKey: Uint8Array,
  keys: readonly DerivedKey[],
): boolean {
  return (
    salt.length <= block &&
    inputKey.length <= MAX_TEXT &&
    keys.every(({ info, length }) => info.length < MAX_TEXT && length <= outer.length - block)
  );
}
