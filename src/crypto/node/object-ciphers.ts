import { createCipheriv, createDecipheriv } from "node:crypto";
import { checkWholeBlocks, keyStream } from "../counter.ts";
import type { GcmDecryptor, GcmEncryptor, StreamCipher } from "../object-ciphers.ts";
import { updateInPieces } from "./pieces.ts";

const GCM = "aes-256-gcm";
const TAG_LENGTH = 16;

export function gcmEncryptor(key: Uint8Array, iv: Uint8Array, aad: Uint8Array): GcmEncryptor {
  const cipher = createCipheriv(GCM, key, iv).setAAD(aad);
  return {
    update: (plaintext) => updateInPieces(cipher, plaintext, plaintext.length),
    final() {
      cipher.final();
      return new Uint8Array(cipher.getAuthTag());
    },
  };
}

export function gcmDecryptor(key: Uint8Array, iv: Uint8Array, aad: Uint8Array): GcmDecryptor {
  const decipher = createDecipheriv(GCM, key, iv, { authTagLength: TAG_LENGTH }).setAAD(aad);
  return {
    update: (ciphertext) => updateInPieces(decipher, ciphertext, ciphertext.length),
    verify(tag) {
      try {
        decipher.setAuthTag(tag);
        decipher.final();
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** OpenSSL counts over all 128 bits, which is the same as long as the low 32 do not wrap. */
export function ctr(key: Uint8Array, counterBlock: Uint8Array): StreamCipher {
  const take = keyStream(counterBlock);
  const cipher = createCipheriv("aes-256-ctr", key, counterBlock);
  return {
    update(data) {
      take(data.length);
      return updateInPieces(cipher, data, data.length);
    },
  };
}

export function cbcDecryptor(key: Uint8Array, iv: Uint8Array): StreamCipher {
  const decipher = createDecipheriv("aes-256-cbc", key, iv).setAutoPadding(false);
  return {
    update(data) {
      checkWholeBlocks(data);
      return updateInPieces(decipher, data, data.length);
    },
  };
}

export function decryptEcb(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  checkWholeBlocks(blocks);
  const decipher = createDecipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  return updateInPieces(decipher, blocks, blocks.length);
}
