// Fields behind a length of two bytes, as the message header has them.

import { setU16 } from "./integers.ts";
import { writeUtf8 } from "./utf8.ts";

/** Writes bytes and their length. Answers where they end. */
export function setField(out: Uint8Array, offset: number, bytes: Uint8Array): number {
  setU16(out, offset, bytes.length);
  out.set(bytes, offset + 2);
  return offset + 2 + bytes.length;
}

/** Writes a text as UTF-8, and its length in bytes. Answers where it ends. */
export function setText(out: Uint8Array, offset: number, text: string): number {
  const end = writeUtf8(out, offset + 2, text);
  setU16(out, offset, end - offset - 2);
  return end;
}
