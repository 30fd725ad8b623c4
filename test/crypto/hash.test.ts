import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import type { HashName } from "../../src/crypto/backend.ts";
import { hkdfExpand, hkdfExtract } from "../../src/crypto/hkdf.ts";
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

  // Where the one-shot path ends: keys of a block, data of 4 KiB.
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
    const secret = hkdfExtract(backend, "sha256", hex(row.salt), hex(row.inputKey));
    expect(toHex(secret)).toBe(row.pseudoRandomKey);
    expect(toHex(hkdfExpand(backend, "sha256", secret, hex(row.info), row.length))).toBe(row.outputKey);
  });

  it("agrees with noble", () => {
    const input = fc.tuple(
      someHash,
      someBytes(80, 1),
      someBytes(80),
      someBytes(80),
      fc.integer({ min: 1, max: 300 }),
    );
    return check(input, ([hash, inputKey, salt, info, length]) => {
      const secret = hkdfExtract(backend, hash, salt, inputKey);
      const theirs = hkdf(NOBLE[hash], inputKey, salt, info, length);
      expect(toHex(hkdfExpand(backend, hash, secret, info, length))).toBe(toHex(theirs));
    });
  });

  it.each(["sha256", "sha384", "sha512"] as const)("reaches 255 blocks of %s", (hash) => {
    const length = 255 * NOBLE[hash].outputLen;
    const [inputKey, salt] = [random(32), random(16)];
    const secret = hkdfExtract(backend, hash, salt, inputKey);
    const theirs = hkdf(NOBLE[hash], inputKey, salt, hex(""), length);
    expect(toHex(hkdfExpand(backend, hash, secret, hex(""), length))).toBe(toHex(theirs));
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
