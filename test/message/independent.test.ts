import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEncryptionClient, requiredContextMaterialsManager } from "../../src/index.ts";
import { counting, hex, join, random, toHex, u16, u32, utf8 } from "../support/bytes.ts";
import { contextBytes, curveOf, readMessage, writeMessage } from "../support/independent-message.ts";
import { aes, KEY, MESSAGE_SUITES, unwrapAes, wrapAes } from "../support/keyrings.ts";
import { check, someBytes, someContext } from "../support/property.ts";
import { collect, feed } from "../support/streams.ts";

const CONTEXT = { tenant: "t1", É: "ü", Banana: "1", apple: "", 𝒳: "\u0000" };

describe.each(MESSAGE_SUITES)(
  "$name, written by keyfold, read by noble",
  ({ suite, signed, commitmentPolicy }) => {
    const client = (frameLength: number) =>
      createEncryptionClient({ keyring: aes(), suite, commitmentPolicy, frameLength });

    it.each([0, 1, 31, 32, 33, 64, 65, 200])("%d bytes in frames of 32", async (length) => {
      const plaintext = counting(length);
      const { ciphertext, message } = await client(32).encrypt(plaintext, { encryptionContext: CONTEXT });
      const read = readMessage(ciphertext, unwrapAes());
      expect(toHex(read.plaintext)).toBe(toHex(plaintext));
      expect(read.suite).toBe(suite);
      expect(read.frameLength).toBe(32);
      const { "aws-crypto-public-key": publicKey, ...pairs } = read.context;
      expect(pairs).toEqual(CONTEXT);
      expect(publicKey !== undefined).toBe(signed);
      expect(toHex(message.messageId)).toBe(toHex(read.messageId));
      // No empty final frame behind a full one.
      expect(read.frames.length).toBe(Math.max(1, Math.ceil(length / 32)));
      expect(read.ivs.map(toHex)).toEqual(read.frames.map((_, i) => (i + 1).toString(16).padStart(24, "0")));
    });

    it("a stream of any chunks", () =>
      check(
        fc.tuple(fc.array(someBytes(50)), fc.integer({ min: 1, max: 40 })),
        async ([chunks, frameLength]) => {
          const ciphertext = await collect(
            feed(chunks, client(frameLength).encryptStream({ encryptionContext: CONTEXT })),
          );
          expect(toHex(readMessage(ciphertext, unwrapAes()).plaintext)).toBe(toHex(join(...chunks)));
        },
        15,
      ));

    it("with no context, and with the context in byte order", async () => {
      const plain = await client(32).encrypt(counting(3));
      readMessage(plain.ciphertext, (edks, context) => {
        expect(context.length > 0).toBe(signed);
        return unwrapAes()(edks, context);
      });
      const { ciphertext } = await client(32).encrypt(counting(3), { encryptionContext: CONTEXT });
      const { context } = readMessage(ciphertext, (edks, raw) => {
        expect(toHex(raw)).toBe(toHex(contextBytes(readContext(ciphertext))));
        return unwrapAes()(edks, raw);
      });
      expect(Object.keys(context)).toEqual(
        Object.keys(context).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
    });

    it("with required pairs left out of the header and bound to its tag", async () => {
      const materialsManager = requiredContextMaterialsManager({
        keyring: aes(),
        requiredKeys: ["tenant", "É"],
      });
      const strict = createEncryptionClient({ materialsManager, suite, commitmentPolicy });
      const { ciphertext } = await strict.encrypt(counting(40), { encryptionContext: CONTEXT });
      const unwrap = (edks: Parameters<ReturnType<typeof unwrapAes>>[0]) => {
        const complete = { ...readContext(ciphertext), tenant: "t1", É: "ü" };
        return unwrapAes()(edks, contextBytes(complete));
      };
      const bound = contextBytes({ tenant: "t1", É: "ü" });
      const read = readMessage(ciphertext, unwrap, bound);
      expect(toHex(read.plaintext)).toBe(toHex(counting(40)));
      expect(read.context).not.toHaveProperty("tenant");
      expect(() => readMessage(ciphertext, unwrap)).toThrow();
    });
  },
);

/** The stored context, by the independent reader: it hands it out before it asks for a key. */
function readContext(ciphertext: Uint8Array): Record<string, string> {
  const at = ciphertext[0] === 1 ? 20 : 35;
  const context: Record<string, string> = {};
  const length = Buffer.from(ciphertext).readUInt16BE(at);
  let rest = Buffer.from(ciphertext.subarray(at + 4, at + 2 + length));
  const text = () => {
    const end = 2 + rest.readUInt16BE(0);
    const value = rest.subarray(2, end).toString();
    rest = rest.subarray(end);
    return value;
  };
  while (rest.length > 0) context[text()] = text();
  return context;
}

/** Signs where the suite does, and puts the public key into the context. */
function signing(suite: number, pairs: Record<string, string>) {
  const curve = curveOf(suite);
  if (curve === undefined) return { context: contextBytes(pairs) };
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve });
  const { x, y } = publicKey.export({ format: "jwk" });
  const odd = Buffer.from(y!, "base64url").at(-1)! & 1;
  const point = Buffer.concat([Buffer.from([2 + odd]), Buffer.from(x!, "base64url")]).toString("base64");
  return { context: contextBytes({ ...pairs, "aws-crypto-public-key": point }), signingKey: privateKey };
}

