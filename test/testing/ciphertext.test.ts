import { DecryptCommand, EncryptCommand } from "@aws-sdk/client-kms";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contextBytes } from "../../src/testing/ciphertext.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { bytes, complaint, failure, KEY_A, KEY_B, MRK } from "./helpers.ts";

const material = Uint8Array.from({ length: 32 }, (_, i) => i);

async function sealed(
  context?: Record<string, string>,
  kms = createLocalKms({ keys: [{ id: KEY_A, material }] }),
) {
  const command = new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(20), EncryptionContext: context });
  const { CiphertextBlob } = await kms.client.send(command);
  const open = (EncryptionContext: Record<string, string> | undefined, blob = CiphertextBlob!) =>
    kms.client.send(new DecryptCommand({ CiphertextBlob: blob, EncryptionContext }));
  return { blob: CiphertextBlob!, open };
}

describe("encryption context", () => {
  test.each([
    ["none", { a: "b" }, undefined],
    ["one too few", { a: "b", c: "d" }, { a: "b" }],
    ["one too many", { a: "b" }, { a: "b", c: "d" }],
    ["another value", { a: "b" }, { a: "c" }],
    ["another key", { a: "b" }, { b: "b" }],
    ["another case", { a: "b" }, { A: "b" }],
    ["key and value split elsewhere", { a: "bc" }, { ab: "c" }],
    ["pairs joined", { a: "b", c: "d" }, { a: "bcd" }],
    ["pairs exchanged", { a: "b", c: "d" }, { a: "d", c: "b" }],
    ["a separator in the value", { a: "1,b=2" }, { a: "1", b: "2" }],
    ["composed for decomposed", { é: "x" }, { "e\u0301": "x" }],
    ["empty key and value exchanged", { "": "x" }, { x: "" }],
  ])("%s does not open", async (_, sealedWith, openedWith) => {
    const { open } = await sealed(sealedWith as Record<string, string>);
    const error = await failure(open(openedWith as Record<string, string> | undefined));
    expect(error.name).toBe("InvalidCiphertextException");
    expect(error.message).toBe("UnknownError");
    expect((await open(sealedWith as Record<string, string>)).Plaintext).toEqual(bytes(20));
  });

  test("an empty one is none, and the order of the pairs does not matter", async () => {
    const none = await sealed(undefined);
    expect((await none.open({})).Plaintext).toEqual(bytes(20));
    const two = await sealed({ b: "1", a: "2", "𝄞": "3", "\uffee": "4" });
    expect((await two.open({ "\uffee": "4", "𝄞": "3", a: "2", b: "1" })).Plaintext).toEqual(bytes(20));
  });

  test("two contexts have the same bytes only if they have the same pairs", () => {
    const context = fc.dictionary(
      fc.string({ maxLength: 3, unit: "binary" }),
      fc.string({ maxLength: 3, unit: "binary" }),
      {
        maxKeys: 3,
      },
    );
    const sorted = (pairs: Record<string, string>) => JSON.stringify(Object.entries(pairs).sort());
    fc.assert(
      fc.property(context, context, (a, b) => {
        const same = Buffer.compare(contextBytes(a), contextBytes(b)) === 0;
        expect(same).toBe(sorted(a) === sorted(b));
      }),
    );
  });

  test("a lone surrogate is refused: UTF-8 cannot tell it from others", async () => {
    expect(await complaint(sealed({ a: "\ud800" }))).toMatch(/^ValidationException: .*Unicode/);
  });
});

