import { backend } from "#crypto";
import { andThen } from "../awaitable.ts";
import { concat } from "../bytes/arrays.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { Awaitable } from "../types.ts";
import { type MailboxPlace, placeBytes } from "./mailbox-place.ts";
import { IV_LENGTH, SALT_LENGTH, TAG_LENGTH, unwrapUnder, wrapUnder } from "./wrapping.ts";

// Data keys under a symmetric mailbox key: salt, IV, wrapped key, tag.

const LABEL: Uint8Array = utf8("keyfold-mailbox");

export function wrapByKey(
  key: Uint8Array,
  place: MailboxPlace,
  dataKey: Uint8Array,
  context: Uint8Array,
): Awaitable<Uint8Array> {
  const salt = backend.randomBytes(SALT_LENGTH);
  const iv = backend.randomBytes(IV_LENGTH);
  const aad = concat(placeBytes(LABEL, place), context);
  return andThen(wrapUnder({ key, label: LABEL, input: salt }, iv, dataKey, aad), (wrapped) =>
    concat(salt, iv, wrapped),
  );
}

/** Null: it does not open. */
export function unwrapByKey(
  key: Uint8Array,
  place: MailboxPlace,
  ciphertext: Uint8Array,
  context: Uint8Array,
): Awaitable<Uint8Array | null> {
  const start = SALT_LENGTH + IV_LENGTH;
  if (ciphertext.length < start + TAG_LENGTH) return null;
  const salt = ciphertext.subarray(0, SALT_LENGTH);
  const iv = ciphertext.subarray(SALT_LENGTH, start);
  const aad = concat(placeBytes(LABEL, place), context);
  return unwrapUnder({ key, label: LABEL, input: salt }, iv, ciphertext.subarray(start), aad);
}
