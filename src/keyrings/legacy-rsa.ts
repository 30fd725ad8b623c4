import type { RsaPrivateKey } from "../crypto/backend.ts";
import type { EncryptedDataKey } from "../types.ts";
import type { UnwrapRequest } from "./keyring.ts";
import { isObjectEdk } from "./purpose.ts";

const OAEP = "RSA/ECB/OAEPWithSHA-256AndMGF1Padding";

/** Whether an older writer wrapped this S3 object's data key under RSA. */
export function isLegacyRsaEdk(edk: EncryptedDataKey): boolean {
  return isObjectEdk(edk, OAEP) || isObjectEdk(edk, "RSA");
}

/** The bare data key: older wraps do not frame it. Format V1's PKCS#1 v1.5 never fails, and may answer another key. */
export async function unwrapLegacyRsa(
  key: RsaPrivateKey,
  edk: EncryptedDataKey,
  { purpose, keyLength }: UnwrapRequest,
): Promise<Uint8Array | null> {
  const ciphers = purpose.kind === "object" ? purpose.legacy : undefined;
  if (ciphers === undefined) return null;
  const dataKey = isObjectEdk(edk, OAEP)
    ? await ciphers.decryptLegacyOaep(key, edk.ciphertext)
    : await key.decrypt("pkcs1", edk.ciphertext, keyLength);
  if (dataKey === null || dataKey.length === keyLength) return dataKey;
  dataKey.fill(0);
  return null;
}