describe("ciphertext blobs", () => {
  test("no bit of one can be changed, and none cut off or added", async () => {
    const { blob, open } = await sealed({ a: "b" });
    const broken = Array.from({ length: blob.length * 8 }, (_, bit) => {
      const copy = Uint8Array.from(blob);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      return copy;
    });
    for (let length = 1; length < blob.length; length++) broken.push(blob.slice(0, length));
    broken.push(Uint8Array.from([...blob, 0]));
    const names = await Promise.all(broken.map(async (copy) => (await failure(open({ a: "b" }, copy))).name));
    expect(new Set(names)).toEqual(new Set(["InvalidCiphertextException"]));
    expect(names).toHaveLength(blob.length * 9);
  });

  test("garbage is an invalid ciphertext", async () => {
    const { open } = await sealed();
    for (const garbage of [bytes(1), bytes(82, 0), bytes(82, 255), bytes(6144)]) {
      expect((await failure(open(undefined, garbage))).name).toBe("InvalidCiphertextException");
    }
  });

  test("they open again under the same material, in another process, Region, account, with other aliases", async () => {
    const { blob } = await sealed({ a: "b" });
    const later = createLocalKms({
      keys: [{ id: KEY_A, material, aliases: ["alias/new"] }],
      region: "eu-central-1",
      accountId: "444455556666",
    });
    const command = new DecryptCommand({ CiphertextBlob: blob, EncryptionContext: { a: "b" } });
    expect((await later.client.send(command)).Plaintext).toEqual(bytes(20));
  });

  test.each([
    // Kept from an earlier version. If they stop opening, so do everyone's fixtures.
    [
      "a plain key",
      KEY_A,
      "S0xLAQASNKvNEqs0zVbvEjRWeJCrAAAAAA0daoPWA/0NY+9i9anfu7rDYuu2nD7SSUYCTvR8fXCo74B5wALkaWk=",
    ],
    [
      "a multi-Region key",
      MRK,
      "S0xLAQESNKvNEqs0zVbvEjRWeJCrAAAAAKzbEVTzU5gfZDu1VHpAILEyNVBV5vdLPstIVhnUpCXL/rl0Wf+sRrE=",
    ],
    [
      "a key that was rotated twice",
      KEY_A,
      "S0xLAQASNKvNEqs0zVbvEjRWeJCrAAAAAuW4/vlior3bmwhNqUg8tZKO5fswEbgAnVD4GcaOuxGMTd43PE+AknQ=",
    ],
  ])("kept ciphertext of %s opens", async (_, id, kept) => {
    const kms = createLocalKms({ keys: [{ id, material }] });
    const CiphertextBlob = Buffer.from(kept, "base64");
    const EncryptionContext = { tenant: "t1", Ünïcode: "ß" };
    const { Plaintext } = await kms.client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect(new TextDecoder().decode(Plaintext)).toBe("kept");
  });

  test("a key created again without its material is another key", async () => {
    const { blob } = await sealed();
    const kms = createLocalKms({ keys: [{ id: KEY_A }] });
    const call = kms.client.send(new DecryptCommand({ CiphertextBlob: blob }));
    expect((await failure(call)).name).toBe("InvalidCiphertextException");
  });

  test("the given material is copied", async () => {
    const mine = Uint8Array.from(material);
    const kms = createLocalKms({ keys: [{ id: KEY_A, material: mine }] });
    mine.fill(0);
    const { blob } = await sealed();
    expect((await kms.client.send(new DecryptCommand({ CiphertextBlob: blob }))).Plaintext).toEqual(
      bytes(20),
    );
  });

  test("another key than the ciphertext's is an incorrect key, whatever its kind", async () => {
    const { blob } = await sealed();
    const kms = createLocalKms({ keys: [{ id: KEY_A, material }, { id: KEY_B }] });
    const rsa = kms.createKey({ keySpec: "RSA_2048" });
    const disabled = kms.createKey({ enabled: false });
    for (const { keyId: KeyId } of [kms.describeKey(KEY_B), rsa, disabled]) {
      expect(await complaint(kms.client.send(new DecryptCommand({ CiphertextBlob: blob, KeyId })))).toBe(
        "IncorrectKeyException: The key ID in the request does not identify a CMK that can perform this operation.",
      );
    }
  });
});

test("replies are fresh bytes, and requests are read when they are sent", async () => {
  const kms = createLocalKms({ keys: [{ id: KEY_A }] });
  kms.faults.add({ times: 1, fault: { delayMs: 5 } });
  const Plaintext = bytes(16);
  const EncryptionContext = { a: "b" };
  const call = kms.client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext, EncryptionContext }));
  Plaintext.fill(0);
  EncryptionContext.a = "changed";
  const { CiphertextBlob } = await call;
  const open = new DecryptCommand({ CiphertextBlob, EncryptionContext: { a: "b" } });
  const first = await kms.client.send(open);
  expect(first.Plaintext).toEqual(bytes(16));
  first.Plaintext!.fill(0);
  expect((await kms.client.send(open)).Plaintext).toEqual(bytes(16));
});

test("a thousand calls at once do not mix", async () => {
  const kms = createLocalKms({ keys: [{ id: KEY_A }, { id: KEY_B }] });
  const results = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => {
      const EncryptionContext = { n: String(i) };
      const Plaintext = new TextEncoder().encode(`number ${i}`);
      const KeyId = i % 2 === 0 ? KEY_A : KEY_B;
      const { CiphertextBlob } = await kms.client.send(
        new EncryptCommand({ KeyId, Plaintext, EncryptionContext }),
      );
      const opened = await kms.client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
      return new TextDecoder().decode(opened.Plaintext);
    }),
  );
  expect(results).toEqual(results.map((_, i) => `number ${i}`));
  expect(kms.events).toHaveLength(2000);
  expect(new Set(kms.events.map(({ requestID }) => requestID)).size).toBe(2000);
});
