import { concat } from "../bytes/arrays.ts";
import { setU16 } from "../bytes/integers.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { EncryptedDataKey } from "../types.ts";

/** The longest field of an encrypted data key, and the most keys of one message: each length has two bytes. */
export const MAX_EDK_FIELD = 0xffff;

/** Count and entries (data-format/message-header, "Encrypted Data Keys"). Field lengths have been checked. */
export function serializeEdks(edks: readonly EncryptedDataKey[]): Uint8Array {
  const parts: Uint8Array[] = [u16(edks.length)];
  for (const { providerId, providerInfo, ciphertext } of edks) {
    for (const field of [utf8(providerId), providerInfo, ciphertext]) parts.push(u16(field.length), field);
  }
  return concat(...parts);
}

function u16(value: number): Uint8Array {
  const out = new Uint8Array(2);
  setU16(out, 0, value);
  return out;
}
