import { invalidArgument, isMisuse } from "../arguments.ts";
import { andThen, attempt, firstAnswer, lastly } from "../awaitable.ts";
import { fromUtf8, utf8 } from "../bytes/utf8.ts";
import { HierarchyError, KeyringError } from "../errors.ts";
import type { Keyring, KeyringRequest, UnwrapRequest } from "../keyrings/keyring.ts";
import { serializeContext } from "../message/context.ts";
import type { Awaitable, EncryptedDataKey, EncryptionContext } from "../types.ts";
import { unwrapByPrivateKey, wrapByPublicKey } from "./mailbox-asymmetric.ts";
import { checkMailboxId } from "./mailbox-id.ts";
import {
  OBJECT_WRAP,
  type ObjectPlace,
  objectPlaceOf,
  unwrapOfObject,
  wrapForObject,
} from "./mailbox-object.ts";
import { publicKeyFingerprint } from "./mailbox-pair.ts";
import { type MailboxPlace, parsePlaceName, placeName } from "./mailbox-place.ts";
import type { MailboxKind } from "./mailbox-record.ts";
import type { MailboxHead, MailboxKey } from "./mailbox-source.ts";
import { unwrapByKey, wrapByKey } from "./mailbox-symmetric.ts";
import type { VersionedKeys } from "./versioned-keys.ts";

/** A mailbox, or which one by the encryption context: `({ mailbox }) => mailbox`. */
export type MailboxChoice = string | ((encryptionContext: EncryptionContext) => string);

/** Options of a mailbox's keyring. */
export interface MailboxKeyringOptions {
  /**
   * Asymmetric mailboxes: the fingerprints of the public keys that may be sealed for, as `create` and `rotate` answer
   * them. Whoever can write to the store could else put a public key of their own there. Default: any.
   */
  readonly publicKeyFingerprints?: readonly string[];
}

type MailboxKeyCache = VersionedKeys<MailboxHead, MailboxKey>;

const PROVIDER: Readonly<Record<MailboxKind, string>> = {
  symmetric: "keyfold-mailbox",
  asymmetric: "keyfold-mailbox-rsa",
};

/** A keyring that wraps data keys under the keys of one mailbox, or of one for each context. */
export function mailboxKeyring(
  keys: MailboxKeyCache,
  mailbox: MailboxChoice,
  { publicKeyFingerprints: pinned }: MailboxKeyringOptions,
): Keyring {
  const idFor = idChooser(mailbox);
  if (pinned !== undefined && !(Array.isArray(pinned) && pinned.every((one) => typeof one === "string"))) {
    throw invalidArgument("keyring: publicKeyFingerprints must be an array of strings.");
  }
  const name = typeof mailbox === "string" ? `mailbox ${mailbox}` : "mailboxes";

  return {
    name,
    objectWrap: OBJECT_WRAP,
    bindsObjectContext: true,

    wrap(dataKey, request) {
      const use = { id: idFor(request.encryptionContext), signal: request.signal };
      return andThen(keys.head(use), (head) => {
        if (head.current.kind === "symmetric") return wrapSymmetric(keys, use, head, dataKey, request);
        if (request.purpose.kind === "object") throw new KeyringError(name, needsSymmetric(use.id));
        return wrapAsymmetric(head, pinned, dataKey, request);
      });
    },

    unwrap: (edks, request) =>
      firstAnswer(edks, (edk) =>
        andThen(unwrap(keys, idFor, edk, request), (dataKey) => dataKey && { dataKey, opened: edk }),
      ),

    isCurrent([edk, ...others], { purpose, encryptionContext, signal }) {
      const id = idFor(encryptionContext);
      if (edk === undefined || others.length > 0) return false;
      return andThen(keys.head({ id, signal }), ({ current: { kind, version } }) => {
        if (purpose.kind === "object") {
          const place = objectPlaceOf(edk);
          return kind === "symmetric" && place?.id === id && place.version === version;
        }
        const name = fromUtf8(edk.providerInfo);
        return edk.providerId === PROVIDER[kind] && name === placeName({ id, version });
      });
    },
  };
}

/** Objects have no room for what RSA makes of a data key and its context. */
function needsSymmetric(id: string): string {
  return `S3 objects need a symmetric mailbox, and ${JSON.stringify(id)} is asymmetric. rotate(id, { kind: "symmetric" }) makes it one; what was sealed before stays readable.`;
}

function wrapSymmetric(
  keys: MailboxKeyCache,
  use: { readonly id: string; readonly signal: AbortSignal | undefined },
  head: MailboxHead,
  dataKey: Uint8Array,
  request: KeyringRequest,
): Awaitable<readonly EncryptedDataKey[]> {
  return andThen(keys.ofHead(use, head), ({ secret }) => {
    const place = { id: use.id, version: head.current.version };
    return lastly(
      () =>
        request.purpose.kind === "object"
          ? andThen(wrapForObject(secret.bytes, place, dataKey, request), (edk) => [edk])
          : andThen(
              wrapByKey(secret.bytes, place, dataKey, serializeContext(request.encryptionContext)),
              (ciphertext) => [edkOf("symmetric", place, ciphertext)],
            ),
      () => secret.release(),
    );
  });
}

