import { invalidArgument, wholeNumber } from "../arguments.ts";
import { EMPTY } from "../bytes/arrays.ts";
import { Gathered } from "../bytes/gathered.ts";
import { utf8 } from "../bytes/utf8.ts";
import { S3ObjectError } from "../errors.ts";
import { unlessAborted } from "./abort.ts";

/** The body of a request or of a reply, as bytes that come in pieces. */
export interface Source {
  /** All of it, where it is in memory. */
  readonly bytes: Uint8Array | undefined;
  /** Bytes, where they are known beforehand. */
  readonly length: number | undefined;
  /** Once only. */
  chunks(): AsyncGenerator<Uint8Array, void, void>;
  /** Lets it go, though a read may be under way: that one fails. */
  close(reason?: unknown): void;
}

/** Whatever the SDK takes as a body: bytes, a string, a Blob, a stream of Node's or of the web. */
export function sourceOf(body: unknown, declaredLength: number | undefined): Source {
  wholeNumber("Body", "ContentLength", declaredLength, 0, 0);
  const bytes = bytesOf(body);
  if (bytes !== undefined) return inMemory(bytes);
  if (body instanceof Blob) return streamed(body.stream(), body.size);
  if (isIterable(body) || isReadableStream(body)) return streamed(body, declaredLength);
  throw invalidArgument("Body must be bytes, a string, a Blob, or a stream of bytes.");
}

function inMemory(bytes: Uint8Array): Source {
  return {
    bytes,
    length: bytes.length,
    async *chunks() {
      if (bytes.length > 0) yield bytes;
    },
    close: () => {},
  };
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null) return EMPTY;
  if (typeof body === "string") return utf8(body);
  if (body instanceof Uint8Array) return body;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  return body instanceof ArrayBuffer ? new Uint8Array(body) : undefined;
}

type Stream = AsyncIterable<unknown> | ReadableStream<unknown>;

function streamed(stream: Stream, length: number | undefined): Source {
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  let closed: { readonly reason: unknown } | undefined;
  return {
    bytes: undefined,
    length,
    async *chunks() {
      // Not by iteration: a stream that is being iterated cannot be cancelled, and some browsers cannot iterate any.
      if (isReadableStream(stream)) reader = stream.getReader();
      for await (const chunk of reader === undefined
        ? (stream as AsyncIterable<unknown>)
        : viaReader(reader)) {
        if (!(chunk instanceof Uint8Array)) {
          throw invalidArgument("Body: a stream must yield bytes; leave its encoding unset.");
        }
        yield chunk;
      }
      // What was let go ends early, and may look like its end.
      if (closed !== undefined) throw closed.reason;
    },
    close(reason) {
      closed ??= { reason: reason ?? new Error("The stream was closed.") };
      if (reader === undefined) discard(stream, reason);
      else void reader.cancel(reason).catch(() => {});
    },
  };
}

async function* viaReader(reader: ReadableStreamDefaultReader<unknown>): AsyncGenerator<unknown, void, void> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

function isIterable(body: unknown): body is AsyncIterable<unknown> {
  return typeof (body as Partial<AsyncIterable<unknown>> | null)?.[Symbol.asyncIterator] === "function";
}

function isReadableStream(body: unknown): body is ReadableStream<unknown> {
  return typeof (body as Partial<ReadableStream> | null)?.getReader === "function";
}

/** The whole source in memory; null as soon as it is longer than `limit`, once it has been let go. */
export async function readAll(
  source: Source,
  limit: number,
  signal?: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  const { bytes } = source;
  if (bytes !== undefined) return bytes.length > limit ? null : bytes;
  if (signal === undefined) return gathered(source, limit);
  const cut = () => source.close(signal.reason);
  signal.addEventListener("abort", cut, { once: true });
  if (signal.aborted) cut();
  try {
    return await unlessAborted(gathered(source, limit), signal);
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

async function gathered({ length, chunks }: Source, limit: number): Promise<Uint8Array | null> {
  const all = new Gathered(limit, length);
  for await (const chunk of chunks()) {
    if (all.add(chunk) < chunk.length) return null;
  }
  return all.bytes;
}

/** Lets go of a reply's body that nobody will read. */
export function discard(body: unknown, reason?: unknown): void {
  const { destroy, cancel } = (body ?? {}) as { destroy?: unknown; cancel?: unknown };
  if (typeof destroy === "function") {
    // Whoever destroys it hears of it as an event.
    (body as NodeJS.ReadableStream).on("error", () => {});
    destroy.call(body, reason);
  } else if (typeof cancel === "function") {
    void Promise.resolve(cancel.call(body, reason)).catch(() => {});
  }
}

/** The error for a body that is not as long as was said. */
export function wrongLength(said: number, came: number): S3ObjectError {
  return new S3ObjectError(
    "ERR_S3_BODY",
    `ContentLength says ${said} bytes of plaintext, and ${came > said ? "more" : came} came. Nothing was stored.`,
  );
}
