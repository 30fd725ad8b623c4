import { describe, expect, it } from "vitest";
import { cachingMaterialsManager, createEncryptionClient } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { utf8 } from "../support/bytes.ts";

const CALLERS = 1000;

/** A client over a local KMS, and the names of the operations that were asked of it. */
function setUp(options = {}) {
  const kms = createLocalKms();
  const keyring = kmsKeyring({ client: kms.client, keyId: kms.createKey().arn });
  const materialsManager = cachingMaterialsManager({ keyring, ...options });
  const client = createEncryptionClient({ materialsManager });
  return { client, materialsManager, asked: () => kms.events.map(({ eventName }) => eventName) };
}

describe("a thousand callers at once", () => {
  it.each([
    [false, ["GenerateDataKey"]],
    [true, ["GenerateDataKey", "Decrypt"]],
  ])("share one data key that nobody has yet (verifyNewKeys: %s)", async (verifyNewKeys, calls) => {
    const { client, asked } = setUp({ verifyNewKeys });
    await Promise.all(Array.from({ length: CALLERS }, () => client.encrypt(utf8("x"))));
    expect(asked()).toEqual(calls);
  });

  it("open one message with one Decrypt", async () => {
    const { client, asked } = setUp();
    const { ciphertext } = await client.encrypt(utf8("x"));
    const opened = await Promise.all(Array.from({ length: CALLERS }, () => client.decrypt(ciphertext)));
    expect(asked()).toEqual(["GenerateDataKey", "Decrypt"]);
    for (const { plaintext } of opened) expect(plaintext).toEqual(utf8("x"));
  });
});
