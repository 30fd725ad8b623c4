import { EMPTY, scratch } from "../bytes/arrays.ts";
import { setText } from "../bytes/fields.ts";
import { getU16, setU16 } from "../bytes/integers.ts";
import { compareUtf8, fromUtf8, utf8Length } from "../bytes/utf8.ts";
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
  const keys = Object.keys(context);
  if (keys.length === 0) return EMPTY;
  if (keys.length > 1) keys.sort(order === "utf8" ? compareUtf8 : (a, b) => a.localeCompare(b));
  let length = 2;
  for (const key of keys) length += 4 + utf8Length(key) + utf8Length(context[key]!);
  if (length > MAX_LENGTH) {
    throw new EncryptionContextError(
      `The encryption context takes ${length} bytes; ${MAX_LENGTH} is the most that fits. Bind a digest or an id instead.`,
    );
  }
  const bytes = scratch(length);
  setU16(bytes, 0, keys.length);
  let offset = 2;
  for (const key of keys) offset = setText(bytes, setText(bytes, offset, key), context[key]!);
  return bytes;
}

/** Reads the serialised context that stands from `start` to `end` of a header. */
export function parseContext(bytes: Uint8Array, start: number, end: number): EncryptionContext {
  const bad = (what: string, at: number) => new MessageFormatError(`Encryption context: ${what}`, at);
  if (start === end) return {};
  if (end - start < 2) throw bad("the pair count is cut short", start);
  const count = getU16(bytes, start);
  if (count === 0) throw bad("a pair count of zero; an empty context has no bytes", start);
  const context: Record<string, string> = {};
  let at = start + 2;
  const text = (): string => {
    const textEnd = at + 2 <= end ? at + 2 + getU16(bytes, at) : Number.POSITIVE_INFINITY;
    if (textEnd > end) throw bad("a pair goes over its end", at);
    const value = fromUtf8(bytes, at + 2, textEnd);
    if (value === null) throw bad("a pair is not valid UTF-8", at);
    at = textEnd;
    return value;
  };
  for (let i = 0; i < count; i++) {
    const keyAt = at;
    const key = text();
    if (Object.hasOwn(context, key)) throw bad("a key stands in it twice", keyAt);
    if (isReserved(key) && key !== PUBLIC_KEY) throw bad("a reserved key that means nothing here", keyAt);
    setPair(context, key, text());
  }
  if (at !== end) throw bad("bytes follow the last pair", at);
  return context;
}

/** As a pair of its own whatever the key: `__proto__` too. */
function setPair(context: Record<string, string>, key: string, value: string): void {
  if (key !== "__proto__") context[key] = value;
  else Object.defineProperty(context, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Checks a context that a caller gave for writing or for comparing; answers a copy. */
export function checkedContext(context: EncryptionContext | undefined): EncryptionContext {
  if (context === undefined) return NONE;
  if (Object.prototype.toString.call(context) !== "[object Object]") {
    throw new EncryptionContextError("An encryption context is an object of strings.");
  }
  const copy = { ...context };
  for (const key of Object.keys(copy)) {
    const problem = problemOf(key, copy[key]);
    if (problem !== null) throw new EncryptionContextError(`The encryption context's ${problem}`, key);
  }
  return copy;
}

function problemOf(key: string, value: unknown): string | null {
  if (typeof value !== "string") return `value for ${JSON.stringify(key)} must be a string.`;
  if (isReserved(key)) {
    return `key ${JSON.stringify(key)} is reserved: choose one that does not begin with "${RESERVED_PREFIX}".`;
  }
  if (key.isWellFormed() && value.isWellFormed()) return null;
  return `pair ${JSON.stringify(key)} holds a lone surrogate, which no UTF-8 can carry.`;
}

const NONE: EncryptionContext = Object.freeze({});

/** Throws unless every expected pair stands in the context, with an equal value. */
export function assertExpectedContext(context: EncryptionContext, expected: EncryptionContext): void {
  for (const key of Object.keys(expected)) {
    if (!Object.hasOwn(context, key)) {
      throw new EncryptionContextError(
        `The encryption context has no pair for the expected key ${JSON.stringify(key)}. It was sealed for another purpose, or by a writer that does not bind this pair.`,
        key,
      );
    }
    if (context[key] !== expected[key]) {
      throw new EncryptionContextError(
        `The encryption context has another value for ${JSON.stringify(key)} than the expected one.`,
        key,
      );
    }
  }
}
