import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { deriveKeys, openContentKey } from "../../src/suites/derive.ts";
import { type SuiteId, suiteById, suitesOf } from "../../src/suites/table.ts";
import { flipped, join, random, toHex, u16, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";

/** The key schedule of every suite, written again from the specification over another implementation of HKDF. */
function expected(id: SuiteId, dataKey: Uint8Array, messageId: Uint8Array) {
  const v1 = (hash: typeof sha256 | typeof sha384, length: number) => ({
    contentKey: hkdf(hash, dataKey, new Uint8Array(hash.outputLen), join(u16(id), messageId), length),
    commitment: new Uint8Array(0),
  });
  // Messages leave the id out of the commitment; objects do not.
  const committing = (label: number, commitInfo: Uint8Array, length: number) => ({
    contentKey: hkdf(sha512, dataKey, messageId, join(u16(label), utf8("DERIVEKEY")), 32),
    commitment: hkdf(sha512, dataKey, messageId, commitInfo, length),
  });
  switch (id) {
    case 0x0114:
    case 0x0214:
      return v1(sha256, 16);
    case 0x0146:
      return v1(sha256, 24);
    case 0x0178:
      return v1(sha256, 32);
    case 0x0346:
      return v1(sha384, 24);
    case 0x0378:
      return v1(sha384, 32);
    case 0x0478:
    case 0x0578:
      return committing(id, utf8("COMMITKEY"), 32);
    case 0x0073:
    case 0x0074:
      return committing(0x0073, join(u16(0x0073), utf8("COMMITKEY")), 28);
    default:
      return { contentKey: dataKey, commitment: new Uint8Array(0) };
  }
}

describe.each([...suitesOf("message"), ...suitesOf("object")])("key schedule of $id $name", (suite) => {
  it("is the specification's", () => {
    for (let i = 0; i < 10; i++) {
      const dataKey = random(suite.keyLength);
      const messageId = random(suite.messageIdLength);
      const ours = deriveKeys(suite, dataKey, messageId);
      const theirs = expected(suite.id, dataKey, messageId);
      expect(toHex(ours.contentKey)).toBe(toHex(theirs.contentKey));
      expect(toHex(ours.commitment)).toBe(toHex(theirs.commitment));
    }
  });

  it("leaves the data key as it was, and gives a copy", () => {
    const dataKey = random(suite.keyLength);
    const before = new Uint8Array(dataKey);
    const { contentKey } = deriveKeys(suite, dataKey, random(suite.messageIdLength));
    contentKey.fill(0);
    expect(dataKey).toEqual(before);
  });

  it("opens with its own commitment", () => {
    const [dataKey, messageId] = [random(suite.keyLength), random(suite.messageIdLength)];
    const { contentKey, commitment } = deriveKeys(suite, dataKey, messageId);
    expect(commitment).toHaveLength(suite.commitmentLength);
    expect(openContentKey(suite, dataKey, messageId, commitment)).toEqual(contentKey);
  });
});

describe.each([0x0478, 0x0578] as const)("the commitment of %d", (id) => {
  const suite = suiteById(id, "message");
  const [dataKey, messageId] = [random(32), random(32)];
  const { commitment } = deriveKeys(suite, dataKey, messageId);

  it("is refused with any bit flipped, or another length", async () => {
    for (let bit = 0; bit < 256; bit++) {
      await failure(
        () => openContentKey(suite, dataKey, messageId, flipped(commitment, bit)),
        "ERR_AUTHENTICATION",
      );
    }
    const short = commitment.subarray(1);
    await failure(() => openContentKey(suite, dataKey, messageId, short), "ERR_AUTHENTICATION");
  });

  it("is refused under another data key or message id", async () => {
    await failure(() => openContentKey(suite, random(32), messageId, commitment), "ERR_AUTHENTICATION");
    await failure(() => openContentKey(suite, dataKey, random(32), commitment), "ERR_AUTHENTICATION");
  });
});
