type Chunks = AsyncGenerator<Uint8Array, void, void>;
type Close = (reason?: unknown) => void;

/**
 * Bytes as a stream: Node's own where there are any (Node, Bun, Deno), which the SDK and its users expect there.
 * `close` is called when it ends, however it does.
 */
export function byteStream(chunks: Chunks, close: Close) {
  // Not by import, which bundlers for browsers would follow.
  const node = globalThis.process?.getBuiltinModule?.("node:stream");
  if (node === undefined) return webStream(chunks, close);
  const ended = async (reason?: unknown) => {
    letGo(chunks, close, reason);
    return { done: true, value: undefined } as const;
  };
  // Not the generator itself: it cannot end while it waits for a silent source, nor run its end before it has begun.
  const iterator = { next: () => chunks.next(), return: () => ended(), throw: ended };
  return node.Readable.from({ [Symbol.asyncIterator]: () => iterator }, { objectMode: false });
}

/** Bytes as a web stream. `close` is called when it is cancelled. */
export function webStream(chunks: Chunks, close: Close): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => letGo(chunks, close, reason),
    },
    { highWaterMark: 0 },
  );
}

/** First what lies behind: the chunks may be waiting for it. */
function letGo(chunks: Chunks, close: Close, reason: unknown): void {
  close(reason);
  void chunks.return().catch(() => {});
}
