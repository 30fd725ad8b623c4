import { isMisuse } from "../arguments.ts";
import { andThen, attempt } from "../awaitable.ts";
import { isAllZero } from "../bytes/arrays.ts";
import { utf8Length } from "../bytes/utf8.ts";
import { isKeyfoldError, KeyringError, NoDataKeyError, type UnwrapReason } from "../errors.ts";
import { MAX_EDK_FIELD } from "../message/edks.ts";
import type { Awaitable, EncryptedDataKey } from "../types.ts";
import { generateDataKey, openDataKey } from "./data-key.ts";
import type {
  GeneratedDataKey,
  Keyring,
  KeyringRequest,
  UnwrappedDataKey,
  UnwrapRequest,
} from "./keyring.ts";

// How the library calls keyrings, which anybody may have written: what comes back is checked, and failures say why.

/** A fresh key of this keyring. */
export function freshKey(keyring: Keyring, request: KeyringRequest): Awaitable<GeneratedDataKey> {
  const answer = askKeyring(keyring, "make a data key", request.signal, () =>
    generateDataKey(keyring, request),
  );
  return andThen(answer, (generated) => {
    checkGenerated(keyring, generated, request.keyLength);
    return generated;
  });
}

/** A given key, wrapped by this keyring. */
export function wrappedKey(
  keyring: Keyring,
  key: Uint8Array,
  request: KeyringRequest,
): Awaitable<readonly EncryptedDataKey[]> {
  if (keyring.wrap === undefined)
    throw new KeyringError(keyring.name, "it cannot wrap a given key (no wrap).");
  const answer = askKeyring(keyring, "wrap a key", request.signal, () => keyring.wrap!(key, request));
  return andThen(answer, (edks) => {
    checkEdks(keyring, edks);
    return edks;
  });
}

/** The key in one of these, or an error that says of each why it did not open. `verifying`: see {@link UnwrapRequest}. */
export function openedKey(
  keyring: Keyring,
  edks: readonly EncryptedDataKey[],
  { purpose, keyLength, encryptionContext, signal }: KeyringRequest,
  verifying?: boolean,
): Awaitable<UnwrappedDataKey> {
  const reasons: UnwrapReason[] = [];
  const placeOf = placesOf(edks);
  const note: UnwrapRequest["note"] = (edk, status, reason, cause, name = keyring.name) => {
    const { providerId } = edk;
    const why = { keyring: name, index: placeOf(edk), providerId, status, reason };
    reasons.push(cause === undefined ? why : { ...why, cause });
  };
  const request = { purpose, keyLength, encryptionContext, signal, verifying, note };
  const answer = askKeyring(keyring, "open a data key", signal, () => openDataKey(keyring, edks, request));
  return andThen(answer, (unwrapped) => {
    if (unwrapped == null) throw nothingOpened(edks.length, reasons);
    checkUnwrapped(keyring, unwrapped, keyLength);
    return unwrapped;
  });
}

/** Calls a keyring. Its own errors, aborts and misuse pass; what a keyring of somebody else throws is wrapped. */
export function askKeyring<T>(
  keyring: Keyring,
  what: string,
  signal: AbortSignal | undefined,
  call: () => Awaitable<T>,
): Awaitable<T> {
  signal?.throwIfAborted();
  return attempt(call, (error) => {
    signal?.throwIfAborted();
    if (isKeyfoldError(error) || isMisuse(error)) throw error;
    throw new KeyringError(keyring.name, `it failed to ${what}.`, { cause: error });
  });
}

function checkGenerated(keyring: Keyring, generated: GeneratedDataKey, keyLength: number): void {
  checkDataKey(keyring, generated?.dataKey, keyLength);
  try {
    checkEdks(keyring, generated.encryptedDataKeys);
  } catch (error) {
    generated.dataKey.fill(0);
    throw error;
  }
}

function checkEdks(keyring: Keyring, edks: readonly EncryptedDataKey[]): void {
  if (Array.isArray(edks) && edks.length > 0 && edks.every(isEncryptedDataKey)) return;
  throw new KeyringError(
    keyring.name,
    `it must answer at least one encrypted data key, each field of at most ${MAX_EDK_FIELD} bytes.`,
  );
}

function checkUnwrapped(keyring: Keyring, { dataKey, opened }: UnwrappedDataKey, keyLength: number): void {
  checkDataKey(keyring, dataKey, keyLength);
  if (isEncryptedDataKey(opened)) return;
  dataKey.fill(0);
  throw new KeyringError(keyring.name, "it must say which encrypted data key it opened.");
}

function isEncryptedDataKey(edk: Partial<EncryptedDataKey> | undefined): boolean {
  const id = edk?.providerId;
  return (
    typeof id === "string" &&
    id.isWellFormed() &&
    utf8Length(id) <= MAX_EDK_FIELD &&
    isField(edk?.providerInfo) &&
    isField(edk?.ciphertext)
  );
}

function isField(bytes: unknown): boolean {
  return bytes instanceof Uint8Array && bytes.length <= MAX_EDK_FIELD;
}

function checkDataKey(keyring: Keyring, dataKey: Uint8Array, keyLength: number): void {
  if (!(dataKey instanceof Uint8Array)) {
    throw new KeyringError(keyring.name, "it answered a data key that is not a Uint8Array.");
  }
  if (dataKey.length !== keyLength) {
    const { length } = dataKey;
    dataKey.fill(0);
    throw new KeyringError(
      keyring.name,
      `it answered a data key of ${length} bytes; ${keyLength} are needed.`,
    );
  }
  if (isAllZero(dataKey)) {
    throw new KeyringError(
      keyring.name,
      "it answered a data key of zeros; was it wiped before it was handed over?",
    );
  }
}

/** One error with all reasons; but if the only key that was ours failed for the moment, that failure itself. */
function nothingOpened(count: number, reasons: readonly UnwrapReason[]): unknown {
  const failed = reasons.filter(({ status }) => status === "failed");
  const cause = failed.length === 1 ? failed[0]!.cause : undefined;
  if (isKeyfoldError(cause) && "transient" in cause && cause.transient === true) return cause;
  return new NoDataKeyError(count, reasons);
}

/** Where a data key stands in the message, by one look-up: in a flood of keys every one is noted. */
function placesOf(edks: readonly EncryptedDataKey[]): (edk: EncryptedDataKey) => number {
  let places: Map<Uint8Array, number> | undefined;
  return (edk) => {
    places ??= new Map(edks.map((own, i) => [own.ciphertext, i]));
    return places.get(edk.ciphertext) ?? -1;
  };
}
