import { describe, expect, it } from "vitest";
import { createEncryptionClient, inspectMessage, isKeyfoldError, rawAesKeyring } from "../../src/index.ts";
import { counting, flipped, random, toHex, utf8 } from "../support/bytes.ts";
import { failure, textOf } from "../support/failure.ts";
import { readMessage } from "../support/independent-message.ts";
import { aes, KEY, MESSAGE_SUITES, unwrapAes } from "../support/keyrings.ts";

const client = (keyring = aes(), more = {}) => createEncryptionClient({ keyring, ...more });
const PLAINTEXT = utf8("the plaintext");

describe.each([16, 24, 32])("a wrapping key of %d bytes", (length) => {
  const key = random(length);
  it.each(MESSAGE_SUITES)("serves $name", async ({ suite, commitmentPolicy }) => {
    const own = client(aes("k", key), { suite, commitmentPolicy });
    const { ciphertext } = await own.encrypt(PLAINTEXT, { encryptionContext: { a: "b" } });
    expect((await own.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
    expect(toHex(readMessage(ciphertext, unwrapAes(key)).plaintext)).toBe(toHex(PLAINTEXT));
  });
});

describe("the wrapping key", () => {
  it.each([
    ["a Uint8Array", new Uint8Array(KEY)],
    ["a Buffer", Buffer.from(KEY)],
    ["a view into a larger array", counting(64, 1).subarray(0, 32)],
  ])("is copied: %s may be wiped by its owner", async (_, key) => {
    const keyring = aes("k", key);
    const { ciphertext } = await client(keyring).encrypt(PLAINTEXT);
    key.fill(0);
    expect((await client(keyring).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
    expect((await client(aes()).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it.each([0, 1, 15, 17, 23, 25, 31, 33, 64])("is refused with %d bytes", async (length) => {
    const { message } = await failure(() => aes("k", random(length)), "ERR_INVALID_ARGUMENT");
    expect(message).toMatch(/key must be a Uint8Array of 16, 24 or 32 bytes/);
  });

  it.each([16, 24, 32])("is refused with %d zeros", async (length) => {
    const { message } = await failure(() => aes("k", new Uint8Array(length)), "ERR_INVALID_ARGUMENT");
    expect(message).toMatch(/all zeros/);
  });

  it.each<[string, unknown]>([
    ["text", "x".repeat(32)],
    ["an array", [...KEY]],
    ["an ArrayBuffer", KEY.buffer],
    ["null", null],
    ["Uint16Array", new Uint16Array(16)],
  ])("is refused as %s", async (_, key) => {
    await failure(() => aes("k", key as Uint8Array), "ERR_INVALID_ARGUMENT");
  });
});

describe("namespace and name", () => {
  it.each(["aws-kms", "aws-kms-hierarchy", "aws-kmsx"])("namespace %s is KMS's", async (namespace) => {
    const { message } = await failure(
      () => rawAesKeyring({ namespace, name: "k", key: KEY }),
      "ERR_INVALID_ARGUMENT",
    );
    expect(message).toMatch(/belong to AWS KMS/);
  });

  it.each([
    ["empty", ""],
    ["a lone surrogate", "\ud800"],
    ["a number", 5],
    ["missing", undefined],
    ["too long", "x".repeat(65_536)],
    ["too long in bytes", "ü".repeat(32_768)],
  ])("is refused: %s", async (_, text) => {
    for (const names of [
      { namespace: "n", name: text },
      { namespace: text, name: "k" },
    ]) {
      const error = await failure(
        () => rawAesKeyring({ key: KEY, ...names } as never),
        "ERR_INVALID_ARGUMENT",
      );
      expect(error.message).toMatch(names.name === text ? /: name must/ : /: namespace must/);
    }
  });

  it("may be any Unicode text, and come back from the header", async () => {
    const keyring = rawAesKeyring({ namespace: "größe 𝒳", name: "ключ 😀", key: KEY });
    const { ciphertext } = await client(keyring).encrypt(PLAINTEXT);
    expect(inspectMessage(ciphertext).wrappingKeys).toEqual([{ providerId: "größe 𝒳", name: "ключ 😀" }]);
    expect((await client(keyring).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("tell keyrings apart: another one skips, and says so", async () => {
    const { ciphertext } = await client(aes("one")).encrypt(PLAINTEXT);
    const others = [
      aes("two"),
      rawAesKeyring({ namespace: "other", name: "one", key: KEY }),
      aes("on"),
      aes("onee"),
    ];
    for (const keyring of others) {
      const error = await failure(client(keyring).decrypt(ciphertext), "ERR_NO_DATA_KEY");
      expect(isKeyfoldError(error, "ERR_NO_DATA_KEY") && error.reasons).toMatchObject([
        { keyring: keyring.name, index: 0, providerId: "test", status: "skipped" },
      ]);
    }
  });
});

describe("binding", () => {
  it("another key of the same name fails, and does not show its bytes", async () => {
    const { ciphertext } = await client().encrypt(PLAINTEXT);
    const other = random(32);
    const error = await failure(client(aes("k", other)).decrypt(ciphertext), "ERR_NO_DATA_KEY");
    expect(error).toMatchObject({ reasons: [{ status: "failed", keyring: "raw AES test/k" }] });
    for (const secret of [other, KEY, PLAINTEXT, ciphertext.subarray(40, 60)]) {
      expect(textOf(error)).not.toContain(toHex(secret));
      expect(textOf(error)).not.toContain(Buffer.from(secret).toString("base64"));
    }
  });

  it("the context is the wrap's AAD: an altered one does not open", async () => {
    const { ciphertext } = await client().encrypt(PLAINTEXT, { encryptionContext: { tenant: "t1" } });
    const at = Buffer.from(ciphertext).indexOf("t1");
    const error = await failure(client().decrypt(flipped(ciphertext, 8 * at)), "ERR_NO_DATA_KEY");
    expect(error).toMatchObject({ reasons: [{ status: "failed" }] });
  });

  it("wraps anew each time", async () => {
    const [a, b] = [await client().encrypt(PLAINTEXT), await client().encrypt(PLAINTEXT)];
    const [x, y] = [a, b].map(({ message }) => message.encryptedDataKeys[0]!);
    expect(toHex(x!.providerInfo)).not.toBe(toHex(y!.providerInfo));
    expect(toHex(a.message.messageId)).not.toBe(toHex(b.message.messageId));
  });
});

describe("materialsDescription", () => {
  it.each([null, { a: 1 }, { a: null }])("is refused as %j", async (materialsDescription) => {
    const options = { namespace: "n", name: "k", key: KEY, materialsDescription } as never;
    const { message } = await failure(() => rawAesKeyring(options), "ERR_INVALID_ARGUMENT");
    expect(message).toMatch(/materialsDescription/);
  });
});
