/** A pair of web streams: `pipeThrough` takes it, and so does Node's `pipeline`. */
export interface ByteTransform {
  /** What comes out. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes in: chunks of any length, each the writer's own again once its write has resolved. */
  readonly writable: WritableStream<Uint8Array>;
}

type Generate = (input: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array, void, void>;

/**
 * Makes a transform stream of a generator. The generator runs only while somebody reads, and asks for a chunk only
 * when it is done with the one before: back-pressure needs no queue, and a chunk belongs to its writer again once
 * its write has resolved. However it fails (error, abort, cancel, signal), `failed` hears of it and the generator's
 * `finally` runs.
 */
export function transformStream(
  generate: Generate,
  signal: AbortSignal | undefined,
  failed: (reason: unknown) => void,
): ByteTransform {
  const handoff = new Handoff();
  const output = generate(handoff);
  let reader!: ReadableStreamDefaultController<Uint8Array>;
  let writer!: WritableStreamDefaultController;

  const stop = async (reason: unknown): Promise<void> => {
    signal?.removeEventListener("abort", onAbort);
    failed(reason);
    handoff.fail(reason);
    writer.error(reason);
    await output.return().catch(() => {});
  };
  const onAbort = (): void => {
    reader.error(signal!.reason);
    void stop(signal!.reason);
  };

  const readable = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        reader = controller;
      },
      async pull(controller) {
        try {
          const { done, value } = await output.next();
          if (!done) return controller.enqueue(value);
          signal?.removeEventListener("abort", onAbort);
          controller.close();
          handoff.finish();
        } catch (error) {
          void stop(error);
          throw error;
        }
      },
      cancel: (reason) => stop(reason),
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<Uint8Array>({
    start: (controller) => {
      writer = controller;
    },
    write: (chunk) => handoff.offer(chunk),
    close: () => handoff.end(),
    abort: (reason) => {
      reader.error(reason);
      return stop(reason);
    },
  });
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return { readable, writable };
}

const END: unique symbol = Symbol("end of input");

interface Offer {
  readonly chunk: Uint8Array | typeof END;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Passes chunks from a writer to one reader, one at a time. */
class Handoff implements AsyncIterableIterator<Uint8Array> {
  #offered: Offer | undefined;
  #taken: Offer | undefined;
  #waiting: { resolve: (offer: Offer) => void; reject: (reason: unknown) => void } | undefined;
  #failure: { readonly reason: unknown } | undefined;

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Resolves when the reader is done with the chunk. */
  offer(chunk: Uint8Array | typeof END): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason);
    return new Promise((resolve, reject) => {
      const offer: Offer = { chunk, resolve, reject };
      if (this.#waiting === undefined) this.#offered = offer;
      else this.#waiting.resolve(offer);
      this.#waiting = undefined;
    });
  }

  /** Resolves when the reader has finished everything. */
  end(): Promise<void> {
    return this.offer(END);
  }

  finish(): void {
    this.#taken?.resolve();
    this.#taken = undefined;
  }

  fail(reason: unknown): void {
    this.#failure ??= { reason };
    for (const holder of [this.#offered, this.#taken, this.#waiting]) holder?.reject(this.#failure.reason);
    this.#offered = this.#taken = this.#waiting = undefined;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#failure !== undefined) throw this.#failure.reason;
    if (this.#taken?.chunk === END) return { done: true, value: undefined };
    this.#taken?.resolve();
    this.#taken = undefined;
    const offer = this.#offered ?? (await this.#nextOffer());
    this.#offered = undefined;
    this.#taken = offer;
    return offer.chunk === END ? { done: true, value: undefined } : { done: false, value: offer.chunk };
  }

  #nextOffer(): Promise<Offer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}
