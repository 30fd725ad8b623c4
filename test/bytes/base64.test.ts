import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64, looksLikeBase64, toBase64 } from "../../src/bytes/base64.ts";
import { random, utf8 } from "../support/bytes.ts";
import { check, someBytes } from "../support/property.ts";

describe("toBase64", () => {
  // RFC 4648, section 10
  it.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ])("writes %j as %j", (text, base64) => {
    expect(toBase64(utf8(text))).toBe(base64);
    expect(fromBase64(base64)).toEqual(utf8(text));
  });

  it("agrees with Node for any bytes", () =>
    check(someBytes(300), (bytes) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
    }));

  it("agrees with Node for long inputs", () => {
    const bytes = random(300_001);
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    expect(Buffer.compare(fromBase64(toBase64(bytes))!, bytes)).toBe(0);
  });
});

describe("fromBase64", () => {
  it.each([
    "A",
    "AA",
    "AAA",
    "AAAAA",
    "=",
    "==",
    "===",
    "====",
    "A===",
    "AA=A",
    "=AAA",
    "AA==AAAA",
    "AAA=AAAA",
    "AAA\n",
    "AA A",
    " AAA",
    "AAAA\n",
    "AA-_",
    "AAA\u0000",
    "AAA\u0141",
    "AAAÿ",
    "AAA😀",
    "AA==\n",
  ])("refuses %j", (text) => expect(fromBase64(text)).toBeNull());

  it.each(["AB==", "Af==", "AAB=", "AA9="])("refuses stray bits in %j", (text) =>
    expect(fromBase64(text)).toBeNull(),
  );

  it("reads exactly what Node would write again", () =>
    check(
      fc.string({ unit: fc.constantFrom(..."AQgwB/+=9z-"), maxLength: 12 }),
      (text) => {
        const canonical = Buffer.from(text, "base64").toString("base64") === text;
        expect(fromBase64(text) !== null).toBe(canonical);
      },
      1000,
    ));
});

describe("looksLikeBase64", () => {
  it("knows the text of a message", () => {
    expect(looksLikeBase64(utf8(toBase64(random(40))))).toBe(true);
    expect(looksLikeBase64(utf8(toBase64(random(400))))).toBe(true);
  });

  it.each([
    ["too little", utf8("AgR4")],
    ["a message", Uint8Array.of(2, 4, 0x78, 0, 0, 0, 0, 0, 0)],
    ["JSON", utf8('{"ciphertext":"AgR4"}')],
    ["nothing", new Uint8Array(0)],
  ])("does not take %s for it", (_, bytes) => expect(looksLikeBase64(bytes)).toBe(false));
});
