import { ObjectFormatError } from "../errors.ts";

/** A JSON object of strings; absent is empty. `name`: the field, for errors. */
export function parsePairs(text: string | undefined, name: string): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ObjectFormatError("not JSON", name);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ObjectFormatError("must be a JSON object of strings", name);
  }
  const pairs = Object.entries(value);
  if (!pairs.every(([, item]) => typeof item === "string")) {
    throw new ObjectFormatError("must be a JSON object of strings", name);
  }
  // Not by assignment: "__proto__" is a key like any other.
  return Object.fromEntries(pairs) as Record<string, string>;
}

/**
 * JSON in ASCII alone: S3 changes other characters in headers, and every parser reads escapes back. So they stand for
 * the beginning of an encoded word (RFC 2047) too, which some readers would decode.
 */
export function formatPairs(pairs: Readonly<Record<string, string>>): string {
  return JSON.stringify(pairs)
    .replaceAll("=?", "=\\u003f")
    .replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
