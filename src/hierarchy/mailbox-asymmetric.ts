import { backend } from "#crypto";
import { concat } from "../bytes/arrays.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { RsaPrivateKey, RsaPublicKey } from "../crypto/backend.ts";
import { type MailboxPlace, placeBytes } from "./mailbox-place.ts";
import { IV_LENGTH, TAG_LENGTH, unwrapUnder, wrapUnder } from "./wrapping.ts";

// Data keys under an asymmetric mailbox's key pair. RSA binds no context; so it wraps a random secret, and place and
// context go into what is derived from that: RSA ciphertext, IV, wrapped key, tag.

const LABEL: Uint8Array = utf8("keyfold-mailbox-rsa");
const PADDING = "oaep-sha256";
const SECRET_LENGTH = 32;

export async function wrapByPublicKey(
  publicKey: RsaPublicKey,
  place: MailboxPlace,
  dataKey: Uint8Array,
  context: Uint8Array,
): Promise<Uint8Array> {
  const key = backend.randomBytes(SECRET_LENGTH);
  const iv = backend.randomBytes(IV_LENGTH);
  const aad = concat(placeBytes(LABEL, place), context);
  try {
    const secret = await publicKey.encrypt(PADDING, key);
    return concat(secret, iv, await wrapUnder({ key, label: LABEL, input: aad }, iv, dataKey, aad));
  } finally {
    key.fill(0);
  }
}

/** Null: it does not open. */
export async function unwrapByPrivateKey(
  privateKey: RsaPrivateKey,
  place: MailboxPlace,
  ciphertext: Uint8Array,
  context: Uint8Array,
  keyLength: number,
): Promise<Uint8Array | null> {
  const wrappedAt = ciphertext.length - keyLength - TAG_LENGTH;
  const ivAt = wrappedAt - IV_LENGTH;
  if (ivAt <= 0) return null;
  const key = await privateKey.decrypt(PADDING, ciphertext.subarray(0, ivAt), SECRET_LENGTH);
  if (key === null) return null;
  const aad = concat(placeBytes(LABEL, place), context);
  const iv = ciphertext.subarray(ivAt, wrappedAt);
  try {
    return await unwrapUnder({ key, label: LABEL, input: aad }, iv, ciphertext.subarray(wrappedAt), aad);
  } finally {
    key.fill(0);
  }
}
