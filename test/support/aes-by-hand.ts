// AES in the modes of stored objects, by node:crypto. Keys of 16, 24 or 32 bytes.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { join } from "./bytes.ts";

const NONE = new Uint8Array(0);
const bits = (key: Uint8Array) => 8 * key.length;

/** Ciphertext and 16-byte tag. */
export function gcmSeal(
  key: Uint8Array,
  iv: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array = NONE,
): Uint8Array {
  const cipher = createCipheriv(`aes-${bits(key)}-gcm` as "aes-256-gcm", key, iv).setAAD(aad);
  return join(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

export function gcmOpen(
  key: Uint8Array,
  iv: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array = NONE,
): Uint8Array {
  const at = sealed.length - 16;
  if (at < 0) throw new Error("no room for a tag");
  const decipher = createDecipheriv(`aes-${bits(key)}-gcm` as "aes-256-gcm", key, iv).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(at));
  return join(decipher.update(sealed.subarray(0, at)), decipher.final());
}

// RFC 3394, section 2.2.3.1.
const KEY_WRAP_IV = new Uint8Array(8).fill(0xa6);

/** Modes without a tag: CBC and ECB with PKCS#7 padding, and RFC 3394's key wrap. */
type Mode = "cbc" | "ecb" | "wrap";
const nameOf = (mode: Mode, key: Uint8Array) =>
  mode === "wrap" ? `id-aes${bits(key)}-wrap` : `aes-${bits(key)}-${mode}`;
const ivOf = (mode: Mode, iv: Uint8Array | undefined) =>
  mode === "wrap" ? KEY_WRAP_IV : mode === "ecb" ? null : iv!;

export function aesEncrypt(mode: Mode, key: Uint8Array, plaintext: Uint8Array, iv?: Uint8Array): Uint8Array {
  const cipher = createCipheriv(nameOf(mode, key), key, ivOf(mode, iv));
  return join(cipher.update(plaintext), cipher.final());
}

export function aesDecrypt(mode: Mode, key: Uint8Array, ciphertext: Uint8Array, iv?: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(nameOf(mode, key), key, ivOf(mode, iv));
  return join(decipher.update(ciphertext), decipher.final());
}
