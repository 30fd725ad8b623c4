import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { backend } from "#crypto";
import { createEncryptionClient, type MessageStream, type MessageSuiteId } from "../../src/index.ts";
import { counting } from "../support/bytes.ts";
import { outcome } from "../support/failure.ts";
import { clear, watched } from "../support/keyrings.ts";
import { collect, source, split } from "../support/streams.ts";

const reason = new Error("the reason");
const unhandled: unknown[] = [];
const listener = (error: unknown) => unhandled.push(error);
beforeAll(() => void process.on("unhandledRejection", listener));
afterAll(() => void process.off("unhandledRejection", listener));
const turn = () => new Promise((resolve) => setImmediate(resolve));

const through = (chunks: ReadableStream<Uint8Array>, stream: MessageStream) =>
  chunks.pipeThrough(stream as ReadableWritablePair<Uint8Array, Uint8Array>);

/** A source that does something when it is asked for the chunk of this number. */
function tripped(chunks: Uint8Array[], at: number, trip: (own: ReadableStreamDefaultController) => boolean) {
  let asked = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const goesOn = asked === at ? trip(controller) : true;
        const chunk = chunks[asked++];
        if (!goesOn) return;
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Each way to end a stream at its k-th boundary. Answers once both its sides have ended. */
type End = (stream: MessageStream, chunks: Uint8Array[], k: number, abort: AbortController) => Promise<void>;
const ENDS: Record<string, End> = {
  async "an error of the source"(stream, chunks, k) {
    const broken = tripped(chunks, k, (own) => {
      own.error(reason);
      return false;
    });
    expect(await outcome(collect(through(broken, stream)))).toBe(reason);
  },
  async "a signal, between two reads of the source"(stream, chunks, k, abort) {
    const aborting = tripped(chunks, k, () => {
      abort.abort(reason);
      return true;
    });
    expect(await outcome(collect(through(aborting, stream)))).toBe(reason);
  },
  async "a signal, while the output is being read"(stream, chunks, k, abort) {
    const reader = through(source(chunks), stream).getReader();
    for (let i = 0; i < k; i++) await reader.read();
    const pending = outcome(reader.read());
    abort.abort(reason);
    expect(await pending).toBe(reason);
    expect(await outcome(reader.read())).toBe(reason);
  },
  async "the writer's abort"(stream, chunks, k) {
    const writer = stream.writable.getWriter();
    const read = outcome(collect(stream.readable));
    for (const chunk of chunks.slice(0, k)) await writer.write(chunk);
    const pending = writer.write(chunks[k]!).catch(() => {});
    await writer.abort(reason);
    await pending;
    expect(await read).toBe(reason);
    expect(await outcome(writer.write(chunks[0]!))).toBe(reason);
  },
  async "the reader's cancel"(stream, chunks, k) {
    let cancelled: unknown;
    const chunksLeft = [...chunks];
    const watchedSource = new ReadableStream<Uint8Array>({
      pull: (controller) =>
        chunksLeft.length > 0 ? controller.enqueue(chunksLeft.shift()!) : controller.close(),
      cancel(why) {
        cancelled = why;
      },
    });
    const reader = through(watchedSource, stream).getReader();
    for (let i = 0; i < k; i++) await reader.read();
    await reader.cancel(reason);
    await turn();
    await turn();
    expect((await reader.read()).done).toBe(true);
    if (chunksLeft.length > 0) expect(cancelled).toBe(reason);
  },
  async "an error of the sink"(stream, chunks, k) {
    let written = 0;
    const sink = new WritableStream<Uint8Array>({
      write() {
        if (written++ === k) throw reason;
      },
    });
    expect(await outcome(through(source(chunks), stream).pipeTo(sink))).toBe(reason);
  },
};

interface Kind {
  readonly suite: MessageSuiteId;
  readonly frameLength: number;
  readonly plaintext: number;
  /** The boundaries that are tried: every n-th of the first hundred. */
  readonly every: number;
}
const KINDS: [string, Kind][] = [
  ["short frames", { suite: 0x0478, frameLength: 10, plaintext: 1020, every: 1 }],
  ["frames that WebCrypto seals", { suite: 0x0478, frameLength: 1500, plaintext: 153_000, every: 1 }],
  ["signed", { suite: 0x0578, frameLength: 10, plaintext: 1020, every: 10 }],
];

describe.each(["encryptStream", "decryptStream"] as const)("%s, ended by", (direction) => {
  let boundaries = 0;
  let keys = 0;

  describe.each(Object.entries(ENDS))("%s", (_, end) => {
    it.each(KINDS)("%s", async (_kind, { suite, frameLength, plaintext, every }) => {
      const whole = counting(plaintext);
      const writer = createEncryptionClient({ keyring: clear(), suite, frameLength });
      const input = direction === "encryptStream" ? whole : (await writer.encrypt(whole)).ciphertext;
      const chunks = split(input, [Math.floor(input.length / 110)]);
      const aesGcm = vi.spyOn(backend, "aesGcm");
      const handles = process.getActiveResourcesInfo().length;
      const release = direction === "decryptStream" ? { releaseBeforeSignature: true } : {};
      try {
        for (let k = 0; k < 100; k += every) {
          const keyring = watched(clear());
          const client = createEncryptionClient({ keyring, suite, frameLength });
          const abort = new AbortController();
          const stream = client[direction]({ signal: abort.signal, ...release });
          await end(stream, chunks, k, abort);
          await stream.message.catch(() => {});
          await turn();
          expect(getEventListeners(abort.signal, "abort"), `boundary ${k}`).toEqual([]);
          const contentKeys = aesGcm.mock.calls.splice(0).map(([key]) => key);
          for (const key of [...keyring.dataKeys, ...contentKeys]) {
            keys++;
            expect(key.length, `boundary ${k}`).toBe(32);
            expect(
              key.every((byte) => byte === 0),
              `boundary ${k}: a key is wiped`,
            ).toBe(true);
          }
          expect(unhandled, `boundary ${k}`).toEqual([]);
          boundaries++;
        }
      } finally {
        aesGcm.mockRestore();
      }
      await turn();
      expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(handles);
    });
  });

  it("that is at more than a thousand boundaries", () => {
    const seen = `ended at ${boundaries} boundaries, ${keys} data and content keys seen, all wiped`;
    console.log(`${direction}, ${backend.name} backend: ${seen}`);
    expect(boundaries).toBe(6 * (100 + 100 + 10));
    // Only streams that ended before they had asked for a key have shown none.
    expect(keys).toBeGreaterThan(1.9 * boundaries);
  });
});
