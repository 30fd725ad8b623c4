import { backend } from "#crypto";
import { andThen } from "../awaitable.ts";
import { concat } from "../bytes/arrays.ts";
import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { utf8 } from "../bytes/utf8.ts";
import { parseUuid } from "../bytes/uuid.ts";
import type { KeyringRequest } from "../keyrings/keyring.ts";
import { isObjectEdk, objectEdk, wrapAad } from "../keyrings/purpose.ts";
import { serializeContext } from "../message/context.ts";
import type { ObjectWrap } from "../object/wraps.ts";
import type { Awaitable, EncryptedDataKey } from "../types.ts";
import { type MailboxPlace, placeBytes } from "./mailbox-place.ts";
import { type Derivation, IV_LENGTH, SALT_LENGTH, TAG_LENGTH, unwrapUnder, wrapUnder } from "./wrapping.ts";

// Data keys of S3 objects under a symmetric mailbox key. Their format has room for an IV, the wrapped key and its tag,
// and says what the additional data are. So what binds goes into the derivation, and the salt into the label.

export const OBJECT_WRAP: ObjectWrap = "AES/GCM";

const LABEL: Uint8Array = utf8("keyfold-mailbox-object");
/** Names of the label. */
const MAILBOX = "keyfold-mailbox";
const VERSION = "keyfold-mailbox-version";
const SALT = "keyfold-mailbox-salt";

/** What the label of an object's data key says. Not authentic by itself: a data key opens by its own label alone. */
export interface ObjectPlace extends MailboxPlace {
  readonly salt: Uint8Array;
}

export function wrapForObject(
  key: Uint8Array,
  { id, version }: MailboxPlace,
  dataKey: Uint8Array,
  request: KeyringRequest,
): Awaitable<EncryptedDataKey> {
  const place = { id, version, salt: backend.randomBytes(SALT_LENGTH) };
  const iv = backend.randomBytes(IV_LENGTH);
  const label = { [MAILBOX]: id, [VERSION]: version, [SALT]: toBase64(place.salt) };
  return andThen(wrapUnder(derivation(key, place, request), iv, dataKey, wrapAad(request)), (wrapped) =>
    objectEdk(OBJECT_WRAP, concat(iv, wrapped), label),
  );
}

/** Null: it does not open. */
export function unwrapOfObject(
  key: Uint8Array,
  place: ObjectPlace,
  { ciphertext }: EncryptedDataKey,
  request: KeyringRequest,
): Awaitable<Uint8Array | null> {
  if (ciphertext.length !== IV_LENGTH + request.keyLength + TAG_LENGTH) return null;
  const iv = ciphertext.subarray(0, IV_LENGTH);
  return unwrapUnder(derivation(key, place, request), iv, ciphertext.subarray(IV_LENGTH), wrapAad(request));
}

/** The place that an object's data key names; null if it names none. */
export function objectPlaceOf(edk: EncryptedDataKey): ObjectPlace | null {
  if (!isObjectEdk(edk, OBJECT_WRAP)) return null;
  const { [MAILBOX]: id, [VERSION]: version, [SALT]: salt64 } = edk.label ?? {};
  if (id === undefined || version === undefined || salt64 === undefined) return null;
  const salt = fromBase64(salt64);
  return parseUuid(version) !== null && salt?.length === SALT_LENGTH ? { id, version, salt } : null;
}

function derivation(key: Uint8Array, place: ObjectPlace, { encryptionContext }: KeyringRequest): Derivation {
  const input = concat(placeBytes(place.salt, place), serializeContext(encryptionContext));
  return { key, label: LABEL, input };
}
