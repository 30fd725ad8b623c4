import { copy, scratch } from "../bytes/arrays.ts";
import { setField, setText } from "../bytes/fields.ts";
import { getU16, setU16 } from "../bytes/integers.ts";
import { fromUtf8, utf8Length } from "../bytes/utf8.ts";
import { MessageFormatError } from "../errors.ts";
import type { EncryptedDataKey } from "../types.ts";

/** The longest field of an encrypted data key, and the most keys of one message: each length has two bytes. */
export const MAX_EDK_FIELD = 0xffff;

/** Reads the list that begins at `offset` of a header whose length is known. The keys are views of these bytes. */
export function parseEdks(bytes: Uint8Array, offset: number): { edks: EncryptedDataKey[]; end: number } {
  const count = getU16(bytes, offset);
  const edks: EncryptedDataKey[] = [];
  let end = offset + 2;
  /** Steps behind the next field, and answers where its bytes begin. */
  const next = () => {
    const start = end + 2;
    end = start + getU16(bytes, end);
    return start;
  };
  const field = () => bytes.subarray(next(), end);
  for (let i = 0; i < count; i++) {
    const idAt = end;
    const providerId = fromUtf8(bytes, next(), end);
    if (providerId === null) throw new MessageFormatError("A key provider id is not valid UTF-8", idAt);
    edks.push({ providerId, providerInfo: field(), ciphertext: field() });
  }
  return { edks, end };
}

/** Count and entries (data-format/message-header, "Encrypted Data Keys"). Field lengths have been checked. */
export function serializeEdks(edks: readonly EncryptedDataKey[]): Uint8Array {
  let length = 2;
  for (const { providerId, providerInfo, ciphertext } of edks) {
    length += 6 + utf8Length(providerId) + providerInfo.length + ciphertext.length;
  }
  const out = scratch(length);
  setU16(out, 0, edks.length);
  let offset = 2;
  for (const { providerId, providerInfo, ciphertext } of edks) {
    offset = setText(out, offset, providerId);
    offset = setField(out, offset, providerInfo);
    offset = setField(out, offset, ciphertext);
  }
  return out;
}

/** In bytes of its own: for handing out what others read too. */
export function copyEdk(edk: EncryptedDataKey): EncryptedDataKey {
  return { ...edk, providerInfo: copy(edk.providerInfo), ciphertext: copy(edk.ciphertext) };
}
