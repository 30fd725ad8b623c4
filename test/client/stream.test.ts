import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEncryptionClient, type MessageStream } from "../../src/index.ts";
import { counting, join, random, toHex, utf8 } from "../support/bytes.ts";
import { readMessage, writeMessage } from "../support/independent-message.ts";
import { aes, clear, unwrapAes, wrapAes } from "../support/keyrings.ts";
import { check } from "../support/property.ts";
import { collect, feed, source, split } from "../support/streams.ts";

const MIB = 1024 * 1024;
const client = (more = {}) => createEncryptionClient({ keyring: aes(), ...more });
const pair = (stream: MessageStream) => stream as ReadableWritablePair<Uint8Array, Uint8Array>;
/** Node's pipeline takes web transforms; its types do not say so. */
const inNode = (stream: MessageStream) => stream as unknown as NodeJS.ReadWriteStream;
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("chunks", () => {
  it.each([0x0478, 0x0578] as const)("of any lengths give the same bytes, suite %d", (suite) =>
    check(
      fc.tuple(
        fc.nat(400),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat(60), { minLength: 1, maxLength: 6 }).filter((lengths) => lengths.some((n) => n > 0)),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 }),
      ),
      async ([length, frameLength, sealed, opened]) => {
        const own = client({ frameLength, suite });
        const plaintext = counting(length);
        const ciphertext = await collect(feed(split(plaintext, sealed), own.encryptStream()));
        expect(toHex((await own.decrypt(ciphertext)).plaintext)).toBe(toHex(plaintext));
        const { frames } = readMessage(ciphertext, unwrapAes());
        expect(frames.length).toBe(Math.max(1, Math.ceil(length / frameLength)));
        expect(toHex(await collect(feed(split(ciphertext, opened), own.decryptStream())))).toBe(
          toHex(plaintext),
        );
      },
      25,
    ),
  );

  it("of one byte, and frames of one byte", async () => {
    const own = client({ frameLength: 1 });
    const plaintext = counting(300);
    const ciphertext = await collect(feed(split(plaintext, [1]), own.encryptStream()));
    expect(readMessage(ciphertext, unwrapAes()).frames).toEqual(Array(300).fill(1));
    expect(await collect(feed(split(ciphertext, [1]), own.decryptStream()))).toEqual(plaintext);
  });

  it("none at all, and empty ones, are an empty message", async () => {
    for (const chunks of [[], [new Uint8Array(0)], [new Uint8Array(0), new Uint8Array(0)]]) {
      const ciphertext = await collect(feed(chunks, client().encryptStream()));
      expect(readMessage(ciphertext, unwrapAes()).frames).toEqual([0]);
      const spaced = split(ciphertext, [7]).flatMap((chunk) => [new Uint8Array(0), chunk]);
      expect(await collect(feed([...spaced, new Uint8Array(0)], client().decryptStream()))).toHaveLength(0);
    }
  });

  it("that are huge give several outputs of bounded size", async () => {
    const plaintext = random(10 * MIB);
    const outputs: Uint8Array[] = [];
    for await (const chunk of feed([plaintext], client().encryptStream())) outputs.push(chunk);
    expect(outputs.length).toBeGreaterThan(9);
    for (const { length } of outputs) expect(length).toBeLessThan(1.1 * MIB);
    const opened: Uint8Array[] = [];
    for await (const chunk of feed([join(...outputs)], client().decryptStream())) opened.push(chunk);
    expect(opened.length).toBeGreaterThan(9);
    for (const { length } of opened) expect(length).toBeLessThan(2.1 * MIB);
    expect(Buffer.compare(join(...opened), plaintext)).toBe(0);
  });

  it("belong to their writer again once their write has resolved", async () => {
    const own = client({ frameLength: 7 });
    const reused = async (stream: MessageStream, bytes: Uint8Array, size: number) => {
      const output = collect(stream.readable);
      const writer = stream.writable.getWriter();
      const chunk = Buffer.alloc(size);
      for (const piece of split(bytes, [size])) {
        chunk.set(piece);
        await writer.write(chunk.subarray(0, piece.length));
        chunk.fill(0xee);
      }
      await writer.close();
      return output;
    };
    const plaintext = counting(100);
    const ciphertext = await collect(feed(split(plaintext, [9]), own.encryptStream()));
    for (const [stream, input, expected] of [
      [own.decryptStream(), ciphertext, plaintext],
      [own.encryptStream(), plaintext, undefined],
    ] as const) {
      const output = await reused(stream, input, 10);
      expect(expected ?? (await own.decrypt(output)).plaintext).toEqual(
        expected === undefined ? plaintext : output,
      );
    }
  });

  it("come out as plain arrays of their own", async () => {
    const chunk = Buffer.from("some plaintext");
    const outputs: Uint8Array[] = [];
    for await (const out of feed([chunk], client().encryptStream())) outputs.push(out);
    for await (const out of feed([Buffer.concat(outputs)], client().decryptStream())) outputs.push(out);
    for (const out of outputs) expect(Object.getPrototypeOf(out)).toBe(Uint8Array.prototype);
  });
});

