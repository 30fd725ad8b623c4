/** One array of all the parts. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

const SLAB_LENGTH = 8192;
let slab: Uint8Array = new Uint8Array(SLAB_LENGTH);
let used = 0;

/**
 * Zeros for what is neither secret nor handed to callers, cut from a shared slab: an allocation of its own costs ten
 * times more as soon as it has more than 64 bytes.
 */
export function scratch(length: number): Uint8Array {
  if (length > SLAB_LENGTH / 8) return new Uint8Array(length);
  if (used + length > SLAB_LENGTH) {
    slab = new Uint8Array(SLAB_LENGTH);
    used = 0;
  }
  used += length;
  return slab.subarray(used - length, used);
}

/** A copy of some bytes. Not `slice`: on a Node `Buffer` that is a view of the same memory. */
export function copy(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

/** Byte order, as UTF-8 sorts text. Not for secrets: it stops at the first difference. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** Whether these bytes begin with those. Not for secrets. */
export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) {
    if (bytes[i] !== prefix[i]) return false;
  }
  return true;
}

/** Whether every byte is zero, in time that depends on the length alone. */
export function isAllZero(bytes: Uint8Array): boolean {
  let seen = 0;
  for (let i = 0; i < bytes.length; i++) seen |= bytes[i]!;
  return seen === 0;
}

export const EMPTY: Uint8Array = new Uint8Array(0);
