import { concat, copy } from "../bytes/arrays.ts";
import { fromUtf8, utf8 } from "../bytes/utf8.ts";
import { EncryptionContextError } from "../errors.ts";
import { type ContextOrder, serializeContext } from "../message/context.ts";
import { OBJECT_PROVIDER } from "../object/envelope.ts";
import type { LegacyObjectWrap, ObjectWrap } from "../object/wraps.ts";
import { suiteById } from "../suites/table.ts";
import type { EncryptedDataKey } from "../types.ts";
import type { KeyringRequest } from "./keyring.ts";
import { sameLabel } from "./raw-options.ts";

// What differs between messages and S3 objects when the same keyring wraps for both. Nothing else looks at `purpose`.

const GCM_SUITE = suiteById(0x0072, "object");

/** Additional data of an AES-GCM wrap: the context in messages, the content algorithm's name in objects. */
export function wrapAad(
  { purpose, encryptionContext }: KeyringRequest,
  order: ContextOrder = "utf8",
): Uint8Array {
  return purpose.kind === "object"
    ? utf8(purpose.suite.contentAlgorithm!)
    : serializeContext(encryptionContext, order);
}

/** The same as other writers had it: read, and never written. */
export function formerAad(request: KeyringRequest): Uint8Array {
  // Old JavaScript clients sorted the context by locale.
  return request.purpose.kind === "object" ? wrapAad(formerRequest(request)) : wrapAad(request, "locale");
}

/** Java's clients bind AES-CBC objects to the name of GCM when they wrap them anew. Read where that is allowed by name. */
export function formerRequest<R extends KeyringRequest>(request: R): R {
  const { purpose } = request;
  if (purpose.kind !== "object" || purpose.suite.cipher !== "cbc" || !purpose.legacy?.rewrappedCbc)
    return request;
  return { ...request, purpose: { ...purpose, suite: GCM_SUITE } };
}

/** What raw RSA encrypts: the data key in messages; length, data key and content algorithm in objects. */
export function rsaFrame(dataKey: Uint8Array, { purpose }: KeyringRequest): Uint8Array {
  if (purpose.kind !== "object") return copy(dataKey);
  return concat(Uint8Array.of(dataKey.length), dataKey, utf8(purpose.suite.contentAlgorithm!));
}

/** Takes a data key out of what RSA decrypted; null if it is framed for another content algorithm. */
export function rsaUnframe(
  frame: Uint8Array,
  { purpose, keyLength }: KeyringRequest,
  equal: (a: Uint8Array, b: Uint8Array) => boolean,
): Uint8Array | null {
  const prefix = purpose.kind === "object" ? 1 : 0;
  const suffix = purpose.kind === "object" ? utf8(purpose.suite.contentAlgorithm!) : new Uint8Array(0);
  const dataKey = copy(frame, prefix, prefix + keyLength);
  const fits =
    dataKey.length === keyLength &&
    (prefix === 0 || frame[0] === keyLength) &&
    equal(frame.subarray(prefix + keyLength), suffix);
  if (fits) return dataKey;
  dataKey.fill(0);
  return null;
}

/** The encrypted data key of an S3 object. An empty label is none. */
export function objectEdk(
  wrap: ObjectWrap,
  ciphertext: Uint8Array,
  label: Readonly<Record<string, string>> = {},
): EncryptedDataKey {
  const edk = { providerId: OBJECT_PROVIDER, providerInfo: utf8(wrap), ciphertext };
  return Object.keys(label).length === 0 ? edk : { ...edk, label };
}

/** Whether this is an S3 object's data key under this wrapping algorithm. */
export function isObjectEdk(edk: EncryptedDataKey, wrap: ObjectWrap | LegacyObjectWrap): boolean {
  return edk.providerId === OBJECT_PROVIDER && fromUtf8(edk.providerInfo) === wrap;
}

/** Why a raw keyring does not look at an S3 object's data key, if it does not: its wraps bind no context there. */
export function unboundContext({ purpose, encryptionContext }: KeyringRequest): string | null {
  if (purpose.kind !== "object" || Object.keys(encryptionContext).length === 0) return null;
  return "raw keys bind no encryption context in S3 objects, and pairs were named";
}

/** A raw keyring writes no S3 object that pairs are named for: a keyring beside it may bind them, and only read. */
export function assertBound(request: KeyringRequest): void {
  const reason = unboundContext(request);
  if (reason !== null) throw new EncryptionContextError(`S3 objects: ${reason}.`);
}

/**
 * Why a raw keyring does not try an S3 object's data key, if it does not. Format V1's wraps open under any key, to
 * something: there the label tells wrapping keys apart, where the keyring has one. Elsewhere it is never compared.
 */
export function otherLabel(
  edk: EncryptedDataKey,
  label: Readonly<Record<string, string>> | undefined,
): string | null {
  const isImplied = isObjectEdk(edk, "AES") || isObjectEdk(edk, "RSA");
  if (!isImplied || label === undefined || sameLabel(edk.label, label)) return null;
  return "of another materials description";
}
