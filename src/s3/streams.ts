type Chunks = AsyncGenerator<Uint8Array, void, void>;
type Closed = (reason?: unknown) => void;

/** Bytes as a stream: Node's own where there are any (Node, Bun, Deno), which the SDK and its users expect there. */
export function byteStream(chunks: Chunks, closed: Closed) {
  // Not by import, which bundlers for browsers would follow.
  const node = globalThis.process?.getBuiltinModule?.("node:stream");
  if (node === undefined) return webStream(chunks, closed);
  // A stream that is destroyed before it was read has not begun its generator: `closed` comes all the same.
  return node.Readable.from(chunks, { objectMode: false }).once("close", closed);
}

/** Bytes as a web stream. `closed` is called when it is cancelled. */
export function webStream(chunks: Chunks, closed: Closed): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        await chunks.return();
        closed(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
