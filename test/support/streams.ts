import type { MessageStream } from "../../src/index.ts";
import { join } from "./bytes.ts";

/** A source that gives a chunk each time it is asked, and counts how often it was. */
export function source(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> & { pulled: number } {
  const iterator = chunks[Symbol.iterator]();
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = iterator.next();
        if (next.done) return controller.close();
        counted.pulled++;
        controller.enqueue(next.value);
      },
    },
    { highWaterMark: 0 },
  );
  const counted = Object.assign(stream, { pulled: 0 });
  return counted;
}

/** The stream's output for these chunks of input. */
export function feed(chunks: Iterable<Uint8Array>, stream: MessageStream): ReadableStream<Uint8Array> {
  return source(chunks).pipeThrough(stream as ReadableWritablePair<Uint8Array, Uint8Array>);
}

/** Reads to the end. */
export async function collect(readable: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return join(...chunks);
}

/** The bytes in pieces of these lengths, over and over. */
export function split(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length]!;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
