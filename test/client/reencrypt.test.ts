import { describe, expect, it } from "vitest";
import { createEncryptionClient, type Keyring, multiKeyring } from "../../src/index.ts";
import { flipped, random, toHex, utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { readMessage, writeMessage } from "../support/independent-message.ts";
import { aes, clear, MESSAGE_SUITES, unwrapAes, watched, wrapAes } from "../support/keyrings.ts";

const PLAINTEXT = utf8("the plaintext");
const PAIRS = { tenant: "t1" };
const client = (keyring: Keyring, more = {}) => createEncryptionClient({ keyring, ...more });
const NEW_KEY = random(32);
const [oldKeyring, newKeyring] = [aes("old"), aes("new", NEW_KEY)];
const [old, fresh] = [client(oldKeyring), client(newKeyring)];
const { ciphertext } = await old.encrypt(PLAINTEXT, { encryptionContext: PAIRS });

describe("needsReencryption", () => {
  it("is false for what the client itself would write", async () => {
    expect(await old.needsReencryption(ciphertext)).toBe(false);
    const { ciphertext: empty } = await old.encrypt(new Uint8Array(0));
    expect(await old.needsReencryption(empty)).toBe(false);
  });

  it("is true for another key, another suite, more keys and fewer keys", async () => {
    expect(await fresh.needsReencryption(ciphertext)).toBe(true);
    expect(await client(oldKeyring, { suite: 0x0578 }).needsReencryption(ciphertext)).toBe(true);
    const both = client(multiKeyring({ generator: oldKeyring, children: [newKeyring] }));
    expect(await both.needsReencryption(ciphertext)).toBe(true);
    const { ciphertext: double } = await both.encrypt(PLAINTEXT);
    expect(await both.needsReencryption(double)).toBe(false);
    expect(await old.needsReencryption(double)).toBe(true);
    const swapped = client(multiKeyring({ generator: newKeyring, children: [oldKeyring] }));
    expect(await swapped.needsReencryption(double)).toBe(true);
  });

  it("reads the header alone, and asks no key to wrap or unwrap", async () => {
    const keyring = watched(clear());
    const own = client(keyring);
    const { ciphertext: message, message: facts } = await own.encrypt(PLAINTEXT);
    keyring.calls.length = 0;
    const header = message.subarray(0, facts.headerLength);
    expect(await own.needsReencryption(header)).toBe(false);
    expect(keyring.calls).toEqual(["isCurrent"]);
    await failure(own.needsReencryption(header.subarray(0, -1)), "ERR_TRUNCATED");
    await failure(own.needsReencryption(new Uint8Array(0)), "ERR_MESSAGE_FORMAT");
  });

  it("refuses what is not bytes, and signals that are none", async () => {
    await failure(old.needsReencryption("AAAA" as never), "ERR_INVALID_ARGUMENT");
    await failure(old.needsReencryption(ciphertext, { signal: 5 as never }), "ERR_INVALID_ARGUMENT");
    const reason = new Error("no longer");
    const signal = AbortSignal.abort(reason);
    expect(await outcome(old.needsReencryption(ciphertext, { signal }))).toBe(reason);
  });
});

describe("reencrypt", () => {
  it.each<[string, object]>([
    ["a client", { from: old }],
    ["a keyring", { from: oldKeyring }],
  ])("from %s: another message id and key, the same context", async (_, options) => {
    const { ciphertext: renewed, message } = await fresh.reencrypt(ciphertext, options);
    const read = readMessage(renewed, unwrapAes(NEW_KEY));
    expect(read.plaintext).toEqual(PLAINTEXT);
    expect(read.context).toEqual(PAIRS);
    expect(message.encryptionContext).toEqual(PAIRS);
    expect(toHex(read.messageId)).not.toBe(toHex(readMessage(ciphertext, unwrapAes()).messageId));
    expect(await fresh.needsReencryption(renewed)).toBe(false);
    await failure(old.decrypt(renewed), "ERR_NO_DATA_KEY");
  });

  it("without from, opens with its own keys", async () => {
    const both = client(multiKeyring({ generator: newKeyring, children: [oldKeyring] }));
    const { ciphertext: renewed } = await both.reencrypt(ciphertext);
    expect(await both.needsReencryption(renewed)).toBe(false);
    await failure(fresh.reencrypt(ciphertext), "ERR_NO_DATA_KEY");
  });

  it("writes today's suite, from any", async () => {
    for (const { suite, commitmentPolicy } of MESSAGE_SUITES) {
      const from = client(oldKeyring, { suite, commitmentPolicy });
      const message = await from.encrypt(PLAINTEXT, { encryptionContext: PAIRS });
      for (const target of [fresh, client(newKeyring, { suite: 0x0578 })]) {
        const renewed = await target.reencrypt(message.ciphertext, { from });
        const opened = await fresh.decrypt(renewed.ciphertext, { encryptionContext: PAIRS });
        expect(opened.plaintext).toEqual(PLAINTEXT);
        expect(opened.encryptionContext).toEqual(PAIRS);
      }
    }
  });

  it("takes a message that is not framed", async () => {
    const dataKey = random(32);
    const edks = [wrapAes(dataKey, new Uint8Array(0))];
    const message = writeMessage({ suite: 0x0478, dataKey, edks, pieces: [PLAINTEXT], frameLength: 0 });
    const { ciphertext: renewed } = await fresh.reencrypt(message, { from: aes() });
    expect(readMessage(renewed, unwrapAes(NEW_KEY)).plaintext).toEqual(PLAINTEXT);
  });

  it("demands the expected context, and keeps the writer's whole one", async () => {
    const encryptionContext = { tenant: "t2" };
    await failure(fresh.reencrypt(ciphertext, { from: old, encryptionContext }), "ERR_ENCRYPTION_CONTEXT");
    await failure(
      fresh.reencrypt(ciphertext, { from: oldKeyring, encryptionContext }),
      "ERR_ENCRYPTION_CONTEXT",
    );
    const more = { ...PAIRS, more: "pairs" };
    const { ciphertext: rich } = await old.encrypt(PLAINTEXT, { encryptionContext: more });
    const { message } = await fresh.reencrypt(rich, { from: old, encryptionContext: PAIRS });
    expect(message.encryptionContext).toEqual(more);
  });

  it("opens the whole message before it writes: an altered one is not renewed", async () => {
    const keyring = watched(clear());
    for (const bit of [8 * ciphertext.length - 1, 8 * ciphertext.length - 8 * 20]) {
      const altered = flipped(ciphertext, bit);
      await failure(client(keyring).reencrypt(altered, { from: old }), "ERR_AUTHENTICATION");
    }
    await failure(client(keyring).reencrypt(ciphertext.subarray(0, -1), { from: old }), "ERR_TRUNCATED");
    expect(keyring.calls).toEqual([]);
  });

  it("refuses what it cannot open from", async () => {
    for (const from of [null, 5, "old", () => {}]) {
      const error = await failure(
        fresh.reencrypt(ciphertext, { from: from as never }),
        "ERR_INVALID_ARGUMENT",
      );
      expect(error.message).toMatch(/from must be/);
    }
    await failure(fresh.reencrypt(ciphertext, { from: {} as never }), "ERR_INVALID_ARGUMENT");
    await failure(fresh.reencrypt("AAAA" as never), "ERR_INVALID_ARGUMENT");
  });

  it("from a keyring keeps this client's policy and limits", async () => {
    const { ciphertext: weak } = await client(oldKeyring, {
      commitmentPolicy: "forbid-encrypt-allow-decrypt",
    }).encrypt(PLAINTEXT);
    await failure(fresh.reencrypt(weak, { from: oldKeyring }), "ERR_COMMITMENT_POLICY");
    const narrow = client(newKeyring, { maxHeaderBytes: 100 });
    await failure(narrow.reencrypt(ciphertext, { from: oldKeyring }), "ERR_LIMIT");
    await narrow.reencrypt(ciphertext, { from: old });
  });

  it("wipes the plaintext in between", async () => {
    let seen: Uint8Array | undefined;
    const from: typeof old = {
      ...old,
      async decrypt(...args) {
        const result = await old.decrypt(...args);
        seen = result.plaintext;
        return result;
      },
    };
    await fresh.reencrypt(ciphertext, { from });
    expect(seen).toEqual(new Uint8Array(PLAINTEXT.length));
    const broken = client(clear("broken", { wrap: () => [] }));
    await failure(broken.reencrypt(ciphertext, { from }), "ERR_KEYRING");
    expect(seen).toEqual(new Uint8Array(PLAINTEXT.length));
  });
});

describe("text", () => {
  it("goes in as UTF-8 and comes out as base64, and back", async () => {
    for (const text of ["", "plain", "ü 日本 𝒳 \u0000", "\ufeffBOM", "x".repeat(100_000)]) {
      const sealed = await old.encryptText(text, { encryptionContext: PAIRS });
      expect(sealed.ciphertext).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
      const bytes = new Uint8Array(Buffer.from(sealed.ciphertext, "base64"));
      expect((await old.decrypt(bytes)).plaintext).toEqual(utf8(text));
      const opened = await old.decryptText(sealed.ciphertext, { encryptionContext: PAIRS });
      expect(opened.plaintext).toBe(text);
      expect(opened).toMatchObject({ encryptionContext: PAIRS, opened: { providerId: "test" } });
      expect(opened.message).toEqual(sealed.message);
    }
  });

  it("may have whitespace around it, as columns and files do", async () => {
    const sealed = await old.encryptText("x");
    for (const around of [" ", "\n", "\r\n", "\t "]) {
      expect((await old.decryptText(around + sealed.ciphertext + around)).plaintext).toBe("x");
    }
  });

  it("that is not base64 is refused, and not echoed", async () => {
    const { ciphertext: text } = await old.encryptText("x");
    for (const bad of [
      "no base64!",
      text.slice(1),
      `${text}=`,
      `${text.slice(0, 8)}\n${text.slice(8)}`,
      "____",
      "é",
    ]) {
      const error = await failure(old.decryptText(bad), "ERR_MESSAGE_FORMAT");
      expect(error.message).toMatch(/not base64 with padding/);
      expect(error.message).not.toContain(bad);
    }
    for (const empty of ["", "  \n"]) {
      expect((await failure(old.decryptText(empty), "ERR_MESSAGE_FORMAT")).message).toMatch(/empty/);
    }
  });

  it("that holds no UTF-8 is told from an altered one", async () => {
    const { ciphertext: bytes } = await old.encrypt(Uint8Array.of(0xff, 0xfe));
    const error = await failure(old.decryptText(Buffer.from(bytes).toString("base64")), "ERR_MESSAGE_FORMAT");
    expect(error.message).toMatch(/authentic, but holds bytes that are not UTF-8/);
  });

  it("is a string without lone surrogates", async () => {
    for (const bad of ["\ud800", "a\udc00b", utf8("x"), null, undefined, 5]) {
      await failure(old.encryptText(bad as never), "ERR_INVALID_ARGUMENT");
    }
    for (const bad of [utf8("AAAA"), null, undefined, 5]) {
      await failure(old.decryptText(bad as never), "ERR_INVALID_ARGUMENT");
    }
  });
});
