import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { backend, objectCiphers } from "#crypto";
import type { CurveName, HashName, RsaPadding } from "../../src/crypto/backend.ts";
import { compressPoint } from "../../src/crypto/point.ts";
import { rsaKeyData } from "../../src/crypto/rsa-key.ts";
import { signatureFromDer } from "../../src/suites/signature.ts";
import { hex, join as joined, toHex } from "../support/bytes.ts";

interface Vector {
  readonly tcId: number;
  readonly comment?: string;
  readonly result: "valid" | "invalid" | "acceptable";
}
interface Vectors<Group, Test> {
  readonly leftOut: readonly { reason: string; cases: number }[];
  readonly groups: readonly (Group & { readonly tests: readonly (Vector & Test)[] })[];
}

function load<Group, Test>(file: string): Vectors<Group, Test> {
  return JSON.parse(readFileSync(join(import.meta.dirname, "../vectors/wycheproof", file), "utf8"));
}

/** Every case is run, or counted here with the reason why it cannot be. */
const tallies: string[] = [];
class Tally {
  run = 0;
  readonly #reasons = new Map<string, number>();

  constructor(leftOut: readonly { reason: string; cases: number }[]) {
    for (const { reason, cases } of leftOut) this.outside(reason, cases);
  }

  outside(reason: string, cases = 1): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + cases);
  }

  /** Answers what is expected to be known: how many were run, and how many were not. */
  close(name: string): { run: number; outside: number } {
    const outside = [...this.#reasons.values()].reduce((sum, cases) => sum + cases, 0);
    const reasons = [...this.#reasons].map(([reason, cases]) => `\n    ${cases}: ${reason}`).join("");
    tallies.push(`  ${name}: ${this.run} run, ${outside} not${reasons}`);
    return { run: this.run, outside };
  }
}

afterAll(() => console.log(`Wycheproof, ${backend.name} backend\n${tallies.join("\n")}`));

describe("Wycheproof", () => {
  it("AES-GCM", async () => {
    type Test = Record<"key" | "iv" | "aad" | "msg" | "ct" | "tag", string>;
    const { leftOut, groups } = load<{ ivSize: number; keySize: number; tagSize: number }, Test>(
      "aes-gcm.json",
    );
    const tally = new Tally(leftOut);
    for (const { ivSize, tagSize, tests } of groups) {
      for (const test of tests) {
        if (ivSize !== 96) {
          tally.outside("IVs of other lengths than 96 bits: outside the interface");
          continue;
        }
        expect(tagSize).toBe(128);
        const [iv, aad, msg] = [hex(test.iv), hex(test.aad), hex(test.msg)];
        const sealed = joined(hex(test.ct), hex(test.tag));
        const gcm = backend.aesGcm(hex(test.key));
        const opened = await gcm.open(iv, sealed, aad);
        const opens = test.result === "valid";
        expect(opened && toHex(opened), `case ${test.tcId}: ${test.comment}`).toBe(opens ? test.msg : null);
        if (opens) {
          const again = new Uint8Array(sealed.length);
          await gcm.seal(iv, msg, aad, again, 0);
          expect(toHex(again)).toBe(toHex(sealed));
        }
        tally.run++;
      }
    }
    expect(tally.close("AES-GCM")).toEqual({ run: 197, outside: 119 });
  });

  it.each(["sha256", "sha384", "sha512"] as const)("HKDF with %s", (hash) => {
    type Test = Record<"ikm" | "salt" | "info" | "okm", string> & { size: number };
    const { leftOut, groups } = load<{ hash: HashName }, Test>(`hkdf-${hash}.json`);
    const tally = new Tally(leftOut);
    const longest = 255 * { sha256: 32, sha384: 48, sha512: 64 }[hash];
    for (const { tests } of groups) {
      for (const { tcId, result, ikm, salt, info, size, okm } of tests) {
        if (size > longest) {
          expect(result).toBe("invalid");
          tally.outside("output of over 255 hash lengths: no suite derives more than 64 bytes");
          continue;
        }
        const [output] = backend.hkdf(hash, hex(salt), hex(ikm), [{ info: hex(info), length: size }]);
        expect(result === "valid" && toHex(output!) === okm, `case ${tcId}`).toBe(true);
        tally.run++;
      }
    }
    const all = groups.reduce((sum, { tests }) => sum + tests.length, 0);
    const { run, outside } = tally.close(`HKDF-${hash}`);
    expect({ all: run + outside, outside }).toEqual({ all, outside: 3 });
  });

  it("RSA-OAEP, MGF1 with the same hash", async () => {
    type Test = Record<"msg" | "ct" | "label", string>;
    const { leftOut, groups } = load<{ padding: RsaPadding; keySize: number; key: string }, Test>(
      "rsa-oaep.json",
    );
    const tally = new Tally(leftOut);
    for (const { padding, key: der, tests } of groups) {
      const key = await backend.rsaPrivateKey(rsaKeyData(hex(der), "private", "key"));
      for (const { tcId, comment, result, msg, ct, label } of tests) {
        const opened = await key.decrypt(padding, hex(ct), 32);
        // keyfold never has a label: what was sealed with one must not open.
        const valid = result === "valid" && label === "";
        expect(opened && toHex(opened), `${padding} case ${tcId}: ${comment}`).toBe(valid ? msg : null);
        tally.run++;
      }
    }
    expect(tally.close("RSA-OAEP")).toEqual({ run: 366, outside: 732 });
  });

  it("RSA-OAEP, SHA-256 and MGF1 with SHA-1", async () => {
    type Test = Record<"msg" | "ct" | "label", string>;
    const { leftOut, groups } = load<{ key: string }, Test>("rsa-oaep-mgf1-sha1.json");
    const tally = new Tally(leftOut);
    for (const { key: der, tests } of groups) {
      const key = await backend.rsaPrivateKey(rsaKeyData(hex(der), "private", "key"));
      for (const { tcId, comment, result, msg, ct, label } of tests) {
        const open = () => objectCiphers.decryptLegacyOaep(key, hex(ct));
        if (backend.name === "web") {
          expect(open).toThrow("WebCrypto has no RSA-OAEP with SHA-256 and MGF1 with SHA-1");
          tally.outside("WebCrypto has one hash for OAEP and MGF1, and no raw RSA");
          continue;
        }
        const opened = await open();
        const valid = result === "valid" && label === "";
        expect(opened && toHex(opened), `case ${tcId}: ${comment}`).toBe(valid ? msg : null);
        tally.run++;
      }
    }
    const [run, outside] = backend.name === "web" ? [0, 95] : [95, 0];
    expect(tally.close("RSA-OAEP, MGF1 with SHA-1")).toEqual({ run, outside });
  });

  it("AES key wrap", () => {
    const { leftOut, groups } = load<object, Record<"key" | "msg" | "ct", string>>("aes-wrap.json");
    const tally = new Tally(leftOut);
    for (const { tests } of groups) {
      for (const { tcId, comment, result, key, msg, ct } of tests) {
        const opened = objectCiphers.unwrapAes(hex(key), hex(ct));
        // "acceptable" are keys of 8 bytes, which RFC 3394 does not wrap (section 2: at least two blocks).
        expect(opened && toHex(opened), `case ${tcId}: ${comment}`).toBe(result === "valid" ? msg : null);
        tally.run++;
      }
    }
    expect(tally.close("AES key wrap")).toEqual({ run: 165, outside: 0 });
  });

  it.each(["p256", "p384"])("ECDSA %s, DER signatures", async (name) => {
    type Test = Record<"msg" | "sig", string>;
    type Group = { curve: CurveName; hash: HashName; key: string };
    const { leftOut, groups } = load<Group, Test>(`ecdsa-${name}.json`);
    const tally = new Tally(leftOut);
    for (const { curve, hash, key, tests } of groups) {
      const point = compressPoint(hex(key));
      for (const { tcId, comment, result, msg, sig } of tests) {
        const message = hex(msg);
        const signature = signatureFromDer(hex(sig), curve);
        const verifier = await backend.verifier(curve, point, hash, message.length);
        verifier!.update(message);
        const verifies = signature !== null && (await verifier!.verify(signature));
        expect(verifies, `case ${tcId}: ${comment}`).toBe(result === "valid");
        tally.run++;
      }
    }
    expect(tally.close(`ECDSA ${name}`)).toEqual({ run: name === "p256" ? 484 : 504, outside: 0 });
  });
});
