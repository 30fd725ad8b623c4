import { describe, expect, it } from "vitest";
import { compareUtf8, fromUtf8, utf8, utf8Length, writeUtf8 } from "../../src/bytes/utf8.ts";
import { check, someText } from "../support/property.ts";

const bytesOf = (text: string) => Buffer.from(text, "utf8");
const TEXTS = [
  "",
  "a",
  "ab",
  "é",
  "߿",
  "ࠀ",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "\u{10000}",
  "\u{10ffff}",
  "a\u{1f511}",
  `${"x".repeat(100)}é`,
];

describe("UTF-8", () => {
  it.each(TEXTS)("of %j is what Node makes of it", (text) => same(text));

  it("of any text is what Node makes of it", () => check(someText(200), same, 500));

  it("orders texts as their bytes are ordered", async () => {
    for (const a of TEXTS) for (const b of TEXTS) sameOrder(a, b);
    await check(someText(5), (a) => check(someText(5), (b) => sameOrder(a, b), 20), 50);
  });
});

function same(text: string): void {
  const expected = new Uint8Array(bytesOf(text));
  expect(new Uint8Array(utf8(text))).toEqual(expected);
  expect(utf8Length(text)).toBe(expected.length);
  const out = new Uint8Array(expected.length + 5).fill(0xaa);
  expect(writeUtf8(out, 3, text)).toBe(3 + expected.length);
  expect(out.subarray(3, -2)).toEqual(expected);
  expect([...out.subarray(0, 3), ...out.subarray(-2)]).toEqual([0xaa, 0xaa, 0xaa, 0xaa, 0xaa]);
  expect(fromUtf8(out, 3, 3 + expected.length)).toBe(text);
}

function sameOrder(a: string, b: string): void {
  expect(Math.sign(compareUtf8(a, b)), JSON.stringify([a, b])).toBe(
    Math.sign(bytesOf(a).compare(bytesOf(b))),
  );
}
