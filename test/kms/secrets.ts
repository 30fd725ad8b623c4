// Finds key bytes in whatever an error or an event shows of itself.
import { inspect } from "node:util";
import { vi } from "vitest";
import { backend } from "#crypto";

/** Copies of every data key that is drawn, by keyfold or by the local KMS. */
export function recordDataKeys(length = 32): { keys: Uint8Array[]; stop(): void } {
  const keys: Uint8Array[] = [];
  const draw = backend.randomBytes;
  const spy = vi.spyOn(backend, "randomBytes").mockImplementation((size) => {
    const drawn = draw(size);
    if (size === length) keys.push(drawn.slice());
    return drawn;
  });
  return { keys, stop: () => spy.mockRestore() };
}

/** Pieces of a secret as they stand in text, of these lengths, and as they stand in lists of bytes. */
interface Pieces {
  readonly text: ReadonlySet<string>;
  readonly list: readonly string[];
}
const [BASE64, HEX] = [8, 12];
/** What pieces in text are parts of. */
const WORD = /[\w+/-]{8,}/g;
/** What pieces in lists begin as. */
const LIST = /[0-9a-f],(?:[0-9a-f]{1,3},){4}[0-9a-f]/;

const known = new WeakMap<Uint8Array, Pieces>();

/** Short pieces of a secret, in every form in which bytes are printed. Six bytes do not recur by chance. */
function piecesOf(secret: Uint8Array): Pieces {
  const found = known.get(secret);
  if (found !== undefined) return found;
  const buffer = Buffer.from(secret);
  const windows = (parts: readonly string[], size: number, glue: string) =>
    parts.slice(0, parts.length - size + 1).map((_, i) => parts.slice(i, i + size).join(glue));
  const base64 = buffer.toString("base64").replace(/=+$/, "");
  const hex = [...buffer].map((byte) => byte.toString(16).padStart(2, "0"));
  const text = [
    ...windows([...base64], BASE64, ""),
    ...windows([...buffer.toString("base64url")], BASE64, ""),
    ...windows(hex, HEX / 2, ""),
  ];
  const list = [...windows(hex, 6, ","), ...windows([...buffer].map(String), 6, ",")];
  const pieces = { text: new Set(text), list };
  known.set(secret, pieces);
  return pieces;
}

/** The piece of a secret that the text shows; undefined if it shows none. */
export function leakIn(text: string, secrets: readonly Uint8Array[]): string | undefined {
  // Arrays are printed in columns, hex dumps with spaces, JSON of bytes with indices.
  const list = text.replace(/"\d+":/g, "").replace(/[\s,]+/g, ",");
  const pieces = secrets.map(piecesOf);
  for (const [word] of text.matchAll(WORD)) {
    for (let at = 0; at + BASE64 <= word.length; at++) {
      const windows = [word.slice(at, at + BASE64), word.slice(at, at + HEX)];
      const found = windows.find((window) => pieces.some((of) => of.text.has(window)));
      if (found !== undefined) return found;
    }
  }
  return LIST.test(list) ? pieces.flatMap((of) => of.list).find((piece) => list.includes(piece)) : undefined;
}

/** Everything that printing or logging this error would show, its causes included. */
export function textsOf(error: unknown): string {
  const texts: string[] = [];
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (value === undefined || value === null || seen.has(value)) return;
    seen.add(value);
    texts.push(String(value), inspect(value, { depth: Number.POSITIVE_INFINITY, maxArrayLength: null }));
    texts.push(JSON.stringify(value) ?? "");
    if (!(value instanceof Error)) return;
    texts.push(value.message, value.stack ?? "");
    visit(value.cause);
    if (value instanceof AggregateError) value.errors.forEach(visit);
    if ("reasons" in value && Array.isArray(value.reasons)) {
      for (const reason of value.reasons) visit(reason.cause);
    }
  };
  visit(error);
  return texts.join("\n");
}

/** Strings and bytes that can be reached from a value by any own property, hidden ones included. */
export function reachableText(root: unknown, limit = 20_000): string {
  const texts: string[] = [];
  const queue: unknown[] = [root];
  const seen = new Set<unknown>(queue);
  for (let i = 0; i < queue.length && i < limit; i++) {
    const value = queue[i];
    if (typeof value === "string") texts.push(value);
    if (typeof value !== "object" || value === null) continue;
    if (ArrayBuffer.isView(value)) {
      const { buffer, byteOffset, byteLength } = value;
      const bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
      texts.push(bytes.toString("latin1"), bytes.toString("hex"));
      continue;
    }
    const members = value instanceof Map || value instanceof Set ? [...value.values()] : [];
    for (const key of Reflect.ownKeys(value)) {
      const found = Object.getOwnPropertyDescriptor(value, key);
      if (found !== undefined && "value" in found) members.push(found.value);
    }
    for (const member of members) {
      if (seen.has(member)) continue;
      seen.add(member);
      queue.push(member);
    }
  }
  return texts.join("\n");
}
