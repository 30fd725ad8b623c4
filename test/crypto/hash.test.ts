import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import type { DerivedKey, HashName } from "../../src/crypto/backend.ts";
import { hex, random, toHex } from "../support/bytes.ts";
import { check, someBytes } from "../support/property.ts";
import hkdfCases from "../vectors/rfc/hkdf.json" with { type: "json" };
import hmacCases from "../vectors/rfc/hmac.json" with { type: "json" };

const NOBLE = { sha256, sha384, sha512 };
const someHash = fc.constantFrom<HashName>("sha256", "sha384", "sha512");

describe("HMAC", () => {
  it.each(hmacCases.cases.map((row, i) => ({ ...row, case: (i % 6) + 1 })))(
    "RFC 4231, $hash, text $case",
    ({ hash, key, data, mac }) => {
      expect(toHex(backend.hmac(hash as HashName, hex(key), hex(data)))).toBe(mac);
    },
  );

  it("agrees with noble", () =>
    check(fc.tuple(someHash, someBytes(200), someBytes(300)), ([hash, key, data]) => {
      expect(toHex(backend.hmac(hash, key, data))).toBe(toHex(hmac(NOBLE[hash], key, data)));
    }));

  // A key longer than a block is hashed.
  it.each([
    ["sha256", 64, 10],
    ["sha256", 65, 10],
    ["sha384", 128, 10],
    ["sha384", 129, 10],
    ["sha512", 128, 10],
    ["sha512", 129, 10],
    ["sha512", 32, 4096],
    ["sha512", 32, 4097],
    ["sha256", 0, 0],
  ] as const)("agrees with noble: %s, key of %d, data of %d", (hash, keyLength, length) => {
    const [key, data] = [random(keyLength), random(length)];
    expect(toHex(backend.hmac(hash, key, data))).toBe(toHex(hmac(NOBLE[hash], key, data)));
  });
});

describe("HKDF", () => {
  it.each(hkdfCases.cases)("RFC 5869, case $case", (row) => {
    const [salt, inputKey] = [hex(row.salt), hex(row.inputKey)];
    expect(toHex(backend.hmac("sha256", salt, inputKey))).toBe(row.pseudoRandomKey);
    const [key] = backend.hkdf("sha256", salt, inputKey, [{ info: hex(row.info), length: row.length }]);
    expect(toHex(key!)).toBe(row.outputKey);
  });

  const agree = (hash: HashName, salt: Uint8Array, inputKey: Uint8Array, keys: readonly DerivedKey[]) => {
    const ours = backend.hkdf(hash, salt, inputKey, keys);
    const theirs = keys.map(({ info, length }) => hkdf(NOBLE[hash], inputKey, salt, info, length));
    expect(ours.map(toHex)).toEqual(theirs.map(toHex));
  };

  it("agrees with noble", () => {
    const lengths = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 300 }));
    const keys = fc.array(fc.record({ info: someBytes(80), length: lengths }), { maxLength: 3 });
    return check(fc.tuple(someHash, someBytes(140), someBytes(80, 1), keys), (input) => agree(...input));
  });

  // Where the one-shot path ends: a salt of a block, texts of 64 bytes, keys of a digest.
  it.each([
    ["sha256", 64, 64, 63, 32],
    ["sha256", 65, 32, 10, 32],
    ["sha256", 16, 65, 10, 32],
    ["sha256", 16, 32, 64, 32],
    ["sha256", 16, 32, 10, 33],
    ["sha384", 128, 64, 63, 48],
    ["sha384", 129, 32, 10, 48],
    ["sha384", 16, 32, 10, 49],
    ["sha512", 128, 64, 63, 64],
    ["sha512", 129, 32, 10, 64],
    ["sha512", 16, 32, 10, 65],
    ["sha512", 0, 32, 0, 1],
  ] as const)("agrees with noble: %s, salt of %d, secret of %d, info of %d, key of %d", (...row) => {
    const [hash, salt, secret, info, length] = row;
    const key = { info: random(info), length };
    agree(hash, random(salt), random(secret), [key, { info: random(5), length: 16 }, key]);
  });

  it.each(["sha256", "sha384", "sha512"] as const)("reaches 255 blocks of %s", (hash) => {
    agree(hash, random(16), random(32), [{ info: hex(""), length: 255 * NOBLE[hash].outputLen }]);
  });
});

describe("random bytes", () => {
  it("have the length asked for, and never repeat", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const bytes = backend.randomBytes(12 + (i % 60));
      expect(bytes).toHaveLength(12 + (i % 60));
      seen.add(toHex(bytes.subarray(0, 12)));
    }
    expect(seen.size).toBe(2000);
  });

  it("are the caller's own: filling them changes no later ones", () => {
    backend.randomBytes(32).fill(0);
    expect(backend.randomBytes(32).some((byte) => byte !== 0)).toBe(true);
    expect(backend.randomBytes(32).buffer.byteLength).toBe(32);
  });

  it.each([0, 1, 512, 513, 4096, 10_000])("come in %d at once", (length) => {
    expect(backend.randomBytes(length)).toHaveLength(length);
  });
});

describe("constant-time comparison", () => {
  it("tells equal from different, and lengths apart", () =>
    check(fc.tuple(someBytes(8), someBytes(8)), ([a, b]) => {
      expect(backend.equal(a, b)).toBe(toHex(a) === toHex(b));
      expect(backend.equal(a, new Uint8Array(a))).toBe(true);
      expect(backend.equal(a, a.subarray(1))).toBe(a.length === 0);
    }));
});