describe("messages that are not framed", () => {
  it("open in a stream, once they are verified whole", async () => {
    const dataKey = random(32);
    const edks = [wrapAes(dataKey, new Uint8Array(0))];
    const plaintext = random(3 * MIB);
    const ciphertext = writeMessage({ suite: 0x0478, dataKey, edks, pieces: [plaintext], frameLength: 0 });
    for (const size of [ciphertext.length, 65_536, 1000]) {
      const outputs: Uint8Array[] = [];
      for await (const out of feed(split(ciphertext, [size]), client().decryptStream())) outputs.push(out);
      expect(outputs).toHaveLength(1);
      expect(Buffer.compare(outputs[0]!, plaintext)).toBe(0);
    }
  });
});

describe("Node's pipeline", () => {
  it("seals and opens files", async () => {
    const folder = await mkdtemp(joinPath(tmpdir(), "keyfold-stream-"));
    try {
      const [plain, sealed, opened] = ["plain", "sealed", "opened"].map((name) => joinPath(folder, name)) as [
        string,
        string,
        string,
      ];
      const plaintext = random(2 * MIB + 12_345);
      await writeFile(plain, plaintext);
      const own = client();
      await pipeline(
        createReadStream(plain),
        inNode(own.encryptStream({ encryptionContext: { a: "b" } })),
        createWriteStream(sealed),
      );
      const ciphertext = await readFile(sealed);
      expect(Buffer.compare((await own.decrypt(ciphertext)).plaintext, plaintext)).toBe(0);
      const opener = own.decryptStream({ encryptionContext: { a: "b" } });
      await pipeline(createReadStream(sealed), inNode(opener), createWriteStream(opened));
      expect(Buffer.compare(await readFile(opened), plaintext)).toBe(0);
      expect((await opener.message).encryptionContext).toEqual({ a: "b" });
      expect((await opener.message).plaintextSize(ciphertext.length)).toBe(plaintext.length);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("joins both directions, from any iterable to any sink", async () => {
    const plaintext = random(300_000);
    const output: Uint8Array[] = [];
    await pipeline(
      Readable.from(split(plaintext, [10_000]).map((chunk) => Buffer.from(chunk))),
      inNode(client().encryptStream()),
      inNode(client().decryptStream()),
      new Writable({ write: (chunk, _encoding, done) => done(void output.push(chunk)) }),
    );
    expect(Buffer.compare(join(...output), plaintext)).toBe(0);
  });
});

describe("back-pressure", () => {
  it.each(["encryptStream", "decryptStream"] as const)(
    "%s pulls no more than its reader asks for",
    async (which) => {
      const own = client({ frameLength: 1000 });
      const plaintext = counting(100_000);
      const { ciphertext } = await own.encrypt(plaintext);
      const chunks = source(split(which === "encryptStream" ? plaintext : ciphertext, [1000]));
      const reader = chunks.pipeThrough(pair(own[which]())).getReader();
      await turn();
      expect(chunks.pulled).toBeLessThanOrEqual(2);
      let received = 0;
      for (let i = 0; i < 20; i++) {
        const { value } = await reader.read();
        received += value!.length;
        await turn();
        expect(1000 * chunks.pulled).toBeLessThan(received + 6000);
      }
      await reader.cancel();
      await turn();
      const { pulled } = chunks;
      await turn();
      expect(chunks.pulled).toBe(pulled);
    },
  );

  it("asks no keyring before somebody reads", async () => {
    let asked = 0;
    const base = clear();
    const keyring = clear("clear", {
      wrap: (dataKey, request) => {
        asked++;
        return base.wrap!(dataKey, request);
      },
    });
    const stream = createEncryptionClient({ keyring }).encryptStream();
    const writer = stream.writable.getWriter();
    writer.write(utf8("x")).catch(() => {});
    await turn();
    expect(asked).toBe(0);
    await stream.readable.cancel();
  });
});

describe("message", () => {
  it("resolves before the first plaintext is out, and before the body is in", async () => {
    const own = client({ frameLength: 10 });
    const { ciphertext, message } = await own.encrypt(counting(50), { encryptionContext: { a: "b" } });
    const stream = own.decryptStream();
    const reader = stream.readable.getReader();
    const first = reader.read();
    const writer = stream.writable.getWriter();
    writer.write(ciphertext.subarray(0, message.headerLength)).catch(() => {});
    expect((await stream.message).encryptionContext).toEqual({ a: "b" });
    writer.write(ciphertext.subarray(message.headerLength)).catch(() => {});
    expect((await first).value!.length).toBeGreaterThan(0);
    await reader.cancel();
  });

  it("resolves in writing as soon as somebody reads, without any plaintext", async () => {
    const stream = client().encryptStream({ encryptionContext: { a: "b" } });
    const reader = stream.readable.getReader();
    const { value: header } = await reader.read();
    const facts = await stream.message;
    expect(facts.encryptionContext).toEqual({ a: "b" });
    expect(header).toHaveLength(facts.headerLength);
    await reader.cancel();
  });
});
