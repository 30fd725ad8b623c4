import { type CipherGCM, createCipheriv, createDecipheriv } from "node:crypto";
import type { AesGcm } from "../backend.ts";
import { PIECE, updateInPieces } from "./pieces.ts";

const TAG_LENGTH = 16;

// An array of up to 64 bytes lies in V8's heap, and moves out of it when native code asks for its bytes, at the price of
// an allocation: a copy into memory that is there costs less.
const IV = Buffer.alloc(12);
const SHORT = Buffer.alloc(64);

/** AES-GCM by OpenSSL. */
export function aesGcm(key: Uint8Array): AesGcm {
  const algorithm = algorithmFor(key.length);
  return {
    seal(iv, plaintext, aad, out, offset) {
      IV.set(iv);
      const cipher = createCipheriv(algorithm, key, IV);
      cipher.setAAD(aad);
      encipherAll(cipher, plaintext, out, offset);
      cipher.final();
      out.set(cipher.getAuthTag(), offset + plaintext.length);
    },

    open(iv, sealed, aad) {
      const length = sealed.length - TAG_LENGTH;
      if (length < 0) return null;
      const decipher = createDecipheriv(algorithm, key, iv, { authTagLength: TAG_LENGTH });
      decipher.setAAD(aad);
      decipher.setAuthTag(sealed.subarray(length));
      const plaintext = updateInPieces(decipher, sealed, length);
      try {
        decipher.final();
        return plaintext;
      } catch {
        plaintext.fill(0);
        return null;
      }
    },
  };
}

function encipherAll(cipher: CipherGCM, plaintext: Uint8Array, out: Uint8Array, offset: number): void {
  if (plaintext.length > 0 && plaintext.length <= SHORT.length) {
    SHORT.set(plaintext);
    out.set(cipher.update(SHORT.subarray(0, plaintext.length)), offset);
    SHORT.fill(0);
    return;
  }
  for (let start = 0; start < plaintext.length; start += PIECE) {
    out.set(cipher.update(plaintext.subarray(start, start + PIECE)), offset + start);
  }
}

function algorithmFor(keyLength: number): "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm" {
  if (keyLength === 32) return "aes-256-gcm";
  return keyLength === 24 ? "aes-192-gcm" : "aes-128-gcm";
}
