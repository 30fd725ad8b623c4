import { backend } from "#crypto";
import { concat, copy, EMPTY } from "../bytes/arrays.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { RsaPrivateKey } from "../crypto/backend.ts";
import { publicHalf } from "../crypto/rsa-key.ts";
import { HierarchyError } from "../errors.ts";
import { type MailboxPlace, placeBytes } from "./mailbox-place.ts";
import type { StoredVersion } from "./mailbox-record.ts";
import { IV_LENGTH, TAG_LENGTH, unwrapUnder, wrapUnder } from "./wrapping.ts";

/** The RSA key pair of a version of an asymmetric mailbox. */
export type StoredPair = Pick<
  Extract<StoredVersion, { kind: "asymmetric" }>,
  "publicKey" | "sealedPrivateKey"
>;

const BITS = 2048;
const LABEL: Uint8Array = utf8("keyfold-mailbox-private-key");

/** How a public key is named: SHA-256 of its SPKI, in base64. */
export const publicKeyFingerprint = (publicKey: Uint8Array): string => backend.fingerprint(publicKey);

/** A fresh key pair, its private key sealed under the mailbox secret and bound to its place and public key. */
export async function newPair(place: MailboxPlace, secret: Uint8Array): Promise<StoredPair> {
  const { publicKey, privateKey } = await backend.rsaKeyPair(BITS);
  const iv = backend.randomBytes(IV_LENGTH);
  try {
    const sealed = await wrapUnder(derivation(secret), iv, privateKey, aadOf(place, publicKey));
    return { publicKey: copy(publicKey), sealedPrivateKey: concat(iv, sealed) };
  } finally {
    privateKey.fill(0);
  }
}

/** The private key (PKCS#8) of a pair, once it is sure that it is that of the public key. */
export async function openPair(
  place: MailboxPlace,
  { publicKey, sealedPrivateKey }: StoredPair,
  secret: Uint8Array,
): Promise<Uint8Array> {
  const bad = (what: string) =>
    new HierarchyError(
      "ERR_HIERARCHY_RECORD",
      { level: "mailbox", keyId: place.id },
      `${what} (version ${place.version}). Somebody changed its record in the store: restore it, and mind that what was sealed under a swapped public key was sealed for somebody else.`,
    );
  if (sealedPrivateKey.length < IV_LENGTH + TAG_LENGTH) throw bad("its private key is cut short");
  const iv = sealedPrivateKey.subarray(0, IV_LENGTH);
  const sealed = sealedPrivateKey.subarray(IV_LENGTH);
  const privateKey = await unwrapUnder(derivation(secret), iv, sealed, aadOf(place, publicKey));
  if (privateKey === null) {
    throw bad("its private key does not open, or was not made with the public key that stands beside it");
  }
  const half = publicHalf(privateKey);
  if (half !== null && publicKeyFingerprint(half) === publicKeyFingerprint(publicKey)) return privateKey;
  privateKey.fill(0);
  throw bad("its private key does not match its public key");
}

/** A private key ready for use. The runtime's own copy of it cannot be wiped. */
export function importPrivateKey(pkcs8: Uint8Array): RsaPrivateKey | Promise<RsaPrivateKey> {
  return backend.rsaPrivateKey({ kind: "private", der: pkcs8 });
}

/** Used once for each secret: nothing else needs to tell its wrapping key apart. */
function derivation(secret: Uint8Array) {
  return { key: secret, label: LABEL, input: EMPTY };
}

function aadOf(place: MailboxPlace, publicKey: Uint8Array): Uint8Array {
  return concat(placeBytes(LABEL, place), utf8(publicKeyFingerprint(publicKey)));
}
