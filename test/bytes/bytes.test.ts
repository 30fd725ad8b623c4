import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareBytes, concat, isAllZero } from "../../src/bytes/arrays.ts";
import { getU16, getU32, getU64, setU16, setU32, setU64 } from "../../src/bytes/integers.ts";
import { fromUtf8, utf8 } from "../../src/bytes/utf8.ts";
import { counting } from "../support/bytes.ts";
import { check, someBytes, someText } from "../support/property.ts";

describe("integers", () => {
  it.each([
    ["u16", setU16, getU16, 2, 0xffff],
    ["u32", setU32, getU32, 4, 0xffffffff],
    ["u64", setU64, getU64, 8, Number.MAX_SAFE_INTEGER],
  ] as const)("writes and reads %s as Node does", (_, set, get, size, max) =>
    check(
      fc.tuple(
        fc.maxSafeNat().map((n) => n % (max + 1) || max),
        fc.nat(3),
      ),
      ([value, offset]) => {
        const out = new Uint8Array(size + 6).fill(0xee);
        set(out, offset, value);
        const expected = Buffer.alloc(8);
        expected.writeBigUInt64BE(BigInt(value));
        expect(out.subarray(offset, offset + size)).toEqual(new Uint8Array(expected.subarray(8 - size)));
        // Its neighbours are left alone.
        expect(out.filter((byte, i) => (i < offset || i >= offset + size) && byte !== 0xee)).toHaveLength(0);
        expect(get(out, offset)).toBe(value);
      },
    ),
  );

  it.each([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])("keeps %d unsigned", (value) => {
    const out = new Uint8Array(4);
    setU32(out, 0, value);
    expect(getU32(out, 0)).toBe(value);
  });

  it("reads what is over 2^53 as more than 2^53", () => {
    expect(getU64(new Uint8Array(8).fill(0xff), 0)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
  });
});

describe("arrays", () => {
  it("concatenates like Node", () =>
    check(fc.array(someBytes(20)), (parts) => {
      expect(concat(...parts)).toEqual(new Uint8Array(Buffer.concat(parts)));
    }));

  it("concatenates into fresh memory", () => {
    const part = counting(3);
    concat(part)[0] = 9;
    expect(part[0]).toBe(0);
  });

  it("compares like Node", () =>
    check(fc.tuple(someBytes(4), someBytes(4)), ([a, b]) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
      expect(compareBytes(a, new Uint8Array(a))).toBe(0);
    }));

  it("sees a single set bit", () => {
    expect(isAllZero(new Uint8Array(32))).toBe(true);
    expect(isAllZero(new Uint8Array(0))).toBe(true);
    for (let i = 0; i < 32; i++) {
      const bytes = new Uint8Array(32);
      bytes[i] = 1 << (i % 8);
      expect(isAllZero(bytes)).toBe(false);
    }
  });
});

describe("utf8", () => {
  it("agrees with Node for any text", () =>
    check(someText(60), (text) => {
      expect(utf8(text)).toEqual(new Uint8Array(Buffer.from(text, "utf8")));
      expect(fromUtf8(utf8(text))).toBe(text);
    }));

  it("keeps a byte order mark", () => expect(fromUtf8(utf8("\ufeffa"))).toBe("\ufeffa"));

  it.each([
    ["a lone continuation", [0x80]],
    ["a cut sequence", [0xe2, 0x82]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a value over U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["Latin-1", [0x66, 0xfc, 0x72]],
  ])("refuses %s", (_, bytes) => expect(fromUtf8(Uint8Array.from(bytes))).toBeNull());
});
