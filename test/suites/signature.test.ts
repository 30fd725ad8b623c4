import { createPublicKey, createVerify, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signatureFromDer, signatureToDer } from "../../src/suites/signature.ts";
import { hex, join, toHex } from "../support/bytes.ts";
import { check } from "../support/property.ts";

const CURVES = [
  { curve: "P-256", length: 32 },
  { curve: "P-384", length: 48 },
] as const;

/** A number below 2^(8 * length), often a short one. */
const coordinate = (length: number) =>
  fc
    .tuple(fc.nat(length - 1), fc.uint8Array({ minLength: length, maxLength: length }))
    .map(([zeros, bytes]) => bytes.fill(0, 0, zeros))
    .filter((bytes) => bytes.some((byte) => byte !== 0));

/** DER of an integer, by BigInt: independent of the code under test. */
function derInteger(bytes: Uint8Array): string {
  let digits = BigInt(`0x${toHex(bytes)}`).toString(16);
  if (digits.length % 2 === 1) digits = `0${digits}`;
  if (Number.parseInt(digits.slice(0, 2), 16) >= 0x80) digits = `00${digits}`;
  return `02${(digits.length / 2).toString(16).padStart(2, "0")}${digits}`;
}

describe.each(CURVES)("signatures on $curve", ({ curve, length }) => {
  it("are written as DER, and read again, for any r and s", () =>
    check(
      fc.tuple(coordinate(length), coordinate(length)),
      ([r, s]) => {
        const raw = join(r, s);
        const der = signatureToDer(raw);
        const body = derInteger(r) + derInteger(s);
        expect(toHex(der)).toBe(`30${(body.length / 2).toString(16).padStart(2, "0")}${body}`);
        expect(signatureFromDer(der, curve)).toEqual(raw);
      },
      300,
    ));

  it.each([
    ["1", "1"],
    ["7f", "80"],
    ["80", "7f"],
    ["ff", "0100"],
    ["00ff", "7fff"],
    ["ff".repeat(length), "ff".repeat(length)],
    [`7f${"00".repeat(length - 1)}`, `80${"00".repeat(length - 1)}`],
  ])("with r = 0x%s and s = 0x%s", (r, s) => {
    const raw = hex(r.padStart(2 * length, "0") + s.padStart(2 * length, "0"));
    expect(signatureFromDer(signatureToDer(raw), curve)).toEqual(raw);
  });

  it("are what Node makes and takes", () => {
    const pair = generateKeyPairSync("ec", { namedCurve: curve });
    const key = createPublicKey(pair.privateKey);
    const lengths = new Set<number>();
    for (let i = 0; i < 300; i++) {
      const der = new Uint8Array(sign("sha256", Buffer.from([i]), pair.privateKey));
      lengths.add(der.length);
      const raw = signatureFromDer(der, curve)!;
      expect(toHex(signatureToDer(raw))).toBe(toHex(der));
      const verify = createVerify("sha256").update(Buffer.from([i]));
      expect(verify.verify({ key, dsaEncoding: "ieee-p1363" }, raw)).toBe(true);
    }
    expect(lengths.size).toBeGreaterThan(1);
  });

  const one = "020101";
  const full = `02${(length + 1).toString(16)}00${"ff".repeat(length)}`;
  const tooLong = `02${(length + 1).toString(16)}01${"00".repeat(length)}`;
  const sequence = (body: string) => `30${(body.length / 2).toString(16).padStart(2, "0")}${body}`;
  it.each([
    ["nothing", ""],
    ["another tag", `31${sequence(one + one).slice(2)}`],
    ["a length that is too short", `3005${one}${one}`],
    ["a length that is too long", `3007${one}${one}`],
    ["a long form of the length", `308106${one}${one}`],
    ["an indefinite length", `3080${one}${one}0000`],
    ["one integer", sequence(one)],
    ["three integers", sequence(one + one + one)],
    ["a byte behind the sequence", `${sequence(one + one)}00`],
    ["a byte behind the integers", sequence(`${one}${one}00`)],
    ["an empty integer", sequence(`0200${one}`)],
    ["a zero r", sequence(`020100${one}`)],
    ["a zero s", sequence(`${one}020100`)],
    ["a negative r", sequence(`020180${one}`)],
    ["a negative s", sequence(`${one}0201ff`)],
    ["a needless zero before r", sequence(`02020001${one}`)],
    ["two zeros before s", sequence(`${one}0203000080`)],
    ["a wrong tag for r", sequence(`030101${one}`)],
    ["a wrong tag for s", sequence(`${one}040101`)],
    ["an r over the curve's length", sequence(tooLong + one)],
    ["an s over the curve's length", sequence(one + tooLong)],
    ["an integer that goes over the end", `3006${one}020201`],
    ["a long form in an integer", sequence(`02810101${one}`)],
    ["a cut integer", `3004${one}02`],
  ])("are refused with %s", (_, der) => expect(signatureFromDer(hex(der), curve)).toBeNull());

  it("may have r and s of full length", () => {
    expect(signatureFromDer(hex(sequence(full + full)), curve)).toEqual(
      new Uint8Array(2 * length).fill(0xff),
    );
  });

  it("are read in one form only: what is read is written again to the same bytes", () =>
    check(
      fc.uint8Array({ minLength: 2, maxLength: 12 }),
      (body) => {
        const der = join(Uint8Array.of(0x30, body.length), body);
        const raw = signatureFromDer(der, curve);
        if (raw !== null) expect(signatureToDer(raw)).toEqual(der);
      },
      2000,
    ));
});
