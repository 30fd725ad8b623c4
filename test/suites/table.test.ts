import { describe, expect, it } from "vitest";
import { formatSuiteId, suiteById, suitesOf } from "../../src/suites/table.ts";
import { failure } from "../support/failure.ts";

// Written out again from the specification: id, version, key, hash, commitment, message id, curve.
// biome-ignore format: a table
const MESSAGES = [
  [0x0014, 1, 16, null,     0, 16, null],
  [0x0046, 1, 24, null,     0, 16, null],
  [0x0078, 1, 32, null,     0, 16, null],
  [0x0114, 1, 16, "sha256", 0, 16, null],
  [0x0146, 1, 24, "sha256", 0, 16, null],
  [0x0178, 1, 32, "sha256", 0, 16, null],
  [0x0214, 1, 16, "sha256", 0, 16, "P-256/sha256"],
  [0x0346, 1, 24, "sha384", 0, 16, "P-384/sha384"],
  [0x0378, 1, 32, "sha384", 0, 16, "P-384/sha384"],
  [0x0478, 2, 32, "sha512", 32, 32, null],
  [0x0578, 2, 32, "sha512", 32, 32, "P-384/sha384"],
] as const;
// biome-ignore format: a table
const OBJECTS = [
  [0x0070, 2, "cbc", null,     0,  "AES/CBC/PKCS5Padding"],
  [0x0071, 2, "ctr", null,     0,  "AES/GCM/NoPadding"],
  [0x0072, 2, "gcm", null,     0,  "AES/GCM/NoPadding"],
  [0x0073, 3, "gcm", "sha512", 28, "115"],
  [0x0074, 3, "ctr", "sha512", 28, "115"],
] as const;

describe("the table of suites", () => {
  it("holds the suites of messages", () => {
    const rows = suitesOf("message").map(
      ({ id, version, keyLength, kdf, commitmentLength, messageIdLength, signature }) => {
        const curve = signature === null ? null : `${signature.curve}/${signature.hash}`;
        return [id, version, keyLength, kdf, commitmentLength, messageIdLength, curve];
      },
    );
    expect(rows).toEqual(MESSAGES);
  });

  it("holds the suites of objects", () => {
    const rows = suitesOf("object").map(
      ({ id, version, cipher, kdf, commitmentLength, contentAlgorithm }) => [
        id,
        version,
        cipher,
        kdf,
        commitmentLength,
        contentAlgorithm,
      ],
    );
    expect(rows).toEqual(OBJECTS);
    expect(
      suitesOf("object").every(({ keyLength, signature }) => keyLength === 32 && signature === null),
    ).toBe(true);
  });

  it("cannot be changed", () => {
    for (const suite of [...suitesOf("message"), ...suitesOf("object")]) {
      expect(Object.isFrozen(suite)).toBe(true);
      expect(suiteById(suite.id, suite.format)).toBe(suite);
    }
  });

  it("prints ids as specifications do", () => {
    expect(formatSuiteId(0x14)).toBe("0x0014");
    expect(formatSuiteId(0x4ab)).toBe("0x04AB");
  });
});

describe("suiteById", () => {
  it.each([0x0070, 0x0072, 0x0073, 0x0074])("says that %d belongs to objects", async (id) => {
    const error = await failure(() => suiteById(id, "message"), "ERR_ALGORITHM_SUITE");
    expect(error).toMatchObject({ suiteId: id });
    expect(error.message).toMatch(/belongs to objects, not to messages/);
  });

  it("says that a message's suite is not one of objects", async () => {
    const { message } = await failure(() => suiteById(0x0478, "object"), "ERR_ALGORITHM_SUITE");
    expect(message).toMatch(/0x0478 .*belongs to messages, not to objects/);
  });

  it.each([0x6700, 0x6701])("knows %d as the database client's", async (id) => {
    for (const format of ["message", "object"] as const) {
      const { message } = await failure(() => suiteById(id, format), "ERR_ALGORITHM_SUITE");
      expect(message).toMatch(/Database Encryption SDK/);
    }
  });

  it("knows no other id of the 65,536", () => {
    const known = new Set<number>(MESSAGES.map(([id]) => id));
    for (let id = 0; id < 0x10000; id++) {
      let found = true;
      try {
        suiteById(id, "message");
      } catch {
        found = false;
      }
      if (found !== known.has(id)) expect.fail(`${formatSuiteId(id)}: found is ${found}`);
    }
  });

  it.each([-1, 0.5, Number.NaN])("refuses %d", async (id) => {
    await failure(() => suiteById(id, "message"), "ERR_ALGORITHM_SUITE");
  });
});
