import { backend } from "#crypto";
import { andThen, attempt } from "../awaitable.ts";
import { isAllZero } from "../bytes/arrays.ts";
import { toBase64 } from "../bytes/base64.ts";
import { utf8Length } from "../bytes/utf8.ts";
import { Secret } from "../cache/secret.ts";
import type { SigningKey } from "../crypto/backend.ts";
import { isKeyfoldError, isMisuse, KeyringError, NoDataKeyError, type UnwrapReason } from "../errors.ts";
import { generateDataKey, openDataKey } from "../keyrings/data-key.ts";
import type {
  GeneratedDataKey,
  Keyring,
  KeyringRequest,
  UnwrappedDataKey,
  UnwrapRequest,
} from "../keyrings/keyring.ts";
import { PUBLIC_KEY } from "../message/context.ts";
import { MAX_EDK_FIELD, serializeEdks } from "../message/edks.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { Awaitable, EncryptedDataKey, EncryptionContext } from "../types.ts";
import { completeContext } from "./expected-context.ts";
import type { EncryptionMaterials, EncryptionMaterialsRequest, MaterialsManager } from "./manager.ts";
import { serializeHalves } from "./message-parts.ts";

/**
 * The manager that asks a keyring anew each time (framework/default-cmm). It owns what keyring authors need not
 * see: signing keys, required context, the checks of what comes back, and why nothing opened.
 */
export function defaultMaterialsManager(keyring: Keyring): MaterialsManager {
  return {
    objectWrap: keyring.objectWrap,

    encryptionMaterials(asked) {
      const { signature } = asked.suite;
      if (signature === null) return freshMaterials(keyring, asked, asked.encryptionContext, undefined);
      return andThen(backend.signingKeyPair(signature.curve), ({ publicKey, signingKey }) => {
        const context = { ...asked.encryptionContext, [PUBLIC_KEY]: toBase64(publicKey) };
        return freshMaterials(keyring, asked, context, signingKey);
      });
    },

    decryptionMaterials(asked) {
      const { suite, encryptedDataKeys: edks, signal } = asked;
      const { context, requiredKeys } = completeContext(asked);
      const reasons: UnwrapReason[] = [];
      const placeOf = placesOf(edks);
      const note: UnwrapRequest["note"] = (edk, status, reason, cause, name = keyring.name) => {
        const { providerId } = edk;
        const why = { keyring: name, index: placeOf(edk), providerId, status, reason };
        reasons.push(cause === undefined ? why : { ...why, cause });
      };
      const { purpose, keyLength } = keyringRequest(suite, context, signal);
      const { verifying } = asked;
      const request = { purpose, keyLength, encryptionContext: context, signal, verifying, note };
      const answer = ask(keyring, "open a data key", signal, () => openDataKey(keyring, edks, request));
      return andThen(answer, (unwrapped) => {
        if (unwrapped == null) throw nothingOpened(edks.length, reasons);
        checkUnwrapped(keyring, unwrapped, suite);
        const { dataKey, opened } = unwrapped;
        return { suite, dataKey: new Secret(dataKey), encryptionContext: context, requiredKeys, opened };
      });
    },

    isCurrent({ suite, encryptedDataKeys, encryptionContext, signal }) {
      if (keyring.isCurrent === undefined) {
        throw new KeyringError(
          keyring.name,
          "it cannot tell which keys a write of today would use (no isCurrent).",
        );
      }
      const request = keyringRequest(suite, encryptionContext, signal);
      return ask(keyring, "compare its keys", signal, () => keyring.isCurrent!(encryptedDataKeys, request));
    },
  };
}

/** Materials around a new data key. `context` is complete. */
function freshMaterials(
  keyring: Keyring,
  { suite, requiredKeys = [], signal }: EncryptionMaterialsRequest,
  context: EncryptionContext,
  signingKey: SigningKey | undefined,
): Awaitable<EncryptionMaterials> {
  // A context that is too long is refused here, before a key is asked for.
  const halves = suite.format === "message" ? serializeHalves(context, requiredKeys) : null;
  const request = keyringRequest(suite, context, signal);
  const answer = ask(keyring, "make a data key", signal, () => generateDataKey(keyring, request));
  return andThen(answer, (generated) => {
    checkGenerated(keyring, generated, suite);
    const { dataKey, encryptedDataKeys } = generated;
    return {
      suite,
      dataKey: new Secret(dataKey),
      encryptedDataKeys,
      encryptionContext: context,
      requiredKeys,
      signingKey,
      serialized: halves && {
        context: halves.context,
        requiredContext: halves.requiredContext,
        edks: serializeEdks(encryptedDataKeys),
      },
    };
  });
}

/** Where a data key stands in the message, by one look-up: in a flood of keys every one is noted. */
function placesOf(edks: readonly EncryptedDataKey[]): (edk: EncryptedDataKey) => number {
  let places: Map<Uint8Array, number> | undefined;
  return (edk) => {
    places ??= new Map(edks.map((own, i) => [own.ciphertext, i]));
    return places.get(edk.ciphertext) ?? -1;
  };
}

function keyringRequest(
  suite: AlgorithmSuite,
  encryptionContext: EncryptionContext,
  signal: AbortSignal | undefined,
): KeyringRequest {
  return { purpose: { kind: suite.format, suite }, keyLength: suite.keyLength, encryptionContext, signal };
}

/** Calls a keyring. Its own errors, aborts and misuse pass; what a keyring of somebody else throws is wrapped. */
function ask<T>(
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

function checkGenerated(keyring: Keyring, generated: GeneratedDataKey, suite: AlgorithmSuite): void {
  checkDataKey(keyring, generated?.dataKey, suite);
  const { dataKey, encryptedDataKeys: edks } = generated;
  if (Array.isArray(edks) && edks.length > 0 && edks.every(isEncryptedDataKey)) return;
  dataKey.fill(0);
  throw new KeyringError(
    keyring.name,
    `it must answer at least one encrypted data key, each field of at most ${MAX_EDK_FIELD} bytes.`,
  );
}

function checkUnwrapped(
  keyring: Keyring,
  { dataKey, opened }: UnwrappedDataKey,
  suite: AlgorithmSuite,
): void {
  checkDataKey(keyring, dataKey, suite);
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

function checkDataKey(keyring: Keyring, dataKey: Uint8Array, { keyLength }: AlgorithmSuite): void {
  if (!(dataKey instanceof Uint8Array)) {
    throw new KeyringError(keyring.name, "it answered a data key that is not a Uint8Array.");
  }
  if (dataKey.length !== keyLength) {
    const { length } = dataKey;
    dataKey.fill(0);
    throw new KeyringError(
      keyring.name,
      `it answered a data key of ${length} bytes; the suite takes ${keyLength}.`,
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
