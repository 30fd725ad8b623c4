import { backend } from "#crypto";
import { invalidArgument } from "../arguments.ts";
import { andThen, firstAnswer } from "../awaitable.ts";
import { compareBytes, concat, copy, isAllZero, startsWith } from "../bytes/arrays.ts";
import { setU32 } from "../bytes/integers.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { Awaitable, EncryptedDataKey } from "../types.ts";
import type { Keyring, KeyringRequest, UnwrapRequest } from "./keyring.ts";
import { isLegacyAesEdk, unwrapLegacyAes } from "./legacy-aes.ts";
import {
  assertBound,
  formerAad,
  isObjectEdk,
  objectEdk,
  otherLabel,
  unboundContext,
  wrapAad,
} from "./purpose.ts";
import { checkNames, type RawKeyringNames, sameLabel } from "./raw-options.ts";

/** Options of {@link rawAesKeyring}. */
export interface RawAesKeyringOptions extends RawKeyringNames {
  /** The wrapping key: 16, 24 or 32 random bytes. Copied. */
  readonly key: Uint8Array;
}

const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const WRAP = "AES/GCM";
const NOT_MINE = "wrapped under another namespace, name or algorithm";

/**
 * Wraps data keys with an AES-GCM key that you hold (framework/raw-aes-keyring). Works without any network; the
 * encryption context is bound to the wrapping in messages, and is not in S3 objects.
 *
 * @throws `TypeError` if the key has another length or is all zeros, or the namespace begins with `aws-kms`. At use:
 * `NoDataKeyError` if nothing opens; `EncryptionContextError` for pairs with an S3 object.
 *
 * @example
 * ```ts
 * import { createEncryptionClient, rawAesKeyring } from "keyfold";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const keyring = rawAesKeyring({ namespace: "orders", name: "2026-01", key });
 * const client = createEncryptionClient({ keyring });
 * ```
 */
export function rawAesKeyring(options: RawAesKeyringOptions): Keyring {
  checkNames("rawAesKeyring", options);
  const { namespace, name, materialsDescription } = options;
  const key = checkedKey(options.key);
  const cipher = backend.aesGcm(key);
  const prefix = providerInfoPrefix(name);

  const isMine = (edk: EncryptedDataKey, { purpose }: KeyringRequest): boolean =>
    purpose.kind === "object"
      ? isObjectEdk(edk, WRAP) || (purpose.legacy !== undefined && isLegacyAesEdk(edk))
      : edk.providerId === namespace &&
        edk.providerInfo.length === prefix.length + IV_LENGTH &&
        startsWith(edk.providerInfo, prefix);

  const open = (edk: EncryptedDataKey, request: UnwrapRequest): Awaitable<Uint8Array | null> => {
    if (request.purpose.kind === "object" && isLegacyAesEdk(edk)) return unwrapLegacyAes(key, edk, request);
    const sealed =
      request.purpose.kind === "object"
        ? { iv: edk.ciphertext.subarray(0, IV_LENGTH), ciphertext: edk.ciphertext.subarray(IV_LENGTH) }
        : { iv: edk.providerInfo.subarray(prefix.length), ciphertext: edk.ciphertext };
    if (sealed.ciphertext.length !== request.keyLength + TAG_LENGTH) return null;
    const aad = wrapAad(request);
    return andThen(cipher.open(sealed.iv, sealed.ciphertext, aad), (dataKey) => {
      if (dataKey !== null) return dataKey;
      const former = formerAad(request);
      if (compareBytes(aad, former) === 0) return null;
      return cipher.open(sealed.iv, sealed.ciphertext, former);
    });
  };

  return {
    name: `raw AES ${namespace}/${name}`,
    objectWrap: WRAP,

    wrap(dataKey, request) {
      assertBound(request);
      const iv = backend.randomBytes(IV_LENGTH);
      const ciphertext = new Uint8Array(dataKey.length + TAG_LENGTH);
      return andThen(cipher.seal(iv, dataKey, wrapAad(request), ciphertext, 0), () => [
        request.purpose.kind === "object"
          ? objectEdk(WRAP, concat(iv, ciphertext), materialsDescription)
          : { providerId: namespace, providerInfo: concat(prefix, iv), ciphertext },
      ]);
    },

    unwrap: (edks, request) =>
      firstAnswer(edks, (edk) => {
        const reason = isMine(edk, request)
          ? (unboundContext(request) ?? otherLabel(edk, materialsDescription))
          : NOT_MINE;
        if (reason !== null) {
          request.note(edk, "skipped", reason);
          return null;
        }
        return andThen(open(edk, request), (dataKey) => {
          if (dataKey !== null) return { dataKey, opened: edk };
          request.note(
            edk,
            "failed",
            "does not open: another key of this name, another context, or altered bytes",
          );
          return null;
        });
      }),

    isCurrent: (edks, request) =>
      edks.length === 1 &&
      isMine(edks[0]!, request) &&
      (request.purpose.kind !== "object" || sameLabel(edks[0]!.label, materialsDescription)),
  };
}

/** Key name, tag length in bits, IV length in bytes; the IV follows (framework/raw-aes-keyring, "Key Provider Information"). */
function providerInfoPrefix(name: string): Uint8Array {
  const lengths = new Uint8Array(8);
  setU32(lengths, 0, TAG_LENGTH * 8);
  setU32(lengths, 4, IV_LENGTH);
  return concat(utf8(name), lengths);
}

function checkedKey(key: Uint8Array): Uint8Array {
  if (!(key instanceof Uint8Array) || ![16, 24, 32].includes(key.length)) {
    throw invalidArgument("rawAesKeyring: key must be a Uint8Array of 16, 24 or 32 bytes.");
  }
  if (isAllZero(key)) throw invalidArgument("rawAesKeyring: key is all zeros; was it wiped before use?");
  return copy(key);
}
