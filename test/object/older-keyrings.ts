// The keys of older objects, as keyrings and as what the second writer wraps with.
import { rawAesKeyring, rawRsaKeyring } from "../../src/index.ts";
import { counting } from "../support/bytes.ts";
import { clear } from "../support/keyrings.ts";
import { rsaPair } from "../support/rsa.ts";
import * as older from "./older.ts";

export const KEY = counting(32, 9);
export const pair = rsaPair();
export const keys = { publicKey: pair.publicForms.JWK, privateKey: pair.privateForms.JWK };
export const aes = (key = KEY, more = {}) => rawAesKeyring({ namespace: "ns", name: "aes", key, ...more });
export const rsa = (more = {}) =>
  rawRsaKeyring({ namespace: "ns", name: "rsa", padding: "oaep-sha1", ...keys, ...more });
/** KMS that wraps in clear. */
export const kms = () =>
  clear("S3Keyring", {
    unwrap: ([edk]) => ({ dataKey: new Uint8Array(edk!.ciphertext), opened: edk! }),
  });
export const PAIRS = { tenant: "t1" };
export const bound = (cek: "gcm" | "cbc") => ({ ...PAIRS, "aws:x-amz-cek-alg": older.CEK[cek] });

export const ALL = { wrappingAlgorithms: true, unauthenticatedModes: true } as const;
export const ALLOW = "require-encrypt-allow-decrypt";
