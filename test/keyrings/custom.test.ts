import { gcm } from "@noble/ciphers/aes.js";
import { describe, expect, it } from "vitest";
import { createEncryptionClient, type Keyring, type KeyringRequest, sealObject } from "../../src/index.ts";
import { random, utf8 } from "../support/bytes.ts";
import { failure, textOf } from "../support/failure.ts";
import { clear, MESSAGE_SUITES } from "../support/keyrings.ts";

const PLAINTEXT = utf8("the plaintext");
const client = (parts: Partial<Keyring>, more = {}) =>
  createEncryptionClient({ keyring: { name: "own", ...parts }, ...more });
const edk = (ciphertext = random(8)) => ({ providerId: "own", providerInfo: new Uint8Array(0), ciphertext });

/** A vault somewhere else: answers later, and authenticates the context. */
function vault(): Keyring {
  const stored = new Map<string, { dataKey: Uint8Array; context: string }>();
  const later = () => new Promise((resolve) => setTimeout(resolve, 1));
  const contextOf = ({ encryptionContext }: KeyringRequest) =>
    JSON.stringify(Object.entries(encryptionContext).sort());
  return {
    name: "vault",
    async wrap(dataKey, request) {
      await later();
      const id = String(stored.size);
      stored.set(id, { dataKey: new Uint8Array(dataKey), context: contextOf(request) });
      return [{ providerId: "vault", providerInfo: utf8("orders"), ciphertext: utf8(id) }];
    },
    async unwrap(edks, request) {
      for (const edk of edks) {
        await later();
        const found = stored.get(new TextDecoder().decode(edk.ciphertext));
        if (found?.context === contextOf(request))
          return { dataKey: new Uint8Array(found.dataKey), opened: edk };
        request.note(edk, "failed", "the vault refused");
      }
      return null;
    },
  };
}

