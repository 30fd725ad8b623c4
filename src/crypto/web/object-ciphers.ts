import { aeskw, cbc, ecb } from "@noble/ciphers/aes.js";
import { copy } from "../../bytes/arrays.ts";
import { UnsupportedError } from "../../errors.ts";
import { checkWholeBlocks } from "../counter.ts";
import type { StreamCipher } from "../object-ciphers.ts";

const BLOCK_LENGTH = 16;
const AS_IT_IS = { disablePadding: true };
const LEGACY_OAEP = "RSA-OAEP with SHA-256 and MGF1 with SHA-1";

/** By noble: WebCrypto insists on taking PKCS#7 padding off each piece. */
export function cbcDecryptor(key: Uint8Array, iv: Uint8Array): StreamCipher {
  let previous = copy(iv);
  return {
    update(data) {
      checkWholeBlocks(data);
      if (data.length === 0) return new Uint8Array(0);
      const last = copy(data, data.length - BLOCK_LENGTH);
      const plaintext = cbc(key, previous, AS_IT_IS).decrypt(data);
      previous = last;
      return plaintext;
    },
  };
}

export function decryptEcb(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  checkWholeBlocks(blocks);
  return ecb(key, AS_IT_IS).decrypt(blocks);
}

/** AES key wrap by noble, which compares in constant time. */
export function unwrapAes(key: Uint8Array, wrapped: Uint8Array): Uint8Array | null {
  try {
    return aeskw(key).decrypt(wrapped);
  } catch {
    return null;
  }
}

/** WebCrypto has neither two hashes for one OAEP nor raw RSA, and noble has no RSA at all. */
export function decryptLegacyOaep(): never {
  throw new UnsupportedError(
    LEGACY_OAEP,
    `WebCrypto has no ${LEGACY_OAEP}, which wrapped this object's key: read it on Node.`,
  );
}
