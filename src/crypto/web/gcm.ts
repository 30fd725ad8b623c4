import { gcm } from "@noble/ciphers/aes.js";
import type { AesGcm } from "../backend.ts";
import { source, subtle } from "./subtle.ts";

const TAG_LENGTH = 16;
// Below this noble is done before WebCrypto has answered.
const SMALL = 1024;

/** AES-GCM: short inputs by noble, at once; long ones by WebCrypto. */
export function aesGcm(key: Uint8Array): AesGcm {
  let imported: Promise<CryptoKey | null> | undefined;
  const importedKey = () => {
    imported ??= importKey(key);
    return imported;
  };

  const sealApart = async (iv: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Promise<Uint8Array> => {
    const cryptoKey = await importedKey();
    if (cryptoKey === null) return gcm(key, iv, aad).encrypt(plaintext);
    return new Uint8Array(await subtle().encrypt(parameters(iv, aad), cryptoKey, source(plaintext)));
  };

  const openSmall = (iv: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | null => {
    try {
      return gcm(key, iv, aad).decrypt(sealed);
    } catch {
      return null;
    }
  };

  return {
    seal(iv, plaintext, aad, out, offset) {
      if (plaintext.length <= SMALL) return out.set(gcm(key, iv, aad).encrypt(plaintext), offset);
      return sealApart(iv, plaintext, aad).then((sealed) => out.set(sealed, offset));
    },

    sealApart,

    open(iv, sealed, aad) {
      if (sealed.length < TAG_LENGTH) return null;
      if (sealed.length <= SMALL + TAG_LENGTH) return openSmall(iv, sealed, aad);
      return importedKey().then(async (cryptoKey) => {
        if (cryptoKey === null) return openSmall(iv, sealed, aad);
        try {
          return new Uint8Array(await subtle().decrypt(parameters(iv, aad), cryptoKey, source(sealed)));
        } catch {
          return null;
        }
      });
    },
  };
}

/** Null: this runtime has no AES of that key length (Chromium: 192 bits); noble has. */
async function importKey(key: Uint8Array): Promise<CryptoKey | null> {
  const usages: KeyUsage[] = ["encrypt", "decrypt"];
  try {
    return await subtle().importKey("raw", source(key), "AES-GCM", false, usages);
  } catch (error) {
    if (key.length === 24) return null;
    throw error;
  }
}

function parameters(iv: Uint8Array, aad: Uint8Array): AesGcmParams {
  return {
    name: "AES-GCM",
    iv: source(iv),
    additionalData: source(aad),
    tagLength: TAG_LENGTH * 8,
  };
}
