import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ContentKey, sealContent } from "../../src/object/content.ts";
import {
  type ByteRange,
  paddedLength,
  paddingRange,
  parseRange,
  type Slice,
  sliceOf,
  storedRange,
} from "../../src/object/range.ts";
import { suiteById } from "../../src/suites/table.ts";
import { aesEncrypt } from "../support/aes-by-hand.ts";
import { counting, join, random, toHex } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { check } from "../support/property.ts";

describe("a range's text", () => {
  it.each<[string, ByteRange]>([
    ["bytes=0-0", { start: 0, end: 0 }],
    ["bytes=5-10", { start: 5, end: 10 }],
    ["bytes=5-", { start: 5, end: null }],
    ["bytes=0-", { start: 0, end: null }],
    ["bytes=-5", { last: 5 }],
    ["bytes=-0", { last: 0 }],
    [" bytes=007-8 ", { start: 7, end: 8 }],
    ["bytes=0-999999999999999", { start: 0, end: 999_999_999_999_999 }],
  ])("%s", (text, range) => expect(parseRange(text)).toEqual(range));

  it.each([
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=5-4",
    "bytes=a-b",
    "bytes=1-2,4-5",
    "bytes=1-2,",
    "bytes=1 - 2",
    "bytes= 1-2",
    "Bytes=1-2",
    "items=1-2",
    "bytes=+1-2",
    "bytes=1.0-2",
    "bytes=1e3-",
    "bytes=0x1-2",
    "bytes=--5",
    "bytes=-5-",
    "bytes=1-2-3",
    "bytes=9999999999999999-",
    "bytes=-9999999999999999",
    "bytes=１-２",
  ])("%j is none", (text) => expect(parseRange(text)).toBeNull());
});

describe("the slice of a range", () => {
  it.each<[ByteRange, number, Slice | null]>([
    [{ start: 0, end: 0 }, 10, { start: 0, end: 1 }],
    [{ start: 3, end: 5 }, 10, { start: 3, end: 6 }],
    [{ start: 3, end: 99 }, 10, { start: 3, end: 10 }],
    [{ start: 3, end: null }, 10, { start: 3, end: 10 }],
    [{ start: 9, end: null }, 10, { start: 9, end: 10 }],
    [{ start: 10, end: null }, 10, null],
    [{ start: 10, end: 12 }, 10, null],
    [{ start: 0, end: 0 }, 0, null],
    [{ last: 4 }, 10, { start: 6, end: 10 }],
    [{ last: 99 }, 10, { start: 0, end: 10 }],
    [{ last: 0 }, 10, null],
    [{ last: 1 }, 0, null],
  ])("%o of %d bytes", (range, length, slice) => expect(sliceOf(range, length)).toEqual(slice));
});

const V3: ContentKey = {
  suite: suiteById(0x0073, "object"),
  key: random(32),
  iv: new Uint8Array(12).fill(1),
};
const V2: ContentKey = { suite: suiteById(0x0072, "object"), key: random(32), iv: random(12) };
const CBC: ContentKey = { suite: suiteById(0x0070, "object"), key: random(32), iv: random(16) };
const sealOf = (content: ContentKey, plaintext: Uint8Array) =>
  content === CBC ? aesEncrypt("cbc", CBC.key, plaintext, CBC.iv) : sealContent(content, plaintext);

/** What a slice opens to, out of nothing but what it says must be fetched. */
async function read(content: ContentKey, body: Uint8Array, slice: Slice, step: number, cutShort = 0) {
  const { fetch, opener } = storedRange(content.suite, slice, body.length);
  expect(fetch.start).toBeGreaterThanOrEqual(0);
  expect(fetch.end).toBeLessThanOrEqual(body.length);
  const { update, final } = opener(content);
  const fetched = body.subarray(fetch.start, fetch.end - cutShort);
  const out: Uint8Array[] = [];
  for (let at = 0; at < fetched.length; at += step) {
    const piece = Uint8Array.from(fetched.subarray(at, at + step));
    const answer = await update(piece);
    piece.fill(0xee);
    out.push(answer);
  }
  return join(...out, await final());
}

const someSlice = fc
  .record({
    length: fc.integer({ min: 1, max: 400 }),
    a: fc.nat(),
    b: fc.nat(),
    step: fc.integer({ min: 1, max: 120 }),
  })
  .map(({ length, a, b, step }) => {
    const start = a % length;
    return { length, step, slice: { start, end: start + 1 + (b % (length - start)) } };
  });

