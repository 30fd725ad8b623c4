import { andThen } from "../awaitable.ts";
import { HierarchyError, isKeyfoldError } from "../errors.ts";
import { openedKey, wrappedKey } from "../keyrings/ask.ts";
import type { Keyring, KeyringRequest } from "../keyrings/keyring.ts";
import type { Awaitable, EncryptedDataKey, EncryptionContext } from "../types.ts";
import type { MailboxPlace } from "./mailbox-place.ts";

/** Bytes of a mailbox secret: a symmetric mailbox key, or what seals an asymmetric mailbox's private key. */
export const SECRET_LENGTH = 32;

/** The pairs by which a wrapped secret is bound to its mailbox and version. */
export const ID_PAIR = "keyfold:mailbox-id";
export const VERSION_PAIR = "keyfold:mailbox-version";

/** How an organisation wraps: under which pairs, and whether those of the mailbox are among them. */
export interface Binding {
  readonly encryptionContext: EncryptionContext;
  readonly bindMailbox: boolean;
}

/** A mailbox secret, wrapped by the organisation: for a KMS keyring, by kms:Encrypt. */
export function wrapSecret(
  organization: Keyring,
  binding: Binding,
  place: MailboxPlace,
  secret: Uint8Array,
  signal: AbortSignal | undefined,
): Awaitable<readonly EncryptedDataKey[]> {
  return wrappedKey(organization, secret, secretRequest(binding, place, signal));
}

/** A mailbox secret, unwrapped by the organisation. `verifying`: it has just wrapped it, and proves that it opens. */
export async function unwrapSecret(
  organization: Keyring,
  binding: Binding,
  place: MailboxPlace,
  wrapped: readonly EncryptedDataKey[],
  signal: AbortSignal | undefined,
  verifying?: boolean,
): Promise<Uint8Array> {
  try {
    const request = secretRequest(binding, place, signal);
    return await andThen(openedKey(organization, wrapped, request, verifying), ({ dataKey }) => dataKey);
  } catch (error) {
    if (!isKeyfoldError(error, "ERR_NO_DATA_KEY")) throw error;
    throw new HierarchyError(
      "ERR_HIERARCHY_UNWRAP",
      { level: "mailbox", keyId: place.id },
      `the organization's keyring does not open its key of version ${place.version}. It was wrapped by another organization, under another encryption context or for another mailbox, or KMS refuses. ${error.message}`,
      { cause: error },
    );
  }
}

/** Whether a write of today would wrap under the same keys; false also if the keyring cannot tell. */
export async function isWrappedBy(
  organization: Keyring,
  binding: Binding,
  place: MailboxPlace,
  wrapped: readonly EncryptedDataKey[],
): Promise<boolean> {
  try {
    return (await organization.isCurrent?.(wrapped, secretRequest(binding, place, undefined))) ?? false;
  } catch (error) {
    if (isKeyfoldError(error, "ERR_KEYRING")) return false;
    throw error;
  }
}

function secretRequest(
  { encryptionContext, bindMailbox }: Binding,
  { id, version }: MailboxPlace,
  signal: AbortSignal | undefined,
): KeyringRequest {
  const place = bindMailbox ? { [ID_PAIR]: id, [VERSION_PAIR]: version } : {};
  return {
    purpose: { kind: "key" },
    keyLength: SECRET_LENGTH,
    encryptionContext: { ...encryptionContext, ...place },
    signal,
  };
}
