import { andThen } from "../../awaitable.ts";
import { concat } from "../../bytes/arrays.ts";
import type { GcmDecryptor, GcmEncryptor } from "../object-ciphers.ts";
import { ctr } from "./ctr.ts";
import { equal } from "./equal.ts";
import { gcmTag } from "./ghash.ts";

/** AES-GCM counts from 1 (NIST SP 800-38D, section 7.1, step 2), and the tag takes that block: the text starts at 2. */
const textCipher = (key: Uint8Array, iv: Uint8Array) => ctr(key, concat(iv, Uint8Array.of(0, 0, 0, 2)));

export function gcmEncryptor(key: Uint8Array, iv: Uint8Array, aad: Uint8Array): GcmEncryptor {
  const cipher = textCipher(key, iv);
  const tag = gcmTag(key, iv, aad);
  return {
    update: (plaintext) =>
      andThen(cipher.update(plaintext), (ciphertext) => {
        tag.update(ciphertext);
        return ciphertext;
      }),
    final: tag.final,
  };
}

export function gcmDecryptor(key: Uint8Array, iv: Uint8Array, aad: Uint8Array): GcmDecryptor {
  const cipher = textCipher(key, iv);
  const expected = gcmTag(key, iv, aad);
  return {
    update(ciphertext) {
      // WebCrypto deciphers a copy on another thread, while this one hashes.
      const plaintext = cipher.update(ciphertext);
      expected.update(ciphertext);
      return plaintext;
    },
    verify: (tag) => equal(expected.final(), tag),
  };
}
