import { randomFillSync } from "node:crypto";

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const random = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));
export const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** 0, 1, 2, ... : a plaintext in which a misplaced byte shows. */
export const counting = (length: number, from = 0): Uint8Array =>
  new Uint8Array(length).map((_, i) => from + i);

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

export function u32(value: number): Uint8Array {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return new Uint8Array(out);
}

export function u64(value: number): Uint8Array {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return new Uint8Array(out);
}

/** A copy with some bytes replaced. */
export function patched(bytes: Uint8Array, offset: number, ...values: number[]): Uint8Array {
  const out = new Uint8Array(bytes);
  out.set(values, offset);
  return out;
}

/** A copy with one bit flipped. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  return patched(bytes, bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)));
}