describe("a keyring of one's own", () => {
  it.each(MESSAGE_SUITES)("serves $name, remote as well as local", async ({ suite, commitmentPolicy }) => {
    for (const keyring of [vault(), clear()]) {
      const own = createEncryptionClient({ keyring, suite, commitmentPolicy });
      const { ciphertext } = await own.encrypt(PLAINTEXT, { encryptionContext: { a: "b" } });
      expect((await own.decrypt(ciphertext, { encryptionContext: { a: "b" } })).plaintext).toEqual(PLAINTEXT);
    }
  });

  it("is told purpose, key length, complete context and signal", async () => {
    for (const { suite, signed, name, commitmentPolicy } of MESSAGE_SUITES) {
      const requests: KeyringRequest[] = [];
      const base = clear("own");
      const own = client(
        {
          wrap: (dataKey, request) => {
            requests.push(request);
            expect(dataKey).toHaveLength(request.keyLength);
            return base.wrap!(dataKey, request);
          },
          unwrap: (edks, request) => {
            requests.push(request);
            return base.unwrap!(edks, request);
          },
        },
        { suite, commitmentPolicy },
      );
      const { signal } = new AbortController();
      const { ciphertext } = await own.encrypt(PLAINTEXT, { encryptionContext: { a: "b" }, signal });
      await own.decrypt(ciphertext);
      expect(requests).toHaveLength(2);
      const [writing, reading] = requests as [KeyringRequest, KeyringRequest];
      expect(writing.purpose).toMatchObject({ kind: "message", suite: { id: suite, name } });
      expect(reading.purpose).toEqual(writing.purpose);
      expect(reading.encryptionContext).toEqual(writing.encryptionContext);
      expect(Object.keys(writing.encryptionContext).sort()).toEqual(
        signed ? ["a", "aws-crypto-public-key"] : ["a"],
      );
      expect(writing.signal).toBe(signal);
      expect(reading.signal).toBeUndefined();
    }
  });

  it("gets no chance to see through the data key once it is used: the buffer is wiped", async () => {
    const seen: Uint8Array[] = [];
    const base = clear("own");
    const own = client({
      generate: () => {
        const dataKey = random(32);
        seen.push(dataKey);
        return { dataKey, encryptedDataKeys: [edk(new Uint8Array(dataKey))] };
      },
      unwrap: async (edks, request) => {
        const opened = await base.unwrap!(edks, request);
        seen.push(opened!.dataKey);
        return opened;
      },
    });
    const { ciphertext } = await own.encrypt(PLAINTEXT);
    await own.decrypt(ciphertext);
    expect(seen).toEqual([new Uint8Array(32), new Uint8Array(32)]);
  });

  it.each(MESSAGE_SUITES)(
    "may hand over a Buffer: $name never seals under zeros",
    async ({ suite, name, commitmentPolicy }) => {
      const keyLength = Number(/AES_(\d+)/.exec(name)![1]) / 8;
      const dataKey = random(keyLength);
      const generate = () => ({ dataKey: Buffer.from(dataKey), encryptedDataKeys: [edk(dataKey)] });
      const own = client({ generate }, { suite, commitmentPolicy });
      const { ciphertext, message } = await own.encrypt(PLAINTEXT);
      // A reader who holds the key as a plain array sees the same message.
      const reader = createEncryptionClient({ keyring: clear("own"), commitmentPolicy });
      expect((await reader.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
      const { headerLength } = message;
      const body = ciphertext.subarray(0, headerLength - (suite < 0x0400 ? 28 : 16));
      const zeros = gcm(new Uint8Array(keyLength), new Uint8Array(12), body);
      expect(() => zeros.decrypt(ciphertext.subarray(headerLength - 16, headerLength))).toThrow();
    },
  );
});

describe("a keyring that breaks the contract in writing", () => {
  // A fresh copy for each call: what does not fit is wiped.
  const answers = (dataKey: Uint8Array, edks = [edk()]) => ({
    generate: () => ({ dataKey: dataKey.slice(), encryptedDataKeys: edks }),
  });
  it.each<[string, Partial<Keyring>, RegExp]>([
    ["a short data key", answers(random(31)), /31 bytes; 32 are needed/],
    ["a long data key", answers(random(33)), /33 bytes; 32 are needed/],
    ["no data key", answers(new Uint8Array(0)), /0 bytes; 32 are needed/],
    ["zeros", answers(new Uint8Array(32)), /of zeros/],
    ["text for a data key", answers("x".repeat(32) as never), /not a Uint8Array/],
    ["no encrypted data key", answers(random(32), []), /at least one encrypted data key/],
    ["no encrypted data key from wrap", { wrap: () => [] }, /at least one encrypted data key/],
    ["a field over 65,535 bytes", answers(random(32), [edk(random(65_536))]), /at most 65535 bytes/],
    ["text for a ciphertext", answers(random(32), [edk("x" as never)]), /at most 65535 bytes/],
  ])("%s", async (_, parts, expected) => {
    for (const later of [false, true]) {
      const keyring = later
        ? Object.fromEntries(
            Object.entries(parts).map(([name, f]) => [name, async () => (f as () => unknown)()]),
          )
        : parts;
      const error = await failure(client(keyring).encrypt(PLAINTEXT), "ERR_KEYRING");
      expect(error).toMatchObject({ keyring: "own" });
      expect(error.message).toMatch(expected);
    }
  });

  it("wipes a data key that does not fit", async () => {
    const keys = [random(31), random(33), random(32)];
    for (const dataKey of keys) {
      const generate = () => ({ dataKey, encryptedDataKeys: [] });
      await failure(client({ generate }).encrypt(PLAINTEXT), "ERR_KEYRING");
    }
    for (const dataKey of keys) expect(dataKey.every((byte) => byte === 0)).toBe(true);
  });

  it("throwing, at once or later: the cause is kept, the data key is wiped", async () => {
    const cause = new Error("sealed");
    let borrowed: Uint8Array | undefined;
    for (const wrap of [
      (dataKey: Uint8Array) => {
        borrowed = dataKey;
        throw cause;
      },
      async (dataKey: Uint8Array) => {
        borrowed = dataKey;
        throw cause;
      },
    ]) {
      const error = await failure(client({ wrap }).encrypt(PLAINTEXT), "ERR_KEYRING");
      expect(error.cause).toBe(cause);
      expect(error.message).toBe("Keyring own: it failed to make a data key.");
      expect(borrowed).toEqual(new Uint8Array(32));
    }
  });

  it("more encrypted data keys than the client allows", async () => {
    const edks = Array.from({ length: 17 }, () => edk());
    const error = await failure(client(answers(random(32), edks)).encrypt(PLAINTEXT), "ERR_LIMIT");
    expect(error).toMatchObject({ limit: "maxEncryptedDataKeys", actual: 17, maximum: 16 });
  });

  it("several data keys for an object", async () => {
    const keyring = { name: "own", objectWrap: "AES/GCM", ...answers(random(32), [edk(), edk()]) } as const;
    expect((await failure(sealObject(PLAINTEXT, { keyring }), "ERR_INVALID_ARGUMENT")).message).toMatch(
      /one encrypted data key/,
    );
  });
});

describe("a keyring that breaks the contract in reading", () => {
  const opens = (dataKey: unknown): Partial<Keyring> => ({
    unwrap: (edks) => ({ dataKey: dataKey as Uint8Array, opened: edks[0]! }),
  });
  it.each<[string, Partial<Keyring>, RegExp]>([
    ["a short data key", opens(random(31)), /31 bytes; 32 are needed/],
    ["a long data key", opens(random(33)), /33 bytes; 32 are needed/],
    ["zeros", opens(new Uint8Array(32)), /of zeros/],
    ["text", opens("x"), /not a Uint8Array/],
    ["nothing in an object", opens(undefined), /not a Uint8Array/],
    [
      "an error",
      {
        unwrap: () => {
          throw new Error("x");
        },
      },
      /failed to open a data key/,
    ],
    [
      "an error later",
      {
        unwrap: async () => {
          throw new Error("x");
        },
      },
      /failed to open a data key/,
    ],
    ["a rejection without an error", { unwrap: () => Promise.reject("gone") }, /failed to open a data key/],
  ])("%s", async (_, parts, expected) => {
    const { ciphertext } = await client(clear("own")).encrypt(PLAINTEXT);
    const error = await failure(client(parts).decrypt(ciphertext), "ERR_KEYRING");
    expect(error.message).toMatch(expected);
    expect(textOf(error)).not.toContain("the plaintext");
  });

  it("another key is an authentication failure", async () => {
    const { ciphertext } = await client(clear("own")).encrypt(PLAINTEXT);
    await failure(client(opens(random(32))).decrypt(ciphertext), "ERR_AUTHENTICATION");
  });
});
