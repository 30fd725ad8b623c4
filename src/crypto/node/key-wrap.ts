import { createDecipheriv } from "node:crypto";
import { copy } from "../../bytes/arrays.ts";
import { getU32, setU32 } from "../../bytes/integers.ts";
import { equal } from "./equal.ts";

const SEMIBLOCK = 8;

/**
 * AES key wrap (RFC 3394, section 2.2.2, by index), unwrapping. Over AES-ECB, not OpenSSL's `id-aes-wrap`: Bun and
 * Electron have BoringSSL, which lacks that. Null: it does not open.
 */
export function unwrapAes(key: Uint8Array, wrapped: Uint8Array): Uint8Array | null {
  if (wrapped.length % SEMIBLOCK !== 0 || wrapped.length < 3 * SEMIBLOCK) return null;
  const aes = createDecipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  const registers = copy(wrapped, SEMIBLOCK);
  const block = copy(wrapped, 0, 2 * SEMIBLOCK);
  const count = registers.length / SEMIBLOCK;
  for (let step = 6 * count; step > 0; step--) {
    const at = ((step - 1) % count) * SEMIBLOCK;
    // The step has 64 bits in the RFC: the upper half is zero in wrapped keys of any size.
    setU32(block, 4, getU32(block, 4) ^ step);
    block.set(registers.subarray(at, at + SEMIBLOCK), SEMIBLOCK);
    const opened = aes.update(block);
    block.set(opened);
    opened.fill(0);
    registers.set(block.subarray(SEMIBLOCK), at);
  }
  const opens = equal(block.subarray(0, SEMIBLOCK), new Uint8Array(SEMIBLOCK).fill(0xa6));
  block.fill(0);
  if (opens) return registers;
  registers.fill(0);
  return null;
}
