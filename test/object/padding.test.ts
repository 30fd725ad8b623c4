import { describe, expect, it } from "vitest";
import { withoutPadding } from "../../src/object/padding.ts";
import { random } from "../support/bytes.ts";

/** Blocks whose last `length` bytes are `value`. */
const padded = (blocks: number, length: number, value = length) => {
  const bytes = random(16 * blocks);
  bytes.fill(value, bytes.length - length);
  return bytes;
};

describe("padding", () => {
  it.each(Array.from({ length: 16 }, (_, i) => i + 1))("of %d bytes is taken off", (length) => {
    for (const blocks of [1, 2, 5]) {
      const bytes = padded(blocks, length);
      expect(withoutPadding(bytes)).toEqual(bytes.subarray(0, bytes.length - length));
    }
  });

  it("of no byte, or of more than a block, is none", () => {
    for (let value = 0; value < 256; value++) {
      if (value >= 1 && value <= 16) continue;
      for (const blocks of [1, 2, 20]) {
        expect(withoutPadding(padded(blocks, Math.min(16, value || 1), value)), `${value}`).toBeNull();
        expect(withoutPadding(new Uint8Array(16 * blocks).fill(value)), `${value}`).toBeNull();
      }
    }
  });

  it("with any other byte in it is none", () => {
    for (let length = 2; length <= 16; length++) {
      for (let at = 2; at <= length; at++) {
        for (const blocks of [1, 3]) {
          const bytes = padded(blocks, length);
          for (const change of [1, 0x10, 0x80, 0xff]) {
            const altered = Uint8Array.from(bytes);
            altered[altered.length - at]! ^= change;
            expect(withoutPadding(altered), `${length}, ${at}`).toBeNull();
          }
        }
      }
    }
  });

  it("is looked for in the last block alone", () => {
    const bytes = padded(2, 3);
    bytes[bytes.length - 4] = 3;
    expect(withoutPadding(bytes)?.length).toBe(29);
  });

  it("of nothing is none", () => {
    expect(withoutPadding(new Uint8Array(0))).toBeNull();
  });
});
