import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createEncryptionClient, type EncryptionClient, type MessageStream } from "../../src/index.ts";
import { counting, flipped, join, random, utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { aes, clear } from "../support/keyrings.ts";
import { collect, feed, source, split } from "../support/streams.ts";

const client = createEncryptionClient({ keyring: aes(), frameLength: 10 });
const PLAINTEXT = counting(100);
const { ciphertext } = await client.encrypt(PLAINTEXT);
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const pair = (stream: MessageStream) => stream as ReadableWritablePair<Uint8Array, Uint8Array>;

const unhandled: unknown[] = [];
const listener = (reason: unknown) => unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", listener));
afterEach(async () => {
  await turn();
  expect(unhandled).toEqual([]);
});
afterAll(() => void process.off("unhandledRejection", listener));

const SIDES: [string, (own?: EncryptionClient, call?: object) => MessageStream, Uint8Array][] = [
  ["encryptStream", (own = client, call) => own.encryptStream(call), PLAINTEXT],
  ["decryptStream", (own = client, call) => own.decryptStream(call), ciphertext],
];

describe.each(SIDES)("%s", (_, open, input) => {
  const reason = new Error("the reason");

  it("a chunk that is no bytes is misuse, and ends the stream with an error", async () => {
    for (const chunk of [null, undefined, "text", 5, {}, [1], new ArrayBuffer(4)]) {
      for (const before of [[], [input.subarray(0, 50)]]) {
        const stream = open();
        const error = await failure(
          collect(feed([...before, chunk as never], stream)),
          "ERR_INVALID_ARGUMENT",
        );
        expect(error.message).toMatch(/A chunk of (plain|cipher)text must be a Uint8Array/);
        expect(error.message.includes("For text there is")).toBe(typeof chunk === "string");
      }
    }
  });

  it("an error of the source comes out as it is", async () => {
    for (const after of [0, 1, 3]) {
      const chunks = split(input, [30]).slice(0, after);
      const broken = new ReadableStream<Uint8Array>({
        pull(controller) {
          const chunk = chunks.shift();
          if (chunk === undefined) controller.error(reason);
          else controller.enqueue(chunk);
        },
      });
      expect(await outcome(collect(broken.pipeThrough(pair(open()))))).toBe(reason);
    }
    const nodeSource = new Readable({ read() {} });
    nodeSource.push(Buffer.from(input.subarray(0, 40)));
    setTimeout(() => nodeSource.destroy(reason), 2);
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    expect(await outcome(pipeline(nodeSource, open() as unknown as NodeJS.ReadWriteStream, sink))).toBe(
      reason,
    );
    expect(sink.destroyed).toBe(true);
  });

  it("an error of the sink stops the source", async () => {
    let cancelled: unknown;
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => controller.enqueue(input.subarray(0, 20)),
        cancel: (why) => {
          cancelled = why;
        },
      },
      { highWaterMark: 0 },
    );
    const encrypting = endless.pipeThrough(pair(client.encryptStream()));
    const sink = new WritableStream({
      write() {
        throw reason;
      },
    });
    expect(await outcome(encrypting.pipeTo(sink))).toBe(reason);
    expect(cancelled).toBe(reason);
  });

  it("cancelling stops the source, and message rejects with the reason", async () => {
    for (const reads of [0, 1]) {
      const stream = open(createEncryptionClient({ keyring: aes(), frameLength: 10 }));
      const chunks = source(split(input, [120]));
      const reader = chunks.pipeThrough(pair(stream)).getReader();
      for (let i = 0; i < reads; i++) await reader.read();
      await reader.cancel(reason);
      if (reads === 0) expect(await outcome(stream.message)).toBe(reason);
      else await stream.message;
      expect((await reader.read()).done).toBe(true);
      await turn();
      const { pulled } = chunks;
      await turn();
      expect(chunks.pulled).toBe(pulled);
    }
  });

  it("aborting the writer errors the reader, and message", async () => {
    const stream = open();
    await stream.writable.abort(reason);
    expect(await outcome(collect(stream.readable))).toBe(reason);
    expect(await outcome(stream.message)).toBe(reason);

    const waiting = open();
    const output = outcome(collect(waiting.readable));
    await turn();
    await waiting.writable.abort(reason);
    expect(await output).toBe(reason);
  });

  it("a signal that is aborted beforehand is answered before any key is asked for", async () => {
    let asked = 0;
    const ask = () => {
      asked++;
      return null as never;
    };
    const own = createEncryptionClient({ keyring: { name: "own", wrap: ask, unwrap: ask } });
    const stream = open(own, { signal: AbortSignal.abort(reason) });
    expect(await outcome(collect(feed([input], stream)))).toBe(reason);
    expect(await outcome(stream.message)).toBe(reason);
    expect(
      await outcome(
        open(own, { signal: AbortSignal.abort(reason) })
          .writable.getWriter()
          .write(input),
      ),
    ).toBe(reason);
    expect(asked).toBe(0);
  });

  it("a signal that is aborted while a keyring is slow, whether it listens or not", async () => {
    for (const listens of [true, false]) {
      const controller = new AbortController();
      const slow = ({ signal }: { signal?: AbortSignal | undefined }) =>
        new Promise<null>((resolve, reject) => {
          setTimeout(() => resolve(null), 30);
          if (listens) signal!.addEventListener("abort", () => reject(signal!.reason));
          setTimeout(() => controller.abort(reason), 2);
        });
      const keyring = clear("slow", {
        wrap: async (dataKey, request) => {
          await slow(request);
          return [{ providerId: "slow", providerInfo: utf8(""), ciphertext: new Uint8Array(dataKey) }];
        },
        unwrap: async (_edks, request) => slow(request),
      });
      const stream = open(createEncryptionClient({ keyring }), { signal: controller.signal });
      expect(await outcome(collect(feed([input], stream)))).toBe(reason);
      expect(await outcome(stream.message)).toBe(reason);
    }
  });

  it("a signal that is aborted in the middle errors both sides", async () => {
    const controller = new AbortController();
    const stream = open(client, { signal: controller.signal });
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    const written = outcome(
      (async () => {
        await writer.write(input.subarray(0, 50));
        await writer.closed;
      })(),
    );
    const read = outcome(
      (async () => {
        for (let done = false; !done; ) ({ done } = await reader.read());
      })(),
    );
    await turn();
    controller.abort(reason);
    expect(await written).toBe(reason);
    expect(await read).toBe(reason);
  });

  it("a signal that is aborted after the end changes nothing, and is let go of", async () => {
    const controller = new AbortController();
    let listening = 0;
    const { signal } = controller;
    const watch = new Proxy(signal, {
      get(target, name) {
        if (name === "addEventListener") listening++;
        if (name === "removeEventListener") listening--;
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const stream = open(client, { signal: watch });
    const output = await collect(feed(split(input, [30]), stream));
    expect(output.length).toBeGreaterThan(0);
    expect(listening).toBe(0);
    controller.abort(reason);
    expect((await stream.message).frameLength).toBe(10);
  });
});

describe("decryptStream", () => {
  it("cut at any byte is a TruncatedError, never a plain end", async () => {
    for (let length = 1; length < ciphertext.length; length++) {
      const stream = client.decryptStream();
      const received: Uint8Array[] = [];
      const reading = (async () => {
        for await (const chunk of feed(split(ciphertext.subarray(0, length), [64]), stream))
          received.push(chunk);
      })();
      await failure(reading, "ERR_TRUNCATED");
      // What came out before is verified plaintext.
      const early = join(...received);
      expect(early).toEqual(PLAINTEXT.subarray(0, early.length));
    }
    const error = await failure(collect(feed([], client.decryptStream())), "ERR_MESSAGE_FORMAT");
    expect(error.message).toMatch(/empty/);
  });

  it("with bytes behind the end fails, in the same chunk or a later one", async () => {
    for (const chunks of [
      [join(ciphertext, Uint8Array.of(0))],
      [ciphertext, Uint8Array.of(0)],
      [ciphertext, new Uint8Array(0), random(100)],
      [ciphertext, ciphertext],
    ]) {
      const stream = client.decryptStream();
      const error = await failure(collect(feed(chunks, stream)), "ERR_MESSAGE_FORMAT");
      expect(error.message).toMatch(/follow the end/);
      await stream.message;
    }
  });

  it("rejects message if the header does not hold, and resolves it if only the body does not", async () => {
    const badHeader = client.decryptStream();
    await failure(collect(feed([flipped(ciphertext, 40)], badHeader)), "ERR_AUTHENTICATION");
    await failure(badHeader.message, "ERR_AUTHENTICATION");
    const badBody = client.decryptStream();
    await failure(
      collect(feed([flipped(ciphertext, 8 * ciphertext.length - 1)], badBody)),
      "ERR_AUTHENTICATION",
    );
    expect((await badBody.message).frameLength).toBe(10);
  });

  it("fails the writer as well, with the same error", async () => {
    const stream = client.decryptStream();
    const read = outcome(collect(stream.readable));
    const writer = stream.writable.getWriter();
    const written = outcome(
      (async () => {
        for (;;) await writer.write(utf8("no message"));
      })(),
    );
    const error = await failure(Promise.reject(await read), "ERR_MESSAGE_FORMAT");
    expect(await written).toBe(error);
    expect(await outcome(writer.closed)).toBe(error);
    expect(await outcome(stream.message)).toBe(error);
  });
});
