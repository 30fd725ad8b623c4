import type {
  CompleteMultipartUploadCommandOutput,
  PutObjectCommandInput,
  PutObjectCommandOutput,
} from "@aws-sdk/client-s3";
import { invalidArgument, wholeNumber } from "../arguments.ts";
import type { BegunObject } from "../client/begin-object.ts";
import { tell } from "../client/tell.ts";
import { assertPlaintextLength } from "../object/content.ts";
import type { EncryptionContext } from "../types.ts";
import { keyRequest } from "./context.ts";
import { MAX_PARTS, tooManyParts } from "./cut-parts.ts";
import { assertNoPlaintextChecksum } from "./metadata.ts";
import type { S3Config } from "./options.ts";
import { placeOf } from "./place.ts";
import { assertNoCondition, assertWritesWhole, beginAt, placeEnvelope } from "./put.ts";
import { sealedChunks, sealedLength } from "./sealed-body.ts";
import { sendParts } from "./send-parts.ts";
import { type Source, sourceOf, wrongLength } from "./source.ts";

/** How far an upload is. */
export interface UploadProgress {
  /** Bytes of plaintext that S3 has stored. */
  readonly loaded: number;
  /** Bytes of plaintext in all. Undefined: the length of the stream is not known. */
  readonly total: number | undefined;
}

/** Options of {@link S3EncryptionClient.upload}. */
export interface UploadOptions {
  /** The caller's own pairs, to bind. Default: none. */
  readonly encryptionContext?: EncryptionContext | undefined;
  /** Called after each part. What it throws is dropped. Default: nobody hears. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Bytes of a part, 5 MiB at least. S3 takes 10,000 parts. Default: 8 MiB. */
  readonly partSize?: number | undefined;
  /**
   * Parts that are under way at the same time, 1 to 1,000, each in `partSize` bytes of memory, which is used again.
   * Default: 4.
   */
  readonly concurrency?: number | undefined;
  /** Aborts the upload, with the signal's own reason, and leaves no parts behind. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** What `upload` answers: what S3 answered to the last request, PutObject for a body of one part. */
export type UploadReply = PutObjectCommandOutput | CompleteMultipartUploadCommandOutput;

const MIB = 1024 * 1024;

/** Seals a body of any length in order, and uploads its parts side by side. */
export async function uploadObject(
  config: S3Config,
  input: PutObjectCommandInput,
  options: UploadOptions,
): Promise<UploadReply> {
  const { onProgress, signal } = options;
  const place = placeOf("upload", input);
  assertNoPlaintextChecksum("upload", input);
  assertWritesWhole("upload", input);
  assertNoCondition(config, input);
  const partSize = wholeNumber("upload", "partSize", options.partSize, 8 * MIB, 5 * MIB, 5 * 1024 * MIB);
  const concurrency = wholeNumber("upload", "concurrency", options.concurrency, 4, 1, 1000);
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
    return await uploadParts(config, input, { begun, source, partSize, concurrency, onProgress, signal });
  } catch (error) {
    source.close(error);
    throw error;
  }
}

interface Parts {
  readonly begun: BegunObject;
  readonly source: Source;
  readonly partSize: number;
  readonly concurrency: number;
  readonly onProgress: UploadOptions["onProgress"];
  readonly signal: AbortSignal | undefined;
}

async function uploadParts(
  config: S3Config,
  input: PutObjectCommandInput,
  { begun, source, partSize, concurrency, onProgress, signal }: Parts,
): Promise<UploadReply> {
  const { length } = source;
  try {
    const Metadata = await placeEnvelope(config, begun, input, signal);
    let sealed = 0;
    let loaded = 0;
    const read = (bytes: number) => {
      sealed += bytes;
    };
    const stored = (bytes: number) => {
      loaded += bytes;
      try {
        onProgress?.({ loaded: Math.min(loaded, sealed), total: length });
      } catch {
        // Watching must not change what is watched.
      }
    };
    const { client, objects } = config;
    const reply = await sendParts({
      client,
      input: { ...input, Metadata },
      chunks: sealedChunks(begun, source, read),
      close: (reason) => source.close(reason),
      partSize,
      concurrency,
      stored,
      signal,
    });
    const place = placeOf("upload", input);
    tell(objects.observer, "encrypted", begun.suite, sealed, sealedLength(sealed), place);
    return reply;
  } finally {
    begun.close();
  }
}

/** Checked before anything is sent, where it is known. */
function assertFits(length: number, partSize: number): void {
  assertPlaintextLength(length);
  const parts = Math.ceil(sealedLength(length) / partSize);
  if (parts > MAX_PARTS) throw tooManyParts(parts);
}
