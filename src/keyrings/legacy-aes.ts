import { copy } from "../bytes/arrays.ts";
import { withoutPadding } from "../object/padding.ts";
import type { EncryptedDataKey } from "../types.ts";
import type { UnwrapRequest } from "./keyring.ts";
import { isObjectEdk } from "./purpose.ts";

const BLOCK = 16;

/** Whether an older writer wrapped this S3 object's data key under AES. */
export function isLegacyAesEdk(edk: EncryptedDataKey): boolean {
  return isObjectEdk(edk, "AESWrap") || isObjectEdk(edk, "AES");
}

/** AES key wrap (RFC 3394), or format V1's AES-ECB with padding, which nothing authenticates. Null: it does not open. */
export function unwrapLegacyAes(
  key: Uint8Array,
  edk: EncryptedDataKey,
  { purpose, keyLength }: UnwrapRequest,
): Uint8Array | null {
  const ciphers = purpose.kind === "object" ? purpose.legacy : undefined;
  if (ciphers === undefined) return null;
  if (isObjectEdk(edk, "AESWrap")) {
    return edk.ciphertext.length === keyLength + 8 ? ciphers.unwrapAes(key, edk.ciphertext) : null;
  }
  if (edk.ciphertext.length !== keyLength + BLOCK) return null;
  const padded = ciphers.decryptEcb(key, edk.ciphertext);
  const plaintext = withoutPadding(padded);
  const dataKey = plaintext?.length === keyLength ? copy(plaintext) : null;
  padded.fill(0);
  return dataKey;
}
