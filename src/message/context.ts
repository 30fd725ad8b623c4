import { compareBytes, EMPTY } from "../bytes/arrays.ts";
import { getU16, setU16 } from "../bytes/integers.ts";
import { fromUtf8, utf8 } from "../bytes/utf8.ts";
import { EncryptionContextError, MessageFormatError } from "../errors.ts";
import type { EncryptionContext } from "../types.ts";

/** Bytes of a serialised context, at most (framework/structures, "Encryption Context"). */
const MAX_LENGTH = 0xffff;

/** The reserved key under which a signed message carries its public key. */
export const PUBLIC_KEY = "aws-crypto-public-key";
const RESERVED_PREFIX = "aws-crypto-";

/** Whether keyfold or the format owns this key. */
export function isReserved(key: string): boolean {
  return key.startsWith(RESERVED_PREFIX);
}

/** How pairs are ordered. Messages sort by UTF-8 bytes; old JavaScript writers sorted some AADs by locale. */
export type ContextOrder = "utf8" | "locale";

/** Pair count and pairs; an empty context is no bytes at all (framework/structures, "Serialization"). */
export function serializeContext(context: EncryptionContext, order: ContextOrder = "utf8"): Uint8Array {
  const pairs = Object.entries(context).map(([key, value]) => ({ key, k: utf8(key), v: utf8(value) }));
  if (pairs.length === 0) return EMPTY;
  if (order === "utf8") pairs.sort((a, b) => compareBytes(a.k, b.k));
  else pairs.sort((a, b) => a.key.localeCompare(b.key));
  const length = pairs.reduce((sum, { k, v }) => sum + 4 + k.length + v.length, 2);
  if (length > MAX_LENGTH) {
    throw new EncryptionContextError(
      `The encryption context takes ${length} bytes; ${MAX_LENGTH} is the most that fits. Bind a digest or an id instead.`,
    );
  }
  const out = new Uint8Array(length);
  setU16(out, 0, pairs.length);
  let offset = 2;
  for (const { k, v } of pairs) {
    for (const text of [k, v]) {
      setU16(out, offset, text.length);
      out.set(text, offset + 2);
      offset += 2 + text.length;
    }
  }
  return out;
}

/** Reads a serialised context. `offset` is its place in the message, for errors. */
export function parseContext(bytes: Uint8Array, offset: number): EncryptionContext {
  const bad = (what: string, at: number) =>
    new MessageFormatError(`Encryption context: ${what}`, offset + at);
  if (bytes.length === 0) return {};
  if (bytes.length < 2) throw bad("the pair count is cut short", 0);
  const count = getU16(bytes, 0);
  if (count === 0) throw bad("a pair count of zero; an empty context has no bytes", 0);
  const pairs = new Map<string, string>();
  let at = 2;
  const text = (): string => {
    const end = at + 2 <= bytes.length ? at + 2 + getU16(bytes, at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw bad("a pair goes over its end", at);
    const value = fromUtf8(bytes.subarray(at + 2, end));
    if (value === null) throw bad("a pair is not valid UTF-8", at);
    at = end;
    return value;
  };
  for (let i = 0; i < count; i++) {
    const start = at;
    const key = text();
    if (pairs.has(key)) throw bad("a key stands in it twice", start);
    if (isReserved(key) && key !== PUBLIC_KEY) throw bad("a reserved key that means nothing here", start);
    pairs.set(key, text());
  }
  if (at !== bytes.length) throw bad("bytes follow the last pair", at);
  return Object.fromEntries(pairs);
}

/** Checks a context that a caller gave for writing or for comparing; answers a frozen copy. */
export function checkedContext(context: EncryptionContext | undefined): EncryptionContext {
  if (context === undefined) return NONE;
  if (Object.prototype.toString.call(context) !== "[object Object]") {
    throw new EncryptionContextError("An encryption context is an object of strings.");
  }
  for (const [key, value] of Object.entries(context)) {
    const shown = JSON.stringify(key);
    if (typeof value !== "string") {
      throw new EncryptionContextError(`The encryption context's value for ${shown} must be a string.`, key);
    }
    if (isReserved(key)) {
      throw new EncryptionContextError(
        `The encryption context's key ${shown} is reserved: choose one that does not begin with "${RESERVED_PREFIX}".`,
        key,
      );
    }
    if (!key.isWellFormed() || !value.isWellFormed()) {
      throw new EncryptionContextError(
        `The encryption context's pair ${shown} holds a lone surrogate, which no UTF-8 can carry.`,
        key,
      );
    }
  }
  return Object.freeze({ ...context });
}

const NONE: EncryptionContext = Object.freeze({});

/** Throws unless every expected pair stands in the context, with an equal value. */
export function assertExpectedContext(context: EncryptionContext, expected: EncryptionContext): void {
  for (const [key, value] of Object.entries(expected)) {
    const shown = JSON.stringify(key);
    if (!Object.hasOwn(context, key)) {
      throw new EncryptionContextError(
        `The encryption context has no pair for the expected key ${shown}. It was sealed for another purpose, or by a writer that does not bind this pair.`,
        key,
      );
    }
    if (context[key] !== value) {
      throw new EncryptionContextError(
        `The encryption context has another value for ${shown} than the expected one.`,
        key,
      );
    }
  }
}
