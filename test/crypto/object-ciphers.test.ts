import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backend, objectCiphers } from "#crypto";
import { counting, flipped, hex, join, random, toHex, u32 } from "../support/bytes.ts";
import { pieces, someCuts, through } from "../support/pieces.ts";
import { check, someBytes } from "../support/property.ts";
import java from "../vectors/java/object-keys.json" with { type: "json" };
import gcmVectors from "../vectors/nist/aes-gcm.json" with { type: "json" };
import modes from "../vectors/nist/aes-modes.json" with { type: "json" };
import keyWrap from "../vectors/rfc/key-wrap.json" with { type: "json" };

const { gcmEncryptor, gcmDecryptor, ctr, cbcDecryptor, unwrapAes, decryptEcb } = objectCiphers;

const same = (a: Uint8Array, b: Uint8Array): void => expect(Buffer.compare(a, b)).toBe(0);

describe("AES-256-GCM by pieces, against NIST's vectors", () => {
  const cases = gcmVectors.cases.filter(({ key }) => key.length === 64).map((row, i) => ({ ...row, i }));

  it.each(cases)("$file $i", async ({ key, iv, aad, plaintext, ciphertext, tag }) => {
    for (const cuts of [[], [1], [15, 17, 18], [16, 32]]) {
      const decryptor = gcmDecryptor(hex(key), hex(iv), hex(aad));
      const opened = await through(decryptor, pieces(hex(ciphertext), cuts));
      expect(await decryptor.verify(hex(tag))).toBe(plaintext !== null);
      if (plaintext === null) continue;
      expect(toHex(opened)).toBe(plaintext);
      const encryptor = gcmEncryptor(hex(key), hex(iv), hex(aad));
      expect(toHex(await through(encryptor, pieces(hex(plaintext), cuts)))).toBe(ciphertext);
      expect(toHex(await encryptor.final())).toBe(tag);
    }
  });
  it("has cases", () => expect(cases.length).toBeGreaterThan(50));
});

describe("AES-256-GCM by pieces", () => {
  const input = fc.record({ text: someCuts, aad: someBytes(100), bit: fc.nat() });

  it("is what one call makes of the whole, and knows every altered bit", () =>
    check(
      input,
      async ({ text: { length, cuts }, aad, bit }) => {
        const [key, iv, plaintext] = [random(32), random(12), random(length)];
        const sealed = new Uint8Array(length + 16);
        await backend.aesGcm(key).seal(iv, plaintext, aad, sealed, 0);
        const [ciphertext, tag] = [sealed.subarray(0, length), sealed.subarray(length)];

        const encryptor = gcmEncryptor(key, iv, aad);
        same(await through(encryptor, pieces(plaintext, cuts)), ciphertext);
        same(await encryptor.final(), tag);

        const open = async (given: Uint8Array, givenTag: Uint8Array, givenAad = aad) => {
          const decryptor = gcmDecryptor(key, iv, givenAad);
          const opened = await through(decryptor, pieces(given, cuts));
          return { opened, authentic: await decryptor.verify(givenTag) };
        };
        const { opened, authentic } = await open(ciphertext, tag);
        same(opened, plaintext);
        expect(authentic).toBe(true);
        expect((await open(ciphertext, flipped(tag, bit % 128))).authentic).toBe(false);
        expect((await open(ciphertext, tag, join(aad, Uint8Array.of(0)))).authentic).toBe(false);
        if (length === 0) return;
        expect((await open(flipped(ciphertext, bit % (8 * length)), tag)).authentic).toBe(false);
        expect((await open(ciphertext.subarray(1), tag)).authentic).toBe(false);
      },
      60,
    ));

  it("takes tags of 16 bytes alone", async () => {
    const [key, iv, aad] = [random(32), random(12), random(5)];
    const encryptor = gcmEncryptor(key, iv, aad);
    await encryptor.update(counting(100));
    const tag = await encryptor.final();
    expect(tag).toHaveLength(16);
    for (const length of [0, 4, 8, 12, 13, 15, 17, 32]) {
      const decryptor = gcmDecryptor(key, iv, aad);
      await decryptor.update(counting(100));
      const given = new Uint8Array(length);
      given.set(tag.subarray(0, length));
      expect(await decryptor.verify(given)).toBe(false);
    }
  });

  it("answers plain bytes in memory of their own, and leaves the piece as it was", async () => {
    const [key, iv] = [random(32), random(12)];
    for (const length of [0, 1, 64, 1024, 1025, 70_000, 1_100_000]) {
      const encryptor = gcmEncryptor(key, iv, random(3));
      const piece = counting(length);
      const [first, second] = [await encryptor.update(piece), await encryptor.update(piece)];
      same(piece, counting(length));
      const kept = first.slice();
      second.fill(0);
      expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
      expect(Object.getPrototypeOf(await encryptor.final())).toBe(Uint8Array.prototype);
      same(first, kept);
    }
  });
});