describe.each(MESSAGE_SUITES)(
  "$name, written by noble, read by keyfold",
  ({ suite, signed, name, commitmentPolicy }) => {
    const keyLength = Number(/AES_(\d+)/.exec(name)![1]) / 8;
    const client = createEncryptionClient({
      keyring: aes(),
      commitmentPolicy: commitmentPolicy.startsWith("forbid")
        ? commitmentPolicy
        : "require-encrypt-require-decrypt",
    });
    const write = (pieces: Uint8Array[], frameLength: number, more: object = {}) => {
      const dataKey = random(keyLength);
      const { context, ...key } = signing(suite, { a: "b" });
      return writeMessage({
        suite,
        dataKey,
        edks: [wrapAes(dataKey, context)],
        context,
        ...key,
        pieces,
        frameLength,
        ...more,
      });
    };
    const opens = async (ciphertext: Uint8Array, plaintext: Uint8Array, frameLength: number) => {
      const opened = await client.decrypt(ciphertext, { encryptionContext: { a: "b" } });
      expect(toHex(opened.plaintext)).toBe(toHex(plaintext));
      expect(opened.encryptionContext).toEqual({ a: "b" });
      expect(opened.message.frameLength).toBe(frameLength);
      for (const size of [1, 7, 1000]) {
        const stream = client.decryptStream({ encryptionContext: { a: "b" } });
        const chunks = Array.from({ length: Math.ceil(ciphertext.length / size) }, (_, i) =>
          ciphertext.subarray(i * size, (i + 1) * size),
        );
        expect(toHex(await collect(feed(chunks, stream)))).toBe(toHex(plaintext));
        expect((await stream.message).suite.id).toBe(suite);
      }
      if (!signed) {
        expect(opened.message.plaintextSize(ciphertext.length)).toBe(plaintext.length);
      } else {
        expect(opened.message.plaintextSize(ciphertext.length)).toBeGreaterThanOrEqual(plaintext.length);
      }
    };

    it.each([0, 1, 500])("a body of %d bytes that is not framed", async (length) => {
      await opens(write([counting(length)], 0), counting(length), 0);
    });

    it("an empty final frame behind full ones", async () => {
      const pieces = [counting(16), counting(16), new Uint8Array(0)];
      await opens(write(pieces, 16), join(...pieces), 16);
    });

    it("a full final frame, and a single empty one", async () => {
      await opens(write([counting(16), counting(16)], 16), join(counting(16), counting(16)), 16);
      await opens(write([new Uint8Array(0)], 16), new Uint8Array(0), 16);
    });

    it("frames with IVs that are not their numbers", async () => {
      const pieces = [counting(10), counting(10), counting(4)];
      const iv = (sequence: number) => join(hex("0102030405060708"), u32(2 ** 32 - sequence));
      await opens(write(pieces, 10, { iv, headerIv: hex("00112233445566778899aabb") }), join(...pieces), 10);
      await opens(write([counting(9)], 0, { iv: () => random(12) }), counting(9), 0);
    });

    it("a frame length over the message", async () => {
      await opens(write([counting(5)], 16 * 1024 * 1024), counting(5), 16 * 1024 * 1024);
    });
  },
);

describe("contexts", () => {
  it("of any pairs come back, and stand in byte order", () => {
    const client = createEncryptionClient({ keyring: aes() });
    return check(someContext(), async (encryptionContext) => {
      const { ciphertext } = await client.encrypt(new Uint8Array(1), { encryptionContext });
      const { context } = readMessage(ciphertext, (edks, raw) => {
        expect(toHex(raw)).toBe(toHex(contextBytes(encryptionContext)));
        return unwrapAes()(edks, raw);
      });
      expect(context).toEqual(encryptionContext);
      expect((await client.decrypt(ciphertext, { encryptionContext })).encryptionContext).toEqual(
        encryptionContext,
      );
    });
  });

  it("with a key called __proto__ are pairs like others", async () => {
    const encryptionContext = JSON.parse('{"__proto__":"p","constructor":"c"}') as Record<string, string>;
    const client = createEncryptionClient({ keyring: aes() });
    const { ciphertext } = await client.encrypt(new Uint8Array(1), { encryptionContext });
    const opened = await client.decrypt(ciphertext, { encryptionContext });
    expect(Object.entries(opened.encryptionContext)).toEqual([
      ["__proto__", "p"],
      ["constructor", "c"],
    ]);
    expect(Object.getPrototypeOf(opened.encryptionContext)).toBe(Object.prototype);
  });
});

describe("an encrypted data key whose AAD was sorted by locale", () => {
  const pairs = { apple: "1", Banana: "2" };
  const dataKey = random(32);
  const write = (sort: (a: string, b: string) => number) =>
    writeMessage({
      suite: 0x0478,
      dataKey,
      context: contextBytes(pairs),
      edks: [wrapAes(dataKey, contextBytes(pairs, sort))],
      pieces: [utf8("old")],
      frameLength: 10,
    });
  const client = createEncryptionClient({ keyring: aes() });

  it("opens", async () => {
    // Bytes put Banana first, locales put apple first.
    expect(toHex(contextBytes(pairs))).not.toBe(toHex(contextBytes(pairs, (a, b) => a.localeCompare(b))));
    const { plaintext } = await client.decrypt(write((a, b) => a.localeCompare(b)));
    expect(toHex(plaintext)).toBe(toHex(utf8("old")));
  });

  it("is never written", async () => {
    const { ciphertext } = await client.encrypt(utf8("new"), { encryptionContext: pairs });
    readMessage(ciphertext, ([edk]) => {
      const aad = join(
        u16(2),
        ...["Banana", "2", "apple", "1"].flatMap((text) => [u16(text.length), utf8(text)]),
      );
      return unwrapAes(KEY)([edk!], aad);
    });
  });
});
