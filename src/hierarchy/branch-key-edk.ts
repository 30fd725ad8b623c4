import { backend } from "#crypto";
import { andThen } from "../awaitable.ts";
import { compareBytes, concat } from "../bytes/arrays.ts";
import { utf8 } from "../bytes/utf8.ts";
import { formatUuid, parseUuid } from "../bytes/uuid.ts";
import { type ContextOrder, serializeContext } from "../message/context.ts";
import type { Awaitable, EncryptedDataKey, EncryptionContext } from "../types.ts";
import { type Derivation, IV_LENGTH, SALT_LENGTH, TAG_LENGTH, unwrapUnder, wrapUnder } from "./wrapping.ts";

// The encrypted data key of AWS's hierarchical keyring (framework/aws-kms/aws-kms-hierarchical-keyring, "Ciphertext").

/** The provider id; also the label of the derivation, and the beginning of the AAD. */
export const HIERARCHY_PROVIDER = "aws-kms-hierarchy";
const LABEL = utf8(HIERARCHY_PROVIDER);

const UUID_LENGTH = 16;
const IV_START = SALT_LENGTH;
const VERSION_START = IV_START + IV_LENGTH;
const WRAPPED_START = VERSION_START + UUID_LENGTH;

/** Bytes of the ciphertext around a data key of this length. */
export function ciphertextLength(keyLength: number): number {
  return WRAPPED_START + keyLength + TAG_LENGTH;
}

/** The version in a ciphertext of the right length. */
export function versionOf({ ciphertext }: EncryptedDataKey): string {
  return formatUuid(ciphertext.subarray(VERSION_START, WRAPPED_START));
}

/** Which version of which branch key, and what is bound to the wrapping. */
export interface BranchKeyBinding {
  readonly branchKeyId: string;
  /** A UUID. */
  readonly version: string;
  readonly encryptionContext: EncryptionContext;
}

/** A data key, wrapped under a key that is derived of the branch key for it alone. Both keys are borrowed. */
export function wrapDataKey(
  branchKey: Uint8Array,
  dataKey: Uint8Array,
  binding: BranchKeyBinding,
): Awaitable<EncryptedDataKey> {
  const salt = backend.randomBytes(SALT_LENGTH);
  const iv = backend.randomBytes(IV_LENGTH);
  const wrapped = wrapUnder(derivation(branchKey, salt), iv, dataKey, aadOf(binding));
  return andThen(wrapped, (wrapped) => ({
    providerId: HIERARCHY_PROVIDER,
    providerInfo: utf8(binding.branchKeyId),
    ciphertext: concat(salt, iv, parseUuid(binding.version)!, wrapped),
  }));
}

/** The data key; null if it does not open. */
export function unwrapDataKey(
  branchKey: Uint8Array,
  { ciphertext }: EncryptedDataKey,
  binding: BranchKeyBinding,
): Awaitable<Uint8Array | null> {
  const from = derivation(branchKey, ciphertext.subarray(0, SALT_LENGTH));
  const iv = ciphertext.subarray(IV_START, VERSION_START);
  const wrapped = ciphertext.subarray(WRAPPED_START);
  const aad = aadOf(binding);
  return andThen(unwrapUnder(from, iv, wrapped, aad), (dataKey) => {
    if (dataKey !== null) return dataKey;
    // The official JavaScript keyring sorts the context by locale unless it is told otherwise. Read it; never write it.
    const localeAad = aadOf(binding, "locale");
    return compareBytes(aad, localeAad) === 0 ? null : unwrapUnder(from, iv, wrapped, localeAad);
  });
}

function derivation(branchKey: Uint8Array, salt: Uint8Array): Derivation {
  return { key: branchKey, label: LABEL, input: salt };
}

function aadOf(
  { branchKeyId, version, encryptionContext }: BranchKeyBinding,
  order: ContextOrder = "utf8",
): Uint8Array {
  return concat(LABEL, utf8(branchKeyId), parseUuid(version)!, serializeContext(encryptionContext, order));
}