async function wrapAsymmetric(
  { record: { id }, current, publicKey }: MailboxHead,
  pinned: readonly string[] | undefined,
  dataKey: Uint8Array,
  { encryptionContext }: KeyringRequest,
): Promise<readonly EncryptedDataKey[]> {
  const place = { id, version: current.version };
  if (pinned !== undefined && current.kind === "asymmetric") {
    const fingerprint = publicKeyFingerprint(current.publicKey);
    if (!pinned.includes(fingerprint)) {
      throw new HierarchyError(
        "ERR_HIERARCHY_RECORD",
        { level: "mailbox", keyId: id },
        `the public key in the store (${fingerprint}) is none of the pinned ones, and nothing was sealed for it. If the mailbox was rotated, pin the fingerprint that rotate() answered; else somebody swapped the key.`,
      );
    }
  }
  const context = serializeContext(encryptionContext);
  return [edkOf("asymmetric", place, await wrapByPublicKey(await publicKey(), place, dataKey, context))];
}

function edkOf(kind: MailboxKind, place: MailboxPlace, ciphertext: Uint8Array): EncryptedDataKey {
  return { providerId: PROVIDER[kind], providerInfo: utf8(placeName(place)), ciphertext };
}

/** The data key; null once it is noted why there is none. */
function unwrap(
  keys: MailboxKeyCache,
  idFor: (encryptionContext: EncryptionContext) => string,
  edk: EncryptedDataKey,
  request: UnwrapRequest,
): Awaitable<Uint8Array | null> {
  const { encryptionContext, signal } = request;
  const note = (status: "skipped" | "failed", reason: string, cause?: unknown) => {
    request.note(edk, status, reason, cause);
    return null;
  };
  const isObject = request.purpose.kind === "object";
  const place = isObject ? objectPlaceOf(edk) : placeOf(edk);
  if (place === null) {
    const reason = isObject
      ? "its label names no mailbox, version and salt"
      : "not wrapped under a mailbox key";
    return note("skipped", reason);
  }
  const failed = (error: unknown) => {
    signal?.throwIfAborted();
    return note("failed", error instanceof Error ? error.message : String(error), error);
  };
  let id: string;
  try {
    id = idFor(encryptionContext);
  } catch (error) {
    // A message that names no mailbox is no misuse: another keyring may open it.
    return failed(error);
  }
  if (place.id !== id) {
    return note("skipped", `wrapped under mailbox ${JSON.stringify(place.id)}, not ${JSON.stringify(id)}`);
  }
  const doesNotOpen = `does not open under mailbox key ${placeName(place)}: another context, or altered bytes`;
  return attempt(
    () =>
      andThen(keys.forReading({ id, signal }, place.version), (key) =>
        lastly(
          () => andThen(open(key, place, edk, request), (dataKey) => dataKey ?? note("failed", doesNotOpen)),
          () => key.secret.release(),
        ),
      ),
    (error) => {
      if (isMisuse(error)) throw error;
      return failed(error);
    },
  );
}

function open(
  { secret, privateKey }: MailboxKey,
  place: MailboxPlace | ObjectPlace,
  edk: EncryptedDataKey,
  request: UnwrapRequest,
): Awaitable<Uint8Array | null> {
  if ("salt" in place) return privateKey === null ? unwrapOfObject(secret.bytes, place, edk, request) : null;
  const { providerId, ciphertext } = edk;
  const { encryptionContext, keyLength } = request;
  // What an asymmetric version wrapped does not open under a symmetric one, whatever the message says.
  if (providerId !== PROVIDER[privateKey === null ? "symmetric" : "asymmetric"]) return null;
  const context = serializeContext(encryptionContext);
  return privateKey === null
    ? unwrapByKey(secret.bytes, place, ciphertext, context)
    : unwrapByPrivateKey(privateKey, place, ciphertext, context, keyLength);
}

function placeOf({ providerId, providerInfo }: EncryptedDataKey): MailboxPlace | null {
  if (providerId !== PROVIDER.symmetric && providerId !== PROVIDER.asymmetric) return null;
  const name = fromUtf8(providerInfo);
  return name === null ? null : parsePlaceName(name);
}

function idChooser(mailbox: MailboxChoice): (encryptionContext: EncryptionContext) => string {
  const checked = (id: string) => {
    checkMailboxId("keyring", id);
    return id;
  };
  if (typeof mailbox === "function") return (context) => checked(mailbox(context));
  const id = checked(mailbox);
  return () => id;
}
