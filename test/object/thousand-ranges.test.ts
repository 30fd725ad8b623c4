import fc from "fast-check";
import { expect, it } from "vitest";
import type { ContentKey } from "../../src/object/content.ts";
import { paddedLength, paddingRange, storedRange } from "../../src/object/range.ts";
import { suiteById } from "../../src/suites/table.ts";
import { aesEncrypt, gcmSeal } from "../support/aes-by-hand.ts";
import { hex, join, random } from "../support/bytes.ts";
import { pieces } from "../support/pieces.ts";
import { check } from "../support/property.ts";

const LENGTH = 300_007;
const plaintext = random(LENGTH);
const key = random(32);

const cbc: ContentKey = { suite: suiteById(0x0070, "object"), key, iv: random(16) };
const v2: ContentKey = { suite: suiteById(0x0072, "object"), key, iv: random(12) };
const v3: ContentKey = { suite: suiteById(0x0073, "object"), key, iv: new Uint8Array(12).fill(1) };
const STORED: [string, ContentKey, Uint8Array][] = [
  ["AES-CBC", cbc, aesEncrypt("cbc", key, plaintext, cbc.iv)],
  ["V2", v2, gcmSeal(key, v2.iv, plaintext)],
  ["V3", v3, gcmSeal(key, v3.iv, plaintext, hex("0073"))],
];

const at = fc.oneof(
  fc.integer({ min: 0, max: LENGTH - 1 }),
  fc.integer({ min: 0, max: 18_000 }).map((block) => 16 * block),
  fc.integer({ min: LENGTH - 40, max: LENGTH - 1 }),
);
const length = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 70_000 }));

it.each(STORED)(
  "a thousand ranges of %s are slices of the plaintext, in any pieces",
  async (_, content, body) => {
    const cuts = fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 4 });
    await check(
      fc.record({ at, length, cuts }),
      async (range) => {
        const slice = { start: range.at, end: Math.min(LENGTH, range.at + range.length) };
        const { fetch, opener } = storedRange(content.suite, slice, body.length);
        const stored = body.subarray(fetch.start, fetch.end);
        expect(fetch.end - fetch.start).toBeLessThanOrEqual(slice.end - slice.start + 48);
        const open = opener(content);
        const opened: Uint8Array[] = [];
        for (const piece of pieces(stored, range.cuts)) opened.push(await open.update(piece));
        opened.push(await open.final());
        expect(Buffer.compare(join(...opened), plaintext.subarray(slice.start, slice.end))).toBe(0);
      },
      1000,
    );
  },
);

it("the padding tells how long a CBC object is", async () => {
  for (const bytes of [0, 1, 15, 16, 17, 31, 32, 33]) {
    const body = aesEncrypt("cbc", key, plaintext.subarray(0, bytes), cbc.iv);
    const { start, end } = paddingRange(body.length);
    expect(await paddedLength(cbc, body.subarray(start, end), body.length)).toBe(bytes);
  }
});
