import { createDecipheriv } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ContentKey, openContent, plaintextLengthOf, sealContent } from "../../src/object/content.ts";
import { contentOpener, contentSealer } from "../../src/object/pieces.ts";
import { suiteById } from "../../src/suites/table.ts";
import { aesEncrypt } from "../support/aes-by-hand.ts";
import { counting, flipped, join, random, toHex } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { check, someBytes } from "../support/property.ts";

const V3: ContentKey = {
  suite: suiteById(0x0073, "object"),
  key: random(32),
  iv: new Uint8Array(12).fill(1),
};
const V2: ContentKey = { suite: suiteById(0x0072, "object"), key: random(32), iv: random(12) };
const CBC: ContentKey = { suite: suiteById(0x0070, "object"), key: random(32), iv: random(16) };
const sealOf = (content: ContentKey, plaintext: Uint8Array) =>
  content === CBC ? aesEncrypt("cbc", CBC.key, plaintext, CBC.iv) : sealContent(content, plaintext);

/** Bytes, and places at which to cut them: pieces of all lengths, none and one among them. */
const cut = (bytes: Uint8Array, places: readonly number[]) => {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end));
};
const someCuts = fc.array(fc.nat(), { maxLength: 12 });
const inSteps = (bytes: Uint8Array, step: number) =>
  cut(
    bytes,
    Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => i * step),
  );

async function through(
  { update, final }: { update(piece: Uint8Array): Promise<Uint8Array>; final(): Promise<Uint8Array> },
  pieces: readonly Uint8Array[],
): Promise<Uint8Array> {
  const out: Uint8Array[] = [];
  // Callers may use their memory again once the next piece has been taken.
  let former = new Uint8Array(0);
  for (const piece of pieces) {
    const own = Uint8Array.from(piece);
    const answer = await update(own);
    former.fill(0xee);
    former = own;
    out.push(answer);
  }
  const last = await final();
  former.fill(0xee);
  return join(...out, last);
}

describe.each([
  ["V3", V3],
  ["V2", V2],
  ["CBC", CBC],
] as const)("the content of %s", (_, content) => {
  it("opens by pieces to what it opens to at once", () =>
    check(fc.tuple(someBytes(300), someCuts), async ([plaintext, places]) => {
      const body = await sealOf(content, plaintext);
      expect(toHex(await openContent(content, body))).toBe(toHex(plaintext));
      expect(toHex(await through(contentOpener(content), cut(body, places)))).toBe(toHex(plaintext));
    }));

  it.each([0, 1, 15, 16, 17, 31, 32, 33, 1000])(
    "of %d bytes, in pieces of every small length",
    async (length) => {
      const plaintext = counting(length);
      const body = await sealOf(content, plaintext);
      for (let step = 1; step <= 50; step++) {
        expect(toHex(await through(contentOpener(content), inSteps(body, step)))).toBe(toHex(plaintext));
      }
    },
  );

  it("gives no more than it has, and keeps back what may be tag or padding", async () => {
    const body = await sealOf(content, counting(100));
    const opener = contentOpener(content);
    let given = 0;
    for (const [i, byte] of body.entries()) {
      given += (await opener.update(Uint8Array.of(byte))).length;
      expect(given).toBeLessThanOrEqual(Math.max(0, i + 1 - 16));
    }
    expect(given + (await opener.final()).length).toBe(100);
  });

  it("cut short is refused at the end, however it comes", async () => {
    const body = await sealOf(content, counting(40));
    for (let length = 0; length < body.length; length++) {
      const short = body.subarray(0, length);
      const code = content !== CBC && length < 16 ? "ERR_TRUNCATED" : "ERR_AUTHENTICATION";
      // CBC tells only by its padding, and padding may fit by chance.
      const byChance = content === CBC && length % 16 === 0 && length > 0 && fits(short);
      if (byChance) continue;
      await failure(openContent(content, short), code);
      for (const step of [1, 7, 16, 100])
        await failure(through(contentOpener(content), inSteps(short, step)), code);
    }
  });
});

it("CBC with bytes behind its last block is refused, however well that is padded", async () => {
  const body = await sealOf(CBC, counting(40));
  for (let more = 1; more < 16; more++) {
    const longer = join(body, random(more));
    await failure(openContent(CBC, longer), "ERR_AUTHENTICATION");
    for (const step of [1, 16, 100]) {
      await failure(through(contentOpener(CBC), inSteps(longer, step)), "ERR_AUTHENTICATION");
    }
  }
});

const fits = (body: Uint8Array) => {
  try {
    const decipher = createDecipheriv("aes-256-cbc", CBC.key, CBC.iv);
    return join(decipher.update(body), decipher.final()).length >= 0;
  } catch {
    return false;
  }
};

describe.each([
  ["V3", V3],
  ["V2", V2],
] as const)("sealing %s", (_, content) => {
  it("by pieces makes what it makes at once", () =>
    check(fc.tuple(someBytes(300), someCuts), async ([plaintext, places]) => {
      const sealer = contentSealer(content);
      const body = await through(sealer, cut(plaintext, places));
      expect(toHex(body)).toBe(toHex(await sealContent(content, plaintext)));
      expect(sealer.length).toBe(plaintext.length);
      expect(plaintextLengthOf(content.suite, body.length)).toBe(plaintext.length);
    }));

  it("any bit altered is refused at the end, and at once", async () => {
    const body = await sealContent(content, counting(33));
    for (let bit = 0; bit < 8 * body.length; bit += 3) {
      const altered = flipped(body, bit);
      await failure(openContent(content, altered), "ERR_AUTHENTICATION");
      await failure(through(contentOpener(content), inSteps(altered, 10)), "ERR_AUTHENTICATION");
    }
    const longer = join(body, Uint8Array.of(0));
    await failure(openContent(content, longer), "ERR_AUTHENTICATION");
    await failure(through(contentOpener(content), inSteps(longer, 10)), "ERR_AUTHENTICATION");
  });

  it("is not opened as the other format, nor as CBC", async () => {
    const body = await sealContent(content, counting(16));
    const other = { ...content, suite: (content === V3 ? V2 : V3).suite };
    await failure(openContent(other, body), "ERR_AUTHENTICATION");
    await failure(through(contentOpener(other), [body]), "ERR_AUTHENTICATION");
  });
});

describe("limits", () => {
  it("the plaintext that GCM takes under one IV, before anything is sealed", async () => {
    const sealer = contentSealer(V3);
    const huge = { length: 2 ** 36 - 31 } as Uint8Array;
    const error = await failure(sealer.update(huge), "ERR_LIMIT");
    expect(error).toMatchObject({ maximum: 2 ** 36 - 32 });
    expect(sealer.length).toBe(0);
    await sealer.update(counting(1));
    await failure(sealer.update({ length: 2 ** 36 - 32 } as Uint8Array), "ERR_LIMIT");
    await failure(sealContent(V3, huge), "ERR_LIMIT");
  });

  it("a body shorter than its tag holds nothing, and CBC does not tell", () => {
    expect(plaintextLengthOf(V3.suite, 5)).toBe(0);
    expect(plaintextLengthOf(V2.suite, 16)).toBe(0);
    expect(plaintextLengthOf(CBC.suite, 32)).toBeUndefined();
  });
});
