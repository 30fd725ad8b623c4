// Big-endian integers, as every format here has them.

export function setU16(out: Uint8Array, offset: number, value: number): void {
  out[offset] = value >>> 8;
  out[offset + 1] = value;
}

export function setU32(out: Uint8Array, offset: number, value: number): void {
  out[offset] = value >>> 24;
  out[offset + 1] = value >>> 16;
  out[offset + 2] = value >>> 8;
  out[offset + 3] = value;
}

/** Up to 2^53-1. */
export function setU64(out: Uint8Array, offset: number, value: number): void {
  setU32(out, offset, Math.floor(value / 2 ** 32));
  setU32(out, offset + 4, value >>> 0);
}

export function getU16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!;
}

export function getU32(bytes: Uint8Array, offset: number): number {
  return getU16(bytes, offset) * 2 ** 16 + getU16(bytes, offset + 2);
}

/** Exact up to 2^53-1; above it the result only says "too large". */
export function getU64(bytes: Uint8Array, offset: number): number {
  return getU32(bytes, offset) * 2 ** 32 + getU32(bytes, offset + 4);
}
