import { describe, expect, it } from "vitest";
import { createEncryptionClient, inspectMessage, type Keyring } from "../../src/index.ts";
import { counting, join, patched, random, u16, u32, utf8 } from "../support/bytes.ts";
import { failure, textOf } from "../support/failure.ts";
import { collectGarbage } from "../support/garbage.ts";
import { contextBytes, writeMessage } from "../support/independent-message.ts";
import { aes, clear, watched, wrapAes } from "../support/keyrings.ts";
import { collect, feed, split } from "../support/streams.ts";

const PLAINTEXT = counting(100);
const client = (more = {}, keyring: Keyring = aes()) => createEncryptionClient({ keyring, ...more });
const byStream = (own: ReturnType<typeof client>, ciphertext: Uint8Array) =>
  collect(feed(split(ciphertext, [30]), own.decryptStream()));

/** Wraps this many times. */
const times = (count: number): Keyring =>
  clear("clear", {
    wrap: (dataKey) =>
      Array.from({ length: count }, () => ({
        providerId: "clear",
        providerInfo: new Uint8Array(0),
        ciphertext: new Uint8Array(dataKey),
      })),
  });

describe("maxEncryptedDataKeys", () => {
  it("in writing", async () => {
    expect((await client({}, times(16)).encrypt(PLAINTEXT)).message.encryptedDataKeys).toHaveLength(16);
    const limit = { limit: "maxEncryptedDataKeys", actual: 17, maximum: 16 };
    expect(await failure(client({}, times(17)).encrypt(PLAINTEXT), "ERR_LIMIT")).toMatchObject(limit);
    const stream = collect(feed([PLAINTEXT], client({}, times(17)).encryptStream()));
    expect(await failure(stream, "ERR_LIMIT")).toMatchObject(limit);
    await client({ maxEncryptedDataKeys: 17 }, times(17)).encrypt(PLAINTEXT);
    await failure(client({ maxEncryptedDataKeys: 1 }, times(2)).encrypt(PLAINTEXT), "ERR_LIMIT");
  });

  it("in reading, before a key is asked for", async () => {
    const { ciphertext } = await client({ maxEncryptedDataKeys: 17 }, times(17)).encrypt(PLAINTEXT);
    const keyring = watched(times(1));
    const limit = { limit: "maxEncryptedDataKeys", actual: 17, maximum: 16 };
    expect(await failure(client({}, keyring).decrypt(ciphertext), "ERR_LIMIT")).toMatchObject(limit);
    expect(await failure(byStream(client({}, keyring), ciphertext), "ERR_LIMIT")).toMatchObject(limit);
    await failure(client({}, keyring).needsReencryption(ciphertext), "ERR_LIMIT");
    expect(keyring.calls).toEqual([]);
    const more = client({ maxEncryptedDataKeys: 17 }, keyring);
    expect((await more.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
    expect(await byStream(more, ciphertext)).toEqual(PLAINTEXT);
    expect(inspectMessage(ciphertext).encryptedDataKeys).toHaveLength(17);
  });
});

describe("maxHeaderBytes", () => {
  it("is exact, in reading alone", async () => {
    const { ciphertext, message } = await client({ maxHeaderBytes: 1 }).encrypt(PLAINTEXT, {
      encryptionContext: { a: "b".repeat(1000) },
    });
    const { headerLength } = message;
    const enough = client({ maxHeaderBytes: headerLength });
    expect((await enough.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
    expect(await byStream(enough, ciphertext)).toEqual(PLAINTEXT);
    for (const maxHeaderBytes of [headerLength - 1, 1000, 100, 1]) {
      const keyring = watched(aes());
      const short = client({ maxHeaderBytes }, keyring);
      const limit = { limit: "maxHeaderBytes", maximum: maxHeaderBytes };
      expect(await failure(short.decrypt(ciphertext), "ERR_LIMIT")).toMatchObject(limit);
      expect(await failure(byStream(short, ciphertext), "ERR_LIMIT")).toMatchObject(limit);
      expect(keyring.calls).toEqual([]);
    }
    expect(inspectMessage(ciphertext).headerLength).toBe(headerLength);
  });

  it("stops a stream whose header never ends, long before it has arrived", async () => {
    const start = join(Uint8Array.of(2), u16(0x0478), random(32), u16(0), u16(16));
    const edk = join(u16(1), utf8("p"), u16(0), u16(65_535), random(65_535));
    let pulled = 0;
    const chunks = (function* () {
      yield start;
      for (; pulled < 1000; pulled++) yield edk;
    })();
    const error = await failure(collect(feed(chunks, client({ maxHeaderBytes: 100_000 }).decryptStream())));
    expect(error).toMatchObject({ code: "ERR_LIMIT", limit: "maxHeaderBytes" });
    expect(pulled).toBeLessThan(5);
  });
});

describe("maxFrameLength", () => {
  it("in reading, before a key is asked for", async () => {
    const { ciphertext } = await client({ frameLength: 5000 }).encrypt(PLAINTEXT);
    const keyring = watched(aes());
    const short = client({ maxFrameLength: 4999 }, keyring);
    const limit = { limit: "maxFrameLength", actual: 5000, maximum: 4999 };
    expect(await failure(short.decrypt(ciphertext), "ERR_LIMIT")).toMatchObject(limit);
    expect(await failure(byStream(short, ciphertext), "ERR_LIMIT")).toMatchObject(limit);
    expect(keyring.calls).toEqual([]);
    expect((await client({ maxFrameLength: 5000 }).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("refuses a frame length of 4 GiB, and allocates nothing for one that is allowed", async () => {
    const dataKey = random(32);
    const huge = writeMessage({
      suite: 0x0478,
      dataKey,
      edks: [wrapAes(dataKey, new Uint8Array(0))],
      pieces: [PLAINTEXT],
      frameLength: 2 ** 32 - 1,
    });
    const limit = { limit: "maxFrameLength", actual: 2 ** 32 - 1, maximum: 16 * 1024 * 1024 };
    expect(await failure(client().decrypt(huge), "ERR_LIMIT")).toMatchObject(limit);
    expect(await failure(byStream(client(), huge), "ERR_LIMIT")).toMatchObject(limit);
    expect(inspectMessage(huge).frameLength).toBe(2 ** 32 - 1);
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    const wide = client({ maxFrameLength: 2 ** 32 - 1 });
    expect((await wide.decrypt(huge)).plaintext).toEqual(PLAINTEXT);
    expect(await byStream(wide, huge)).toEqual(PLAINTEXT);
    await failure(wide.decrypt(huge.subarray(0, -1)), "ERR_TRUNCATED");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  });

  it("a final frame or a single block that claims more than there is allocates nothing", async () => {
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    for (const frameLength of [0, 2 ** 32 - 1]) {
      const dataKey = random(32);
      const edks = [wrapAes(dataKey, new Uint8Array(0))];
      const pieces = [PLAINTEXT];
      const message = writeMessage({ suite: 0x0478, dataKey, edks, pieces, frameLength });
      const at = message.length - PLAINTEXT.length - 16 - 4;
      const claims = patched(message, at, 0xf0, 0, 0, 0);
      const wide = client({ maxFrameLength: 2 ** 32 - 1, signedBufferLimit: 2 ** 33 });
      await failure(wide.decrypt(claims), "ERR_TRUNCATED");
      await failure(byStream(wide, claims), "ERR_TRUNCATED");
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  });
});

describe("counts from the wire", () => {
  it("65,535 encrypted data keys are refused at their count, with next to no memory", async () => {
    const keyring = watched(clear());
    const header = join(Uint8Array.of(2), u16(0x0478), random(32), u16(0), u16(65_535));
    const entries = Array.from({ length: 65_535 }, () => new Uint8Array(6));
    collectGarbage();
    const before = process.memoryUsage();
    for (const message of [header, join(header, ...entries)]) {
      const limit = { limit: "maxEncryptedDataKeys", actual: 65_535, maximum: 16 };
      expect(await failure(client({}, keyring).decrypt(message), "ERR_LIMIT")).toMatchObject(limit);
      expect(await failure(byStream(client({}, keyring), header), "ERR_LIMIT")).toMatchObject(limit);
    }
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4 * 1024 * 1024);
    expect(keyring.calls).toEqual([]);
    await failure(() => inspectMessage(header), "ERR_TRUNCATED");
  });

  it("a non-framed body over signedBufferLimit is refused in a stream, and over 2^36 - 32 anywhere", async () => {
    const dataKey = random(32);
    const edks = [wrapAes(dataKey, new Uint8Array(0))];
    const message = writeMessage({ suite: 0x0478, dataKey, edks, pieces: [PLAINTEXT], frameLength: 0 });
    const limit = { limit: "signedBufferLimit", actual: 100, maximum: 99 };
    const short = client({ signedBufferLimit: 99 });
    expect(await failure(byStream(short, message), "ERR_LIMIT")).toMatchObject(limit);
    expect((await short.decrypt(message)).plaintext).toEqual(PLAINTEXT);
    expect(await byStream(client({ signedBufferLimit: 100 }), message)).toEqual(PLAINTEXT);
    const at = message.length - 16 - 100 - 8;
    for (const length of [join(u32(16), u32(0)), join(u32(0xffffffff), u32(0xffffffff))]) {
      const error = await failure(client().decrypt(patched(message, at, ...length)), "ERR_MESSAGE_FORMAT");
      expect(error.message).toMatch(/2\^36 - 32/);
    }
  });
});

describe("a context", () => {
  it("of 65,535 bytes fits, one more does not", async () => {
    for (const suite of [0x0478, 0x0578] as const) {
      const room = suite === 0x0578 ? 65_535 - (4 + 21 + 68) : 65_535;
      const pairs = (bytes: number) => ({ k: "é".repeat((bytes - 2 - 4 - 2) / 2), "": "" }) as const;
      const own = client({ suite, maxHeaderBytes: 100_000 });
      const fits = { ...pairs(room - 4 - ((room - 12) % 2)) };
      const { ciphertext } = await own.encrypt(utf8("x"), { encryptionContext: fits });
      expect((await own.decrypt(ciphertext, { encryptionContext: fits })).plaintext).toEqual(utf8("x"));
      const over = { ...fits, k: `${fits.k}aaaa` };
      const error = await failure(
        own.encrypt(utf8("x"), { encryptionContext: over }),
        "ERR_ENCRYPTION_CONTEXT",
      );
      expect(error.message).toMatch(/65535 is the most/);
      expect(textOf(error)).not.toContain("éé");
    }
    expect(contextBytes({ k: "v".repeat(65_528) })).toHaveLength(65_535);
    await client().encrypt(utf8("x"), { encryptionContext: { k: "v".repeat(65_528) } });
    const over = { k: "v".repeat(65_529) };
    await failure(client().encrypt(utf8("x"), { encryptionContext: over }), "ERR_ENCRYPTION_CONTEXT");
  });

  it("of many pairs fits as long as its bytes do", async () => {
    const pairs = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`.padStart(5, "0"), ""]));
    const own = client({}, clear());
    const encryptionContext = pairs(7281);
    const { ciphertext } = await own.encrypt(utf8("x"), { encryptionContext });
    expect((await own.decrypt(ciphertext)).encryptionContext).toEqual(encryptionContext);
    await failure(own.encrypt(utf8("x"), { encryptionContext: pairs(7282) }), "ERR_ENCRYPTION_CONTEXT");
  });
});
