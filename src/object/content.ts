import { backend } from "#crypto";
import { AuthenticationError, LimitError, TruncatedError } from "../errors.ts";

const TAG_LENGTH = 16;
/** The most plaintext that AES-GCM may seal under one IV. */
const MAX_PLAINTEXT = 2 ** 36 - 32;
// Safe although fixed: the content key is derived for this object alone.
const IV: Uint8Array = new Uint8Array(12).fill(1);

/** Seals the body of a V3 object: ciphertext, then the tag (s3-encryption/encryption). */
export async function sealContent(
  contentKey: Uint8Array,
  suiteId: number,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  if (plaintext.length > MAX_PLAINTEXT) {
    throw new LimitError("MAX_PLAINTEXT", plaintext.length, MAX_PLAINTEXT, "Bytes of one object");
  }
  const body = new Uint8Array(plaintext.length + TAG_LENGTH);
  await backend.aesGcm(contentKey).seal(IV, plaintext, aadOf(suiteId), body, 0);
  return body;
}

/** Opens the body of a V3 object, whole. */
export async function openContent(
  contentKey: Uint8Array,
  suiteId: number,
  body: Uint8Array,
): Promise<Uint8Array> {
  if (body.length < TAG_LENGTH) throw new TruncatedError("the object's body");
  const plaintext = await backend.aesGcm(contentKey).open(IV, body, aadOf(suiteId));
  if (plaintext === null) throw new AuthenticationError();
  return plaintext;
}

function aadOf(suiteId: number): Uint8Array {
  return Uint8Array.of(suiteId >> 8, suiteId & 0xff);
}
