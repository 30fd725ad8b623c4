import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEncryptionClient, inspectMessage } from "../../src/index.ts";
import { counting, hex, join, patched, random, u16, utf8 } from "../support/bytes.ts";
import { failure, textOf } from "../support/failure.ts";
import { contextBytes } from "../support/independent-message.ts";
import { aes, clear, MESSAGE_SUITES, watched } from "../support/keyrings.ts";
import { check, someBytes } from "../support/property.ts";
import { collect, feed, split } from "../support/streams.ts";

const keyring = watched(clear());
const reader = createEncryptionClient({ keyring, commitmentPolicy: "require-encrypt-allow-decrypt" });
const { ciphertext } = await createEncryptionClient({ keyring: aes() }).encrypt(counting(30));
const field = (bytes: Uint8Array) => join(u16(bytes.length), bytes);
/** A v2 message up to a context that is the test's own, and one data key behind it. */
const around = (context: Uint8Array) =>
  join(
    hex("020478"),
    random(32),
    field(context),
    u16(1),
    field(utf8("p")),
    u16(0),
    u16(0),
    hex("0200000001"),
    random(48),
  );

/** The one refusal that every way of reading gives. */
async function refusal(input: Uint8Array) {
  const error = await failure(reader.decrypt(input));
  const same = { code: error.code, message: error.message };
  expect(await failure(collect(feed([input], reader.decryptStream())))).toMatchObject(same);
  expect(await failure(reader.needsReencryption(input))).toMatchObject(same);
  expect(await failure(() => inspectMessage(input))).toMatchObject(same);
  expect(keyring.calls).toEqual([]);
  return error;
}

describe("as a message", () => {
  it.each<[string, Uint8Array, string, RegExp]>([
    ["empty input", new Uint8Array(0), "ERR_MESSAGE_FORMAT", /empty; an AWS Encryption SDK message is due/],
    ["text", utf8("{marker}"), "ERR_MESSAGE_FORMAT", /not an AWS Encryption SDK message/],
    ["zeros", new Uint8Array(100), "ERR_MESSAGE_FORMAT", /must be 1 or 2/],
    ["version 3", patched(ciphertext, 0, 3), "ERR_MESSAGE_FORMAT", /must be 1 or 2/],
    ["another type", hex("01810178"), "ERR_MESSAGE_FORMAT", /type must be 0x80/],
    ["base64", utf8(Buffer.from(ciphertext).toString("base64")), "ERR_MESSAGE_FORMAT", /looks like base64/],
    ["suite 0", patched(ciphertext, 1, 0, 0), "ERR_ALGORITHM_SUITE", /0x0000 is unknown/],
    ["an unknown suite", patched(ciphertext, 1, 9, 9), "ERR_ALGORITHM_SUITE", /0x0909 is unknown/],
    ["an object's suite", patched(ciphertext, 1, 0, 0x73), "ERR_ALGORITHM_SUITE", /belongs to objects/],
    ["a database suite", patched(ciphertext, 1, 0x67, 1), "ERR_ALGORITHM_SUITE", /Database Encryption SDK/],
    ["a suite of version 1", patched(ciphertext, 1, 1, 0x78), "ERR_MESSAGE_FORMAT", /version 2/],
  ])("%s", async (_, input, code, expected) => {
    const error = await refusal(input);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(expected);
    expect(textOf(error)).not.toContain("marker");
  });

  it.each(["decrypt", "needsReencryption", "reencrypt"] as const)(
    "text, given to %s, points to decryptText",
    async (act) => {
      const text = Buffer.from(ciphertext).toString("base64");
      const error = await failure(reader[act](text as never), "ERR_INVALID_ARGUMENT");
      expect(error.message).toMatch(/decryptText/);
      expect(error.message).not.toContain(text.slice(0, 12));
    },
  );
});

describe("a crafted context", () => {
  const pair = (key: string, value: string) => join(field(utf8(key)), field(utf8(value)));
  it.each<[string, Uint8Array, RegExp]>([
    ["of one byte", Uint8Array.of(0), /pair count is cut short/],
    ["of no pairs", u16(0), /pair count of zero/],
    ["of a key twice", join(u16(2), pair("marker", "1"), pair("marker", "2")), /stands in it twice/],
    ["of fewer pairs than it says", join(u16(2), pair("marker", "1")), /goes over its end/],
    ["of more pairs than it says", join(u16(1), pair("marker", "1"), pair("b", "2")), /follow the last pair/],
    ["of a key that is too long", join(u16(1), u16(500), utf8("marker")), /goes over its end/],
    ["of no UTF-8", join(u16(1), field(Uint8Array.of(0xff)), field(utf8("marker"))), /not valid UTF-8/],
    ["of a lone surrogate", join(u16(1), field(hex("eda080")), field(utf8("marker"))), /not valid UTF-8/],
  ])("%s", async (_, context, expected) => {
    const error = await refusal(around(context));
    expect(error.code).toBe("ERR_MESSAGE_FORMAT");
    expect(error.message).toMatch(expected);
    expect(textOf(error)).not.toContain("marker");
  });

  it("of 65,535 bytes is parsed", () => {
    const pairs = { k: "v".repeat(65_528) };
    expect(inspectMessage(around(contextBytes(pairs))).encryptionContext).toEqual(pairs);
  });
});

describe("anything at all", () => {
  const client = createEncryptionClient({
    keyring: aes(),
    commitmentPolicy: "require-encrypt-allow-decrypt",
  });
  const refused = async (input: Uint8Array, chunk: number) => {
    await failure(client.decrypt(input));
    await failure(collect(feed(split(input, [chunk]), client.decryptStream())));
    await failure(client.decryptText(Buffer.from(input).toString("base64")));
  };
  const size = fc.integer({ min: 1, max: 100 });

  it("random bytes are a typed error", () =>
    check(fc.tuple(someBytes(200), size), ([bytes, chunk]) => refused(bytes, chunk), 300));

  it("random bytes behind a good beginning are a typed error", () =>
    check(
      fc.tuple(fc.constantFrom(...MESSAGE_SUITES), someBytes(200), size),
      ([{ suite }, rest, chunk]) =>
        refused(join(suite >= 0x0400 ? hex("02") : hex("0180"), u16(suite), rest), chunk),
      300,
    ));

  it("a message with bytes replaced, taken out or put in is a typed error", () => {
    const edit = fc.record({ at: fc.nat(ciphertext.length - 1), drop: fc.nat(5), put: someBytes(5) });
    return check(
      fc.tuple(edit, size),
      async ([{ at, drop, put }, chunk]) => {
        const altered = join(ciphertext.subarray(0, at), put, ciphertext.subarray(at + drop));
        if (Buffer.compare(altered, ciphertext) !== 0) await refused(altered, chunk);
      },
      300,
    );
  });
});
