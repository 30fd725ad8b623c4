const ALPHABET = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const PAD = 0x3d;
const ascii = new TextDecoder("latin1");

const VALUES = new Uint8Array(256).fill(0xff);
for (const [value, char] of ALPHABET.entries()) VALUES[char] = value;

/** Standard base64 with padding (RFC 4648, section 4). */
export function toBase64(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let o = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i]!;
    const b = bytes[i + 1] ?? 0;
    const c = bytes[i + 2] ?? 0;
    out[o++] = ALPHABET[a >> 2]!;
    out[o++] = ALPHABET[((a & 3) << 4) | (b >> 4)]!;
    out[o++] = i + 1 < bytes.length ? ALPHABET[((b & 15) << 2) | (c >> 6)]! : PAD;
    out[o++] = i + 2 < bytes.length ? ALPHABET[c & 63]! : PAD;
  }
  return ascii.decode(out);
}

/** The bytes of canonical, padded base64; null for anything else. */
export function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  const out = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let value = 0;
  let o = 0;
  for (let i = 0; i < digits; i++) {
    const code = text.charCodeAt(i);
    const digit = code < 256 ? VALUES[code]! : 0xff;
    if (digit === 0xff) return null;
    value = ((value << 6) | digit) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[o++] = (value >> bits) & 0xff;
    }
  }
  return (value & ((1 << bits) - 1)) === 0 ? out : null;
}

/** Whether these bytes read as base64 text: the usual reason why a message has a wrong first byte. */
export function looksLikeBase64(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 64);
  return sample.length >= 8 && sample.every((byte) => VALUES[byte] !== 0xff || byte === PAD);
}
