import { concat } from "../bytes/arrays.ts";

// Just enough DER (X.690) for RSA keys.

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const SEQUENCE = 0x30;

/** One element: its tag and its content. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The elements that stand one behind another in these bytes; null if they are not whole DER. */
export function readElements(bytes: Uint8Array): readonly DerElement[] | null {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    const first = bytes[at + 1] ?? 0x80;
    const digits = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || digits > 4) return null;
    let length = first;
    if (digits > 0)
      length = bytes.subarray(at + 2, at + 2 + digits).reduce((sum, byte) => sum * 256 + byte, 0);
    const start = at + 2 + digits;
    at = start + length;
    if (at > bytes.length) return null;
    elements.push({ tag, content: bytes.subarray(start, at) });
  }
  return elements;
}

/** An element of these contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) digits.unshift(rest & 0xff);
  const header = length < 0x80 ? [length] : [0x80 | digits.length, ...digits];
  return concat(Uint8Array.of(tag, ...header), ...contents);
}
