import { describe, expect, it } from "vitest";
import { inspectObject } from "../../src/index.ts";
import { textOfHeader } from "../../src/object/header-text.ts";
import { formatPairs, parsePairs } from "../../src/object/pairs.ts";
import { random, utf8 } from "../support/bytes.ts";
import { aesObjectKey, writeObject } from "../support/independent-object.ts";
import { aesGcmV2, writeObjectV2 } from "../support/independent-object-v2.ts";
import { check, someText } from "../support/property.ts";

// What becomes of a header that is not ASCII: S3 reads its UTF-8 as Latin-1, and answers that as encoded words.
const latin1 = (text: string) => Buffer.from(utf8(text)).toString("latin1");
const b = (bytes: Uint8Array) => `=?UTF-8?B?${Buffer.from(bytes).toString("base64")}?=`;
const q = (bytes: Uint8Array) =>
  `=?UTF-8?Q?${[...bytes].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("")}?=`;
const doubled = (text: string) => utf8(latin1(text));

const TEXT = '{"é":"日本 𝒳","k":"v"}';

describe("a header's text", () => {
  it("of ASCII is what it is", () =>
    check(someText(20), (text) => {
      const ascii = text.replace(/[^\x20-\x7e]/g, "");
      if (/^\s*=\?.*\?=\s*$/.test(ascii)) return;
      expect(textOfHeader(ascii)).toBe(ascii);
    }));

  it.each([
    ["Q", q],
    ["B", b],
  ] as const)("in one word of %s, doubly encoded", (_, word) => {
    expect(textOfHeader(word(doubled(TEXT)))).toBe(TEXT);
    expect(textOfHeader(` ${word(doubled(TEXT))} `)).toBe(TEXT);
    expect(
      textOfHeader(
        word(doubled(TEXT))
          .replace("UTF-8", "utf-8")
          .replace(/\?([QB])\?/, (it) => it.toLowerCase()),
      ),
    ).toBe(TEXT);
  });

  it("in one word, encoded once", () => {
    // Characters beyond Latin-1 cannot come of a doubling.
    for (const word of [q, b]) expect(textOfHeader(word(utf8(TEXT)))).toBe(TEXT);
  });

  it("in several words, split anywhere, also within a character", () =>
    check(
      someText(12),
      (text) => {
        const bytes = doubled(`é${text}`);
        for (let at = 1; at < bytes.length; at++) {
          const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
          for (const [first, second] of [
            [q, q],
            [b, b],
            [q, b],
          ] as const) {
            for (const space of [" ", "\r\n ", "\t"]) {
              expect(textOfHeader(`${first(head)}${space}${second(tail)}`)).toBe(`é${text}`);
            }
          }
        }
      },
      20,
    ));

  it("in Q with what stands for itself", () => {
    expect(textOfHeader("=?UTF-8?Q?a_b=3Dc=c3=83=C2=A9?=")).toBe("a b=cé");
    expect(textOfHeader('=?utf-8?q?{"a":"b"}?=')).toBe('{"a":"b"}');
  });

  it("as Latin-1, where a client is that direct", () => {
    expect(textOfHeader(latin1(TEXT))).toBe(TEXT);
    // Latin-1 that is no UTF-8 is text already.
    expect(textOfHeader('{"a":"é"}')).toBe('{"a":"é"}');
    // So is what is beyond Latin-1.
    expect(textOfHeader(TEXT)).toBe(TEXT);
  });

  it.each([
    "=?UTF-8?Q?a",
    "=?UTF-8?Q?a=?=",
    "=?UTF-8?Q?a=4?=",
    "=?UTF-8?Q?a=ZZ?=",
    "=?UTF-8?B?A?=",
    "=?UTF-8?B?%%%%?=",
    "=?UTF-8?X?abcd?=",
    "=?UTF-8?Q?=FF=FE?=",
    "=?ISO-8859-1?Q?=E9?=",
    "=?UTF-16?B?AGEAYg==?=",
    "=?UTF-8?Q?a b?=",
    "=?UTF-8?Q?a?= plain",
    "plain =?UTF-8?Q?a?=",
    "=?UTF-8?Q?a?==?UTF-8?Q?b?=",
    "=??Q?a?=",
    "=?UTF-8*de?Q?a?=",
  ])("that is no run of good words stays as it is: %s", (text) => {
    expect(textOfHeader(text)).toBe(text);
  });

  it("of hostile length is read at all", () => {
    // A regular expression that backtracks would not come back.
    for (const unit of ["=?UTF-8?Q?a?= ", "=?", "=?a?q?", "?= ", " ", "=?UTF-8?B?"]) {
      const text = unit.repeat(Math.floor(65_000 / unit.length));
      for (const tail of ["", "x", "=?", "\u0000"]) textOfHeader(text + tail);
    }
  });
});

describe("where it is read", async () => {
  it.each([
    ["V3", writeObject(utf8("x"), aesObjectKey(random(32))).metadata, "x-amz-m"],
    ["V2", (await writeObjectV2(utf8("x"), aesGcmV2(random(32)))).metadata, "x-amz-matdesc"],
  ])("%s", (_, metadata, field) => {
    for (const text of [b(doubled(TEXT)), q(doubled(TEXT)), latin1(TEXT), TEXT]) {
      expect(inspectObject({ ...metadata, [field]: text }).materialsDescription).toEqual(JSON.parse(TEXT));
    }
  });
});

describe("pairs as text", () => {
  it("are ASCII that no reader takes for something else, and come back", () =>
    check(
      someText(12),
      (text) => {
        for (const pairs of [{ [text]: text }, { a: `=?${text}?=`, "=?utf-8?Q?a?=": "=?" }]) {
          const written = formatPairs(pairs);
          expect(written).toMatch(/^[\x20-\x7e]*$/);
          expect(written).not.toContain("=?");
          expect(JSON.parse(written)).toEqual(pairs);
          expect(parsePairs(textOfHeader(written), "f")).toEqual(pairs);
        }
      },
      200,
    ));

  it("escape as they must", () => {
    expect(formatPairs({ a: "é=?\u007f𝒳\n" })).toBe('{"a":"\\u00e9=\\u003f\\u007f\\ud835\\udcb3\\n"}');
    expect(formatPairs({})).toBe("{}");
    expect(parsePairs(undefined, "f")).toEqual({});
    expect(formatPairs({ "=": "=", "?": "==??" })).toBe('{"=":"=","?":"==\\u003f?"}');
  });
});