describe.each([
  ["V3", V3],
  ["V2", V2],
  ["CBC", CBC],
] as const)("a range of %s", (_, content) => {
  it("is that part of the plaintext, in pieces of any length", () =>
    check(
      someSlice,
      async ({ length, slice, step }) => {
        const plaintext = random(length);
        const body = await sealOf(content, plaintext);
        const opened = await read(content, body, slice, step);
        expect(toHex(opened)).toBe(toHex(plaintext.subarray(slice.start, slice.end)));
      },
      300,
    ));

  it("of every place in few blocks", async () => {
    const plaintext = counting(50);
    const body = await sealOf(content, plaintext);
    for (let start = 0; start < 50; start++) {
      for (let end = start + 1; end <= 50; end++) {
        for (const step of [1, 16, 100]) {
          const opened = await read(content, body, { start, end }, step);
          expect(toHex(opened), `${start}-${end}`).toBe(toHex(plaintext.subarray(start, end)));
        }
      }
    }
  });

  it("that comes cut short is noticed", async () => {
    const body = await sealOf(content, counting(100));
    for (const [start, end] of [
      [0, 100],
      [17, 64],
      [33, 34],
    ] as const) {
      const { fetch } = storedRange(content.suite, { start, end }, body.length);
      for (const missing of [1, fetch.end - fetch.start]) {
        await failure(read(content, body, { start, end }, 7, missing), "ERR_TRUNCATED");
      }
    }
  });

  it("fetches little more than it needs", () =>
    check(someSlice, ({ length, slice }) => {
      const bodyLength = content === CBC ? length + 16 - (length % 16) : length + 16;
      const { fetch } = storedRange(content.suite, slice, bodyLength);
      expect(fetch.start).toBeGreaterThan(slice.start - (content === CBC ? 32 : 16));
      expect(fetch.end).toBeLessThan(slice.end + 16);
      expect(fetch.end).toBeGreaterThanOrEqual(slice.end);
    }));

  it("far into an object begins at its block", () => {
    const slice = { start: 2 ** 35 + 5, end: 2 ** 35 + 6 };
    const { fetch } = storedRange(content.suite, slice, 2 ** 36);
    expect(fetch.start).toBe(content === CBC ? 2 ** 35 - 16 : 2 ** 35);
  });
});

describe("bytes behind the plaintext", () => {
  it("of GCM are its tag, and never come out", async () => {
    const plaintext = counting(40);
    const body = await sealContent(V3, plaintext);
    const opened = await read(V3, body, { start: 30, end: 56 }, 9);
    expect(toHex(opened)).toBe(toHex(plaintext.subarray(30)));
  });
});

describe("an object longer than GCM can seal", () => {
  it.each([
    ["V3", V3],
    ["V2", V2],
  ] as const)("has no range beyond: the counter would begin anew (%s)", async (_, content) => {
    const most = 2 ** 36 - 32;
    const plan = (end: number) => storedRange(content.suite, { start: end - 1, end }, 2 ** 40);
    expect(plan(most).fetch).toEqual({ start: most - 16, end: most });
    expect((await plan(most).opener(content).update(random(16))).length).toBe(1);
    for (const end of [most + 1, 2 ** 36 + 5, 2 ** 39]) {
      expect(await failure(() => plan(end), "ERR_LIMIT")).toMatchObject({ maximum: most });
    }
  });
});

describe("how much plaintext a CBC body has", () => {
  it("is told by its last two blocks", async () => {
    for (let length = 0; length <= 70; length++) {
      const body = aesEncrypt("cbc", CBC.key, counting(length), CBC.iv);
      const { start, end } = paddingRange(body.length);
      expect(end).toBe(body.length);
      expect(end - start).toBe(Math.min(32, body.length));
      expect(await paddedLength(CBC, body.subarray(start, end), body.length)).toBe(length);
    }
  });

  it("is not told by what is no whole block, or bad padding: all alike", async () => {
    const body = aesEncrypt("cbc", CBC.key, counting(40), CBC.iv);
    const bad = aesEncrypt("cbc", CBC.key, counting(48), CBC.iv).subarray(0, 48);
    const errors = [
      await failure(paddedLength(CBC, body.subarray(16), 47), "ERR_AUTHENTICATION"),
      await failure(paddedLength(CBC, body.subarray(17), 48), "ERR_AUTHENTICATION"),
      await failure(paddedLength(CBC, new Uint8Array(0), 0), "ERR_AUTHENTICATION"),
      await failure(paddedLength(CBC, new Uint8Array(0), 48), "ERR_AUTHENTICATION"),
      await failure(paddedLength(CBC, new Uint8Array(5), 48), "ERR_AUTHENTICATION"),
      await failure(paddedLength(CBC, bad.subarray(16), 48), "ERR_AUTHENTICATION"),
    ];
    expect(new Set(errors.map(({ message }) => message)).size).toBe(1);
    expect(paddingRange(0)).toEqual({ start: 0, end: 0 });
    expect(paddingRange(16)).toEqual({ start: 0, end: 16 });
  });
});
