import { gcm } from "@noble/ciphers/aes.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import { flipped, hex, random, toHex } from "../support/bytes.ts";
import { check, someBytes } from "../support/property.ts";
import vectors from "../vectors/nist/aes-gcm.json" with { type: "json" };

async function seal(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array, aad: Uint8Array) {
  const out = new Uint8Array(plaintext.length + 16);
  await backend.aesGcm(key).seal(iv, plaintext, aad, out, 0);
  return out;
}

async function open(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array, aad: Uint8Array) {
  return backend.aesGcm(key).open(iv, sealed, aad);
}

describe("AES-GCM against NIST's vectors", () => {
  const named = vectors.cases.map((row, i) => ({ ...row, title: `${row.file} ${i}` }));

  it.each(named)("$title", async ({ key, iv, aad, plaintext, ciphertext, tag }) => {
    const sealed = hex(ciphertext + tag);
    const opened = await open(hex(key), hex(iv), sealed, hex(aad));
    if (plaintext === null) {
      expect(opened).toBeNull();
      return;
    }
    expect(opened).toEqual(hex(plaintext));
    expect(toHex(await seal(hex(key), hex(iv), hex(plaintext), hex(aad)))).toBe(toHex(sealed));
  });
});

describe("AES-GCM against noble", () => {
  const input = fc.record({
    keyLength: fc.constantFrom(16, 24, 32),
    plaintext: someBytes(200),
    aad: someBytes(100),
  });

  it("seals and opens alike", () =>
    check(input, async ({ keyLength, plaintext, aad }) => {
      const key = random(keyLength);
      const iv = random(12);
      const theirs = gcm(key, iv, aad).encrypt(plaintext);
      expect(await seal(key, iv, plaintext, aad)).toEqual(theirs);
      expect(await open(key, iv, theirs, aad)).toEqual(plaintext);
    }));

  // Long inputs go through in pieces of 64 KiB.
  it.each([65_535, 65_536, 65_537, 200_000, 262_144])("seals and opens %d bytes", async (length) => {
    const [key, iv, plaintext, aad] = [random(32), random(12), random(length), random(9)];
    const theirs = gcm(key, iv, aad).encrypt(plaintext);
    expect(Buffer.compare(await seal(key, iv, plaintext, aad), theirs)).toBe(0);
    expect(Buffer.compare((await open(key, iv, theirs, aad))!, plaintext)).toBe(0);
  });
});

describe("AES-GCM", () => {
  it("writes at the offset and nowhere else", async () => {
    const [key, iv, plaintext] = [random(32), random(12), random(20)];
    const out = new Uint8Array(60).fill(0xaa);
    await backend.aesGcm(key).seal(iv, plaintext, new Uint8Array(0), out, 7);
    expect(out.subarray(0, 7)).toEqual(new Uint8Array(7).fill(0xaa));
    expect(out.subarray(7, 43)).toEqual(await seal(key, iv, plaintext, new Uint8Array(0)));
    expect(out.subarray(43)).toEqual(new Uint8Array(17).fill(0xaa));
  });

  it.each([0, 40, 5000, 70_000])("answers %d bytes in memory of their own, or nothing", async (length) => {
    const [key, iv, plaintext] = [random(32), random(12), random(length)];
    const sealed = await seal(key, iv, plaintext, new Uint8Array(0));
    const opened = await open(key, iv, sealed, new Uint8Array(0));
    expect(opened).toEqual(plaintext);
    expect(opened?.constructor).toBe(Uint8Array);
    expect(opened?.buffer.byteLength).toBe(length);
    expect(await open(key, iv, flipped(sealed, 8 * sealed.length - 1), new Uint8Array(0))).toBeNull();
  });

  it("refuses every flipped bit of ciphertext, tag, IV and AAD", async () => {
    const [key, iv, aad] = [random(16), random(12), random(5)];
    const sealed = await seal(key, iv, random(9), aad);
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      expect(await open(key, iv, flipped(sealed, bit), aad)).toBeNull();
    }
    for (let bit = 0; bit < 96; bit++) expect(await open(key, flipped(iv, bit), sealed, aad)).toBeNull();
    for (let bit = 0; bit < 40; bit++) expect(await open(key, iv, sealed, flipped(aad, bit))).toBeNull();
  });
});
