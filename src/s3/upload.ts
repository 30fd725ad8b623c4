import { AbortMultipartUploadCommand, type PutObjectCommandInput, type S3Client } from "@aws-sdk/client-s3";
import { invalidArgument, wholeNumber } from "../arguments.ts";
import type { BegunObject } from "../client/begin-object.ts";
import { tell } from "../client/tell.ts";
import { LimitError } from "../errors.ts";
import { assertPlaintextLength } from "../object/content.ts";
import type { EncryptionContext } from "../types.ts";
import { unlessAborted } from "./abort.ts";
import { operationOf, type S3Command } from "./command.ts";
import { keyRequest } from "./context.ts";
import { assertNoPlaintextChecksum } from "./metadata.ts";
import type { S3Config } from "./options.ts";
import { placeOf } from "./place.ts";
import { call, type S3ClientPort } from "./port.ts";
import { assertNoCondition, beginAt, placeEnvelope } from "./put.ts";
import { sealedChunks, sealedLength } from "./sealed-body.ts";
import { type Source, sourceOf, wrongLength } from "./source.ts";
import { byteStream } from "./streams.ts";

/** How far an upload is, in bytes of plaintext. */
export interface UploadProgress {
  /** Stored by S3. */
  readonly loaded: number;
  /** Undefined: the length of the stream is not known. */
  readonly total: number | undefined;
}

/** Options of `upload`. */
export interface UploadOptions {
  /** The caller's own pairs. */
  readonly encryptionContext?: EncryptionContext | undefined;
  /** Called after each part. What it throws is dropped. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Bytes of a part, 5 MiB at least. S3 takes 10,000 parts. Default: 8 MiB. */
  readonly partSize?: number | undefined;
  /** Parts that are under way at the same time, and held in memory. Default: 4. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What `upload` answers: what S3 answered to the last request. */
export type UploadReply = Awaited<ReturnType<import("@aws-sdk/lib-storage").Upload["done"]>>;

const MIB = 1024 * 1024;
const MAX_PARTS = 10_000;

/** Seals a body of any length in order, and uploads its parts side by side. */
export async function uploadObject(
  config: S3Config,
  input: PutObjectCommandInput,
  options: UploadOptions,
): Promise<UploadReply> {
  const { onProgress, signal } = options;
  const place = placeOf("upload", input);
  assertNoPlaintextChecksum("upload", input);
  assertNoCondition(config, input);
  const partSize = wholeNumber("upload", "partSize", options.partSize, 8 * MIB, 5 * MIB, 5 * 1024 * MIB);
  const queueSize = wholeNumber("upload", "concurrency", options.concurrency, 4, 1, 1000);
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw invalidArgument("upload: onProgress must be a function.");
  }
  const request = await keyRequest(config, place, {
    ...(options.encryptionContext !== undefined && { encryptionContext: options.encryptionContext }),
    ...(signal !== undefined && { abortSignal: signal }),
  });
  const source = sourceOf(input.Body, input.ContentLength);
  try {
    const { length } = source;
    if (input.ContentLength !== undefined && length !== input.ContentLength) {
      throw wrongLength(input.ContentLength, length!);
    }
    if (length !== undefined) assertFits(length, partSize);
    const begun = await beginAt(config, place, request, input.Metadata, length);
    return await uploadParts(config, input, { begun, source, partSize, queueSize, onProgress, signal });
  } catch (error) {
    source.close(error);
    throw error;
  }
}

interface Parts {
  readonly begun: BegunObject;
  readonly source: Source;
  readonly partSize: number;
  readonly queueSize: number;
  readonly onProgress: UploadOptions["onProgress"];
  readonly signal: AbortSignal | undefined;
}

