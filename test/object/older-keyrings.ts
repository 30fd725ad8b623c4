// The keys of older objects, as keyrings and as what the independent writers wrap with.
import { rawAesKeyring, rawRsaKeyring } from "../../src/index.ts";
import { counting } from "../support/bytes.ts";
import type { WrittenObject } from "../support/independent-object.ts";
import { type V1Wrap, writeObjectV1 } from "../support/independent-object-v1.ts";
import {
  type ContentAlgorithm,
  type V2Options,
  type V2Wrap,
  writeObjectV2,
} from "../support/independent-object-v2.ts";
import { clear } from "../support/keyrings.ts";
import type { KmsByHand } from "../support/kms-by-hand.ts";
import { rsaPair } from "../support/rsa.ts";

export const KEY = counting(32, 9);
export const pair = rsaPair();
export const keys = { publicKey: pair.publicForms.JWK, privateKey: pair.privateForms.JWK };
export const aes = (key = KEY, more = {}) => rawAesKeyring({ namespace: "ns", name: "aes", key, ...more });
export const rsa = (more = {}) =>
  rawRsaKeyring({ namespace: "ns", name: "rsa", padding: "oaep-sha1", ...keys, ...more });
/** KMS that wraps in clear, by hand and as a keyring. */
export const kmsInClear: KmsByHand = { encrypt: async (dataKey) => dataKey, decrypt: async (edk) => edk };
export const kms = () =>
  clear("S3Keyring", {
    unwrap: ([edk]) => ({ dataKey: new Uint8Array(edk!.ciphertext), opened: edk! }),
  });
export const PAIRS = { tenant: "t1" };
export const GCM = "AES/GCM/NoPadding";
export const CBC = "AES/CBC/PKCS5Padding";

export const ALL = { wrappingAlgorithms: true, unauthenticatedModes: true } as const;
export const ALLOW = "require-encrypt-allow-decrypt";

/** An object of the format that the wrap is of. */
export const writeOlder = (
  plaintext: Uint8Array,
  wrap: V1Wrap | V2Wrap,
  { content, ...more }: V2Options & { readonly content: ContentAlgorithm },
): Promise<WrittenObject> =>
  "name" in wrap
    ? writeObjectV2(plaintext, wrap, { content, unencryptedLength: true, ...more })
    : writeObjectV1(plaintext, wrap, { unencryptedLength: true, ...more });
