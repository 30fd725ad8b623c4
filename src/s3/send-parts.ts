import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
  UploadPartCommand,
  type UploadPartCommandOutput,
} from "@aws-sdk/client-s3";
import { S3ObjectError } from "../errors.ts";
import { unlessAborted } from "./abort.ts";
import { cutParts, type Part } from "./cut-parts.ts";
import { call, type S3ClientPort } from "./port.ts";

/** For the request by which a failed upload leaves no parts behind. */
const ABANDON_MS = 5000;

/** What is to be sent, and how. */
export interface PartsRequest {
  readonly client: S3ClientPort;
  /** For all requests: each takes from it what it knows. */
  readonly input: PutObjectCommandInput;
  /** Ciphertext. */
  readonly chunks: AsyncGenerator<Uint8Array, void, void>;
  /** Lets go of what is behind them, which may be silent. */
  readonly close: (reason: unknown) => void;
  readonly partSize: number;
  readonly concurrency: number;
  /** Hears of the bytes that S3 has. */
  readonly stored: (bytes: number) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends ciphertext in parts side by side, or by PutObject where it is no more than one. The first thing that fails
 * stops the rest, and what was begun is aborted.
 */
export async function sendParts({
  client,
  input,
  chunks,
  close,
  partSize,
  concurrency,
  stored,
  signal,
}: PartsRequest): Promise<PutObjectCommandOutput | CompleteMultipartUploadCommandOutput> {
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal!.reason);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });

  const { Body: _, ContentLength: __, ...shared } = input;
  const parts = cutParts(untilAborted(chunks, stop.signal), partSize);
  const upload = new MultipartUpload(client, shared, stop.signal);
  let put: PutObjectCommandOutput | undefined;
  const sendSome = async () => {
    const own = AbortSignal.any([stop.signal]);
    for (;;) {
      const { done, value: part } = await parts.next();
      if (done) return;
      if (part.isLast && part.number === 1) {
        const command = new PutObjectCommand({
          ...shared,
          Body: part.bytes,
          ContentLength: part.bytes.length,
        });
        put = await call(client, command, own);
      } else {
        await upload.send(part, own);
      }
      stored(part.bytes.length);
      part.release();
    }
  };
  try {
    // All of them end before anything is aborted: S3 would keep a part that comes later.
    const each = () => sendSome().catch((error) => stop.abort(error));
    await Promise.all(Array.from({ length: concurrency }, each));
    stop.signal.throwIfAborted();
    return put ?? (await upload.complete());
  } catch (error) {
    stop.abort(error);
    close(error);
    await upload.abandon();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    void parts.return().catch(() => {});
  }
}

/** A multipart upload, which is created with its first part. */
class MultipartUpload {
  readonly #client: S3ClientPort;
  readonly #input: Omit<PutObjectCommandInput, "Body">;
  readonly #signal: AbortSignal;
  readonly #stored: CompletedPart[] = [];
  #creation: Promise<string | undefined> | undefined;
  #uploadId: string | undefined;
  #algorithm: ChecksumAlgorithm | undefined;

  constructor(client: S3ClientPort, input: Omit<PutObjectCommandInput, "Body">, signal: AbortSignal) {
    this.#client = client;
    this.#input = input;
    this.#signal = signal;
  }

  /** `signal`: of the caller among those that send parts, so that no signal has as many listeners as there are parts. */
  async send({ number: PartNumber, bytes: Body }: Part, signal: AbortSignal): Promise<void> {
    this.#creation ??= this.#create();
    const UploadId = await unlessAborted(this.#creation, signal);
    const command = new UploadPartCommand({
      ...this.#input,
      UploadId,
      PartNumber,
      Body,
      ContentLength: Body.length,
    });
    const reply = await call(this.#client, command, signal);
    if (reply.ETag === undefined) throw noTag(PartNumber);
    this.#stored.push({ PartNumber, ETag: reply.ETag, ...this.#announced(reply) });
  }

  complete(): Promise<CompleteMultipartUploadCommandOutput> {
    const Parts = this.#stored.sort((a, b) => a.PartNumber! - b.PartNumber!);
    const command = new CompleteMultipartUploadCommand({
      ...this.#input,
      UploadId: this.#uploadId,
      MultipartUpload: { Parts },
    });
    return call(this.#client, command, this.#signal);
  }

  /** The checksum of a part, if one was announced: S3 answers others of its own accord, and takes none of them back. */
  #announced(reply: UploadPartCommandOutput): CompletedPart {
    if (this.#algorithm === undefined) return {};
    const name = `Checksum${this.#algorithm}` as "ChecksumCRC32";
    return reply[name] === undefined ? {} : { [name]: reply[name] };
  }

  /** Aborts it, if it is there; not for longer than a caller can wait who has aborted. */
  async abandon(): Promise<void> {
    const UploadId = this.#uploadId;
    if (UploadId === undefined) return;
    const { Bucket, Key, ExpectedBucketOwner, RequestPayer } = this.#input;
    const input = { Bucket, Key, UploadId, ExpectedBucketOwner, RequestPayer };
    // Whatever comes of it, what failed first is what the caller has to hear of.
    const patience = AbortSignal.timeout(ABANDON_MS);
    await call(this.#client, new AbortMultipartUploadCommand(input), patience).catch(() => {});
  }

  async #create(): Promise<string | undefined> {
    // Checksums that parts bring must have been announced.
    this.#algorithm = this.#input.ChecksumAlgorithm ?? (await defaultChecksum(this.#client));
    const command = new CreateMultipartUploadCommand({
      ...this.#input,
      ChecksumAlgorithm: this.#algorithm,
    });
    // Not cut: the reply tells what has to be abandoned.
    const { UploadId } = await call(this.#client, command, undefined);
    this.#uploadId = UploadId;
    if (this.#signal.aborted) await this.abandon();
    return UploadId;
  }
}

/** What the SDK puts with parts of its own accord. */
async function defaultChecksum(client: S3ClientPort): Promise<"CRC32" | undefined> {
  const calculation = await client.config?.requestChecksumCalculation?.();
  return calculation === "WHEN_SUPPORTED" ? "CRC32" : undefined;
}

function noTag(part: number): S3ObjectError {
  return new S3ObjectError(
    "ERR_S3_MULTIPART",
    `The upload's part ${part} was answered without an ETag, by which parts are put together. In a browser the bucket's CORS rules must expose it: "ExposeHeaders": ["ETag"].`,
  );
}

/** The same chunks, which end in an error as soon as the signal is aborted, though the source may be silent. */
async function* untilAborted(
  chunks: AsyncGenerator<Uint8Array, void, void>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await unlessAborted(chunks.next(), signal);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // Not awaited: a silent source would never end.
    void chunks.return().catch(() => {});
  }
}