async function uploadParts(
  config: S3Config,
  input: PutObjectCommandInput,
  { begun, source, partSize, queueSize, onProgress, signal }: Parts,
): Promise<UploadReply> {
  const { length } = source;
  const failing = new Failing(signal);
  try {
    const { Upload } = await import("@aws-sdk/lib-storage");
    const Metadata = await placeEnvelope(config, begun, input, signal);
    let sealed = 0;
    const read = (bytes: number) => {
      sealed += bytes;
    };
    const chunks = failing.watch(sealedChunks(begun, source, read));
    const params = {
      ...input,
      Metadata,
      Body: byteStream(chunks, (reason) => source.close(reason)) as never,
      ContentLength: length === undefined ? undefined : sealedLength(length),
    };
    const client = failing.client(config.client as S3Client, input);
    const upload = new Upload({ client, params, partSize, queueSize });
    upload.on("httpUploadProgress", ({ loaded = 0 }) => {
      try {
        onProgress?.({ loaded: Math.min(loaded, sealed), total: length });
      } catch {
        // Watching must not change what is watched.
      }
    });
    try {
      const reply = await upload.done();
      tell(
        config.objects.observer,
        "encrypted",
        begun.suite,
        sealed,
        sealedLength(sealed),
        placeOf("upload", input),
      );
      return reply;
    } catch (error) {
      source.close(error);
      await abandon(config.client, input, upload.uploadId);
      throw failing.cause(error);
    }
  } finally {
    failing.close();
    begun.close();
  }
}

/** Checked before anything is sent, where it is known. */
function assertFits(length: number, partSize: number): void {
  assertPlaintextLength(length);
  const parts = Math.ceil(sealedLength(length) / partSize);
  if (parts > MAX_PARTS) {
    throw new LimitError("MAX_PARTS", parts, MAX_PARTS, "Parts of one upload (make them larger by partSize)");
  }
}

/** The uploader aborts what it began, but for an upload whose completion failed. */
async function abandon(
  client: S3ClientPort,
  { Bucket, Key, ExpectedBucketOwner, RequestPayer }: PutObjectCommandInput,
  UploadId: string | undefined,
): Promise<void> {
  if (UploadId === undefined) return;
  const command = new AbortMultipartUploadCommand({
    Bucket,
    Key,
    UploadId,
    ExpectedBucketOwner,
    RequestPayer,
  });
  // Most often it is gone already, and what failed first is what the caller has to hear of.
  await call(client, command, undefined).catch(() => {});
}

/** The first thing that fails stops the rest: the reading of the body, the sealing of it, and all requests but that to abort. */
class Failing {
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#fail(this.#signal!.reason);
  #first: { readonly error: unknown } | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  close(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  /** What failed first; what the uploader says of it may be its echo. */
  cause(error: unknown): unknown {
    return this.#first === undefined ? error : this.#first.error;
  }

  /** The same chunks, which end in an error as soon as something fails, though the source may be silent. */
  async *watch(chunks: AsyncGenerator<Uint8Array, void, void>): AsyncGenerator<Uint8Array, void, void> {
    const { signal } = this.#stop;
    try {
      for (;;) {
        signal.throwIfAborted();
        const next = await unlessAborted(chunks.next(), signal);
        if (next.done) return;
        yield next.value;
      }
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      // Not awaited: a silent source would never end.
      void chunks.return().catch(() => {});
    }
  }

  /** The client for the uploader, which has no way to abort requests that are under way. */
  client(client: S3Client, input: PutObjectCommandInput): S3Client {
    const { signal } = this.#stop;
    const send = async (command: S3Command) => {
      try {
        const operation = operationOf(command);
        if (operation === "AbortMultipartUpload") return await call(client, command, undefined);
        if (operation !== "CreateMultipartUpload") return await call(client, command, signal);
        // Not cut: the reply tells what has to be abandoned.
        signal.throwIfAborted();
        const created = call(client, command, undefined);
        const late = async (reply: { UploadId?: string }) => {
          if (signal.aborted) await abandon(client, input, reply.UploadId);
        };
        created.then(late).catch(() => {});
        return await unlessAborted(created, signal);
      } catch (error) {
        this.#fail(error);
        throw error;
      }
    };
    return { config: client.config, send } as unknown as S3Client;
  }

  #fail(error: unknown): void {
    this.#first ??= { error };
    this.#stop.abort(error);
  }
}
