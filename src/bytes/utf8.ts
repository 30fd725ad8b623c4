const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Up to here a loop is faster than a call of the encoder or the decoder. */
const SHORT = 64;

/** The UTF-8 bytes of a text. The caller has checked for lone surrogates where they matter. */
export function utf8(text: string): Uint8Array {
  if (text.length > SHORT) return encoder.encode(text);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return encoder.encode(text);
    bytes[i] = code;
  }
  return bytes;
}

/** How many bytes of UTF-8 a well-formed text takes. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Two bytes below U+0800; else three, and four for the two units of a surrogate pair.
    length += unit < 0x800 || isSurrogate(unit) ? 1 : 2;
  }
  return length;
}

/** Writes a text as UTF-8 and answers where it ends. There must be room for it. */
export function writeUtf8(out: Uint8Array, offset: number, text: string): number {
  if (text.length > SHORT) return offset + encoder.encodeInto(text, out.subarray(offset)).written;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return offset + encoder.encodeInto(text, out.subarray(offset)).written;
    out[offset + i] = code;
  }
  return offset + text.length;
}

/** Orders texts as their UTF-8 bytes are ordered, which is by code point: surrogate pairs stand above all else. */
export function compareUtf8(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}

/** The text of UTF-8 bytes, or null if they are not valid UTF-8. */
export function fromUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string | null {
  return (end - start <= SHORT ? fromAscii(bytes, start, end) : null) ?? decode(bytes.subarray(start, end));
}

function fromAscii(bytes: Uint8Array, start: number, end: number): string | null {
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f) return null;
    text += String.fromCharCode(byte);
  }
  return text;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
