import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEncryptionClient, inspectMessage } from "../../src/index.ts";
import { counting, random, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { writeMessage } from "../support/independent-message.ts";
import { aes, MESSAGE_SUITES, wrapAes } from "../support/keyrings.ts";
import { check } from "../support/property.ts";
import { collect, feed } from "../support/streams.ts";

describe.each(MESSAGE_SUITES)("sizes of $name", ({ suite, signed, commitmentPolicy }) => {
  it(signed ? "are upper bounds, and close" : "are exact", () =>
    check(
      fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 70 })),
      async ([length, frameLength]) => {
        const client = createEncryptionClient({ keyring: aes(), suite, commitmentPolicy, frameLength });
        const { ciphertext, message } = await client.encrypt(counting(length));
        const slack = message.ciphertextSize(length) - ciphertext.length;
        const size = message.plaintextSize(ciphertext.length);
        expect(inspectMessage(ciphertext).plaintextSize(ciphertext.length)).toBe(size);
        expect(inspectMessage(ciphertext).ciphertextSize(length)).toBe(ciphertext.length + slack);
        if (!signed) return void expect([slack, size]).toEqual([0, length]);
        expect(slack).toBeGreaterThanOrEqual(0);
        expect(slack).toBeLessThan(10);
        expect(size).toBeGreaterThanOrEqual(length);
        // Not more than the footer, and the frames that might stand in its place.
        expect(size - length).toBeLessThan(110 * 5);
      },
      40,
    ),
  );
});

it("around every boundary, exact for every length", async () => {
  for (const frameLength of [1, 2, 3, 31, 32, 33, 64]) {
    const client = createEncryptionClient({ keyring: aes(), frameLength });
    const { message } = await client.encrypt(counting(0));
    for (let n = 0; n <= 4 * frameLength + 3; n++) {
      const { ciphertext } = await client.encrypt(counting(n));
      expect(message.ciphertextSize(n)).toBe(ciphertext.length);
      expect(message.plaintextSize(ciphertext.length)).toBe(n);
    }
  }
});

it("with an empty final frame, as other writers have it", async () => {
  for (const frameLength of [1, 8, 9, 40]) {
    for (let frames = 0; frames < 12; frames++) {
      const dataKey = random(32);
      const pieces = [...Array.from({ length: frames }, () => counting(frameLength)), new Uint8Array(0)];
      const edks = [wrapAes(dataKey, new Uint8Array(0))];
      const message = writeMessage({ suite: 0x0478, dataKey, edks, pieces, frameLength });
      expect(inspectMessage(message).plaintextSize(message.length)).toBe(frames * frameLength);
    }
  }
});

it("not framed", () => {
  for (const n of [0, 1, 500]) {
    const dataKey = random(32);
    const edks = [wrapAes(dataKey, new Uint8Array(0))];
    const message = writeMessage({ suite: 0x0478, dataKey, edks, pieces: [counting(n)], frameLength: 0 });
    expect(inspectMessage(message).plaintextSize(message.length)).toBe(n);
    expect(inspectMessage(message).ciphertextSize(n)).toBe(message.length);
  }
});

it("of sizes beyond memory", async () => {
  const { message } = await createEncryptionClient({ keyring: aes() }).encrypt(counting(1));
  for (const n of [2 ** 31, 2 ** 40 + 7, 5 * 2 ** 40]) {
    expect(message.plaintextSize(message.ciphertextSize(n))).toBe(n);
  }
});

it("refuse what is no size, and a message too short for its header", async () => {
  const { message, ciphertext } = await createEncryptionClient({ keyring: aes() }).encrypt(counting(0));
  for (const n of [-1, 1.5, Number.NaN, 2 ** 53, "5", undefined]) {
    await failure(() => message.ciphertextSize(n as number), "ERR_INVALID_ARGUMENT");
    await failure(() => message.plaintextSize(n as number), "ERR_INVALID_ARGUMENT");
  }
  expect(message.plaintextSize(ciphertext.length)).toBe(0);
  await failure(() => message.plaintextSize(ciphertext.length - 1), "ERR_INVALID_ARGUMENT");
});

describe("inspectMessage", () => {
  it("reads the beginning of a message, and needs no more than its header", async () => {
    const client = createEncryptionClient({ keyring: aes(), suite: 0x0578 });
    const { ciphertext, message } = await client.encrypt(counting(5000), { encryptionContext: { a: "b" } });
    for (const length of [message.headerLength, message.headerLength + 1, ciphertext.length]) {
      const facts = inspectMessage(ciphertext.subarray(0, length));
      expect(facts).toEqual(message);
      expect(facts.suite).toMatchObject({
        id: 0x0578,
        name: "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384",
      });
      expect(facts.encryptionContext).toEqual({ a: "b" });
      expect(facts.wrappingKeys).toEqual([{ providerId: "test", name: "k" }]);
    }
    await failure(() => inspectMessage(ciphertext.subarray(0, message.headerLength - 1)), "ERR_TRUNCATED");
  });

  it("answers facts of its own: the bytes may be wiped", async () => {
    const { ciphertext } = await createEncryptionClient({ keyring: aes() }).encrypt(counting(5));
    const bytes = Buffer.from(ciphertext);
    const [facts, twin] = [inspectMessage(bytes), inspectMessage(ciphertext)];
    bytes.fill(0);
    expect(facts).toEqual(twin);
    expect(Object.getPrototypeOf(facts.messageId)).toBe(Uint8Array.prototype);
  });

  it("shows a key's name as far as it is text", () => {
    const edk = (providerInfo: Uint8Array) => ({ providerId: "p", providerInfo, ciphertext: counting(1) });
    const edks = [edk(utf8("arn:aws:kms:x")), edk(Uint8Array.of(0xff)), edk(utf8(""))];
    const dataKey = random(32);
    const message = writeMessage({ suite: 0x0478, dataKey, edks, pieces: [counting(1)], frameLength: 1 });
    expect(inspectMessage(message).wrappingKeys.map(({ name }) => name)).toEqual(["arn:aws:kms:x", null, ""]);
  });

  it("says the same as both directions of a stream", async () => {
    const client = createEncryptionClient({ keyring: aes() });
    const sealing = client.encryptStream({ encryptionContext: { a: "b" } });
    const ciphertext = await collect(feed([counting(9)], sealing));
    const opening = client.decryptStream();
    await collect(feed([ciphertext], opening));
    expect(await sealing.message).toEqual(inspectMessage(ciphertext));
    expect(await opening.message).toEqual(inspectMessage(ciphertext));
  });
});
