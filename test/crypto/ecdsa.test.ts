import { createPublicKey, createVerify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import type { CurveName, HashName } from "../../src/crypto/backend.ts";
import { compressPoint } from "../../src/crypto/point.ts";
import { flipped, hex, join, random, utf8 } from "../support/bytes.ts";
import vectors from "../vectors/nist/ecdsa-verify.json" with { type: "json" };

const CURVES = [
  { curve: "P-256", hash: "sha256", length: 32 },
  { curve: "P-384", hash: "sha384", length: 48 },
] as const;

const padded = (coordinate: string, curve: string) =>
  hex(coordinate.padStart(curve === "P-256" ? 64 : 96, "0"));

describe("ECDSA against NIST's vectors", () => {
  it.each(vectors.cases.map((row, i) => ({ ...row, title: `${row.curve} ${(i % 15) + 1}` })))(
    "$title: valid is $valid",
    async ({ curve, hash, message, x, y, r, s, valid }) => {
      const point = compressPoint(join(Uint8Array.of(4), padded(x, curve), padded(y, curve)));
      const verifier = await backend.verifier(curve as CurveName, point, hash as HashName);
      verifier!.update(hex(message));
      expect(await verifier!.verify(join(padded(r, curve), padded(s, curve)))).toBe(valid);
    },
  );
});

describe.each(CURVES)("ECDSA on $curve", ({ curve, hash, length }) => {
  const sign = async (...parts: Uint8Array[]) => {
    const { signingKey, publicKey } = await backend.signingKeyPair(curve);
    const signer = backend.signer(signingKey, hash);
    for (const part of parts) signer.update(part);
    return { signature: await signer.sign(), publicKey };
  };
  const verify = async (publicKey: Uint8Array, signature: Uint8Array, ...parts: Uint8Array[]) => {
    const verifier = await backend.verifier(curve, publicKey, hash);
    for (const part of parts) verifier!.update(part);
    return verifier!.verify(signature);
  };

  it("signs what another implementation verifies", async () => {
    for (let i = 0; i < 20; i++) {
      const { signature, publicKey } = await sign(utf8("one"), utf8("two"));
      expect(publicKey).toHaveLength(1 + length);
      expect([2, 3]).toContain(publicKey[0]);
      expect(signature).toHaveLength(2 * length);
      const prefix =
        curve === "P-256"
          ? "3039301306072a8648ce3d020106082a8648ce3d030107032200"
          : "3046301006072a8648ce3d020106052b81040022033200";
      const key = createPublicKey({
        key: Buffer.concat([hex(prefix), publicKey]),
        format: "der",
        type: "spki",
      });
      const theirs = createVerify(hash).update("onetwo");
      expect(theirs.verify({ key, dsaEncoding: "ieee-p1363" }, signature)).toBe(true);
    }
  });

  it("does not care how the input was cut", async () => {
    const { signature, publicKey } = await sign(utf8("on"), utf8(""), utf8("etwo"));
    expect(await verify(publicKey, signature, utf8("onetw"), utf8("o"))).toBe(true);
    expect(await verify(publicKey, signature, utf8("onetwO"))).toBe(false);
  });

  it("makes a fresh pair each time", async () => {
    const [a, b] = [await sign(utf8("x")), await sign(utf8("x"))];
    expect(a.publicKey).not.toEqual(b.publicKey);
    expect(await verify(b.publicKey, a.signature, utf8("x"))).toBe(false);
  });

  it("refuses flipped bits of a signature", async () => {
    const { signature, publicKey } = await sign(utf8("x"));
    for (let bit = 0; bit < 8 * signature.length; bit += 7) {
      expect(await verify(publicKey, flipped(signature, bit), utf8("x"))).toBe(false);
    }
  });

  it("answers null for what is no compressed point", async () => {
    const { publicKey } = await sign(utf8("x"));
    const bad = {
      empty: new Uint8Array(0),
      short: publicKey.subarray(1),
      long: join(publicKey, Uint8Array.of(0)),
      uncompressed: join(Uint8Array.of(4), random(2 * length)),
      "another tag": join(Uint8Array.of(5), publicKey.subarray(1)),
      "over the prime": join(Uint8Array.of(2), new Uint8Array(length).fill(0xff)),
    };
    for (const [name, point] of Object.entries(bad)) {
      expect(await backend.verifier(curve, point, hash), name).toBeNull();
    }
  });

  it("answers null for an x without a point on the curve", async () => {
    // About every second x has none.
    const answers = [];
    for (let i = 0; i < 64; i++) {
      const point = join(Uint8Array.of(2, 0), random(length - 1));
      answers.push((await backend.verifier(curve, point, hash)) === null);
    }
    expect(answers).toContain(true);
    expect(answers).toContain(false);
  });

  it("compresses both signs of y", () => {
    const x = random(length);
    for (const [last, tag] of [
      [0, 2],
      [1, 3],
      [254, 2],
      [255, 3],
    ] as const) {
      const y = random(length);
      y[length - 1] = last;
      const uncompressed = join(Uint8Array.of(4), x, y);
      expect(compressPoint(uncompressed)).toEqual(join(Uint8Array.of(tag), x));
      expect(uncompressed[0]).toBe(4);
    }
  });
});
