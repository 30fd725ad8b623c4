import { describe, expect, test } from "vitest";
import { createLocalKms } from "../../src/testing/index.ts";
import { ARN_A, KEY_A, KEY_B, MRK } from "./helpers.ts";

const setUp = () =>
  createLocalKms({ keys: [{ id: KEY_A, aliases: ["alias/a"], description: "the first" }, { id: KEY_B }] });

describe("the hand of the test", () => {
  test("does what the operations do, and leaves no trace in the audit log", async () => {
    const kms = setUp();
    kms.disableKey("alias/a");
    expect(kms.describeKey(KEY_A).keyState).toBe("Disabled");
    kms.enableKey(ARN_A);
    kms.rotateKey(KEY_A);
    kms.createAlias("alias/b", KEY_B);
    kms.scheduleKeyDeletion(KEY_B, 7);
    expect(kms.describeKey("alias/b")).toMatchObject({ keyId: KEY_B, keyState: "PendingDeletion" });
    kms.cancelKeyDeletion(KEY_B);
    expect(kms.describeKey(KEY_B).keyState).toBe("Disabled");
    kms.destroyKey(KEY_B);
    expect(() => kms.describeKey(KEY_B)).toThrow("does not exist");
    expect(kms.describeKey(KEY_A)).toEqual({
      keyId: KEY_A,
      arn: ARN_A,
      region: "us-east-1",
      accountId: "111122223333",
      keySpec: "SYMMETRIC_DEFAULT",
      keyUsage: "ENCRYPT_DECRYPT",
      keyState: "Enabled",
      multiRegion: false,
      aliases: ["alias/a"],
      rotations: 1,
    });
    expect(kms.events).toEqual([]);
  });

  test.each([
    ["an id that is no UUID", { id: "orders" }],
    ["an id in upper case", { id: KEY_A.toUpperCase() }],
    ["short material", { material: new Uint8Array(16) }],
    ["material of an RSA key", { keySpec: "RSA_2048" as const, material: new Uint8Array(32) }],
    ["a plain id of a multi-Region key", { id: KEY_B, multiRegion: true }],
    ["a multi-Region id of a plain key", { id: MRK, multiRegion: false }],
    ["replicas of a plain key", { id: KEY_B, replicaRegions: ["eu-west-1"] }],
    ["a replica in the primary's Region", { id: MRK, replicaRegions: ["us-east-1"] }],
    ["an id that is taken", { id: KEY_A }],
    ["an alias without its prefix", { aliases: ["orders"] }],
    ["an alias that is taken", { aliases: ["alias/a"] }],
    [
      "a usage that the spec does not have",
      { keySpec: "HMAC_256" as const, keyUsage: "ENCRYPT_DECRYPT" as const },
    ],
    ["an account id that is none", { accountId: "42" }],
  ])("refuses %s", (_, options) => {
    const kms = createLocalKms({ keys: [{ id: KEY_A, aliases: ["alias/a"] }] });
    expect(() => kms.createKey(options)).toThrow(
      expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARGUMENT" }),
    );
    expect(kms.describeKey(KEY_A).aliases).toEqual(["alias/a"]);
    expect(() => kms.describeKey(KEY_B)).toThrow("does not exist");
    expect(() => kms.describeKey(MRK)).toThrow("does not exist");
  });
});
