import { constants, hash as digest, privateDecrypt } from "node:crypto";
import { copy } from "../../bytes/arrays.ts";
import { setU32 } from "../../bytes/integers.ts";
import type { ObjectCiphers } from "../object-ciphers.ts";
import type { NodeRsaPrivateKey } from "./rsa.ts";

const HASH_LENGTH = 32;

/** Node has one hash for label and MGF1 alike: raw RSA, and the padding taken off here. */
export const decryptLegacyOaep: ObjectCiphers["decryptLegacyOaep"] = (privateKey, ciphertext) => {
  const { key } = privateKey as NodeRsaPrivateKey;
  let encoded: Uint8Array;
  try {
    encoded = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, ciphertext);
  } catch {
    // Longer than the modulus, or a larger number: nothing secret.
    return null;
  }
  const message = encoded.length === ciphertext.length ? unpadLegacyOaep(encoded) : null;
  encoded.fill(0);
  return message;
};

/**
 * Takes the OAEP padding off (RFC 8017, section 7.1.2, step 3) as writers in Java put it on. `encoded` has the length
 * of the modulus. Both hashes of MGF1 are always tried, in full. Null: neither opens. Nothing tells why, for whoever
 * learns whether the first byte was zero learns the plaintext (Manger, CRYPTO 2001).
 */
export function unpadLegacyOaep(encoded: Uint8Array): Uint8Array | null {
  if (encoded.length < 2 * HASH_LENGTH + 2) return null;
  const bySha1 = unpad(encoded, "sha1");
  const bySha256 = unpad(encoded, "sha256");
  return bySha1 ?? bySha256;
}

function unpad(encoded: Uint8Array, mgfHash: "sha1" | "sha256"): Uint8Array | null {
  const seed = copy(encoded, 1, 1 + HASH_LENGTH);
  const block = copy(encoded, 1 + HASH_LENGTH);
  unmask(seed, block, mgfHash);
  unmask(block, seed, mgfHash);
  const label = digest("sha256", "", "buffer");
  let bad = encoded[0]!;
  for (let i = 0; i < HASH_LENGTH; i++) bad |= block[i]! ^ label[i]!;
  // Zeros, a one, and the message. `before`: 1 until the one is met. Bits alone, no branches.
  let before = 1;
  let start = 0;
  for (let i = HASH_LENGTH; i < block.length; i++) {
    const zero = (block[i]! - 1) >>> 31;
    const one = ((block[i]! ^ 1) - 1) >>> 31;
    bad |= before & ~(zero | one);
    start |= -(before & one) & (i + 1);
    before &= zero;
  }
  bad |= before;
  const message = bad === 0 ? copy(block, start) : null;
  seed.fill(0);
  block.fill(0);
  return message;
}

/** XORs the mask that MGF1 (RFC 8017, appendix B.2.1) makes of `seed` onto these bytes. */
function unmask(bytes: Uint8Array, seed: Uint8Array, mgfHash: "sha1" | "sha256"): void {
  const input = new Uint8Array(seed.length + 4);
  input.set(seed);
  for (let at = 0, counter = 0; at < bytes.length; counter++) {
    setU32(input, seed.length, counter);
    const mask = digest(mgfHash, input, "buffer");
    for (let i = 0; i < mask.length && at < bytes.length; i++, at++) bytes[at]! ^= mask[i]!;
    mask.fill(0);
  }
  input.fill(0);
}