describe("AES-256-CTR by pieces", () => {
  it.each(modes.ctr)("NIST SP 800-38A, $clause", async ({ key, counter, plaintext, ciphertext }) => {
    for (const cuts of [[], [1], [15, 17, 18], [16, 32, 63]]) {
      const cipher = ctr(hex(key), hex(counter));
      expect(toHex(await through(cipher, pieces(hex(plaintext), cuts)))).toBe(ciphertext);
    }
  });

  it("opens any range of what GCM sealed, from the block in which it starts", () =>
    check(
      fc.record({ text: someCuts, at: fc.nat() }),
      async ({ text: { length, cuts }, at }) => {
        const [key, iv, plaintext] = [random(32), random(12), random(length)];
        const sealed = new Uint8Array(length + 16);
        await backend.aesGcm(key).seal(iv, plaintext, new Uint8Array(0), sealed, 0);
        const block = Math.floor((at % (length + 1)) / 16);
        const range = sealed.subarray(16 * block, length);
        const cipher = ctr(key, join(iv, u32(2 + block)));
        same(await through(cipher, pieces(range, cuts)), plaintext.subarray(16 * block));
      },
      60,
    ));

  it("goes up to the last block that 32 bits count, and no further", async () => {
    const key = random(32);
    const prefix = random(12);
    const keyStream = (counter: number, length: number) =>
      ctr(key, join(prefix, u32(counter))).update(new Uint8Array(length));
    for (const [counter, most] of [
      [0xffff_ffff, 16],
      [0xffff_fffe, 32],
      [0xffff_ff00, 4096],
    ] as const) {
      const whole = await keyStream(counter, most);
      same(whole.subarray(most - 16), await keyStream(0xffff_ffff, 16));
      const cipher = ctr(key, join(prefix, u32(counter)));
      expect(() => cipher.update(new Uint8Array(most + 1))).toThrow(RangeError);
      // Refused before anything was taken.
      same(await cipher.update(new Uint8Array(most)), whole);
      expect(await cipher.update(new Uint8Array(0))).toHaveLength(0);
      expect(() => cipher.update(new Uint8Array(1))).toThrow(RangeError);
    }
  });
});

describe("AES-256-CBC", () => {
  it.each(modes.cbc)("NIST SP 800-38A, $clause", async ({ key, iv, plaintext, ciphertext }) => {
    for (const cuts of [[], [16], [16, 16, 48]]) {
      const cipher = cbcDecryptor(hex(key), hex(iv));
      expect(toHex(await through(cipher, pieces(hex(ciphertext), cuts)))).toBe(plaintext);
    }
  });

  it("takes whole blocks alone", () => {
    for (const length of [1, 15, 17]) {
      expect(() => cbcDecryptor(random(32), random(16)).update(random(length))).toThrow(RangeError);
    }
  });
});

describe("AES-ECB", () => {
  it.each(modes.ecb)("NIST SP 800-38A, $clause", ({ key, plaintext, ciphertext }) =>
    expect(toHex(decryptEcb(hex(key), hex(ciphertext)))).toBe(plaintext),
  );

  it.each(java.ecb)("leaves the padding on that Java put there: $key", ({ key, plaintext, ciphertext }) =>
    expect(toHex(decryptEcb(hex(key), hex(ciphertext)))).toBe(plaintext + "10".repeat(16)),
  );

  it("takes whole blocks alone", () => {
    expect(decryptEcb(random(32), new Uint8Array(0))).toHaveLength(0);
    for (const length of [1, 15, 17]) {
      expect(() => decryptEcb(random(32), random(length))).toThrow(RangeError);
    }
  });
});

describe("AES key wrap", () => {
  it.each(keyWrap.cases)("RFC 3394, section $section", ({ key, plaintext, wrapped }) =>
    expect(toHex(unwrapAes(hex(key), hex(wrapped))!)).toBe(plaintext),
  );

  it.each(java.wrap)("opens what Java wrapped: $wrapped", ({ key, plaintext, wrapped }) =>
    expect(toHex(unwrapAes(hex(key), hex(wrapped))!)).toBe(plaintext),
  );

  it("answers null for any altered bit, another key and lengths that no wrapped key has", () => {
    const [{ key, wrapped }] = [keyWrap.cases[5]!];
    const given = hex(wrapped);
    for (let bit = 0; bit < 8 * given.length; bit++) {
      expect(unwrapAes(hex(key), flipped(given, bit)), `bit ${bit}`).toBeNull();
    }
    for (const length of [16, 24, 32]) expect(unwrapAes(random(length), given)).toBeNull();
    for (const length of [0, 1, 8, 15, 16, 23, 25, 32, 39]) {
      expect(unwrapAes(hex(key), given.subarray(0, length)), `${length} bytes`).toBeNull();
    }
    expect(given).toEqual(hex(wrapped));
  });
});
