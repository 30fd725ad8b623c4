import {
  AbortMultipartUploadCommand,
  type AbortMultipartUploadCommandInput,
  type AbortMultipartUploadCommandOutput,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  type CreateMultipartUploadCommandOutput,
  UploadPartCommand,
  type UploadPartCommandInput,
  type UploadPartCommandOutput,
} from "@aws-sdk/client-s3";
import { wholeNumber } from "../arguments.ts";
import { tell } from "../client/tell.ts";
import { S3ObjectError } from "../errors.ts";
import { keyRequest } from "./context.ts";
import { assertNoPlaintextChecksum } from "./metadata.ts";
import type { S3CallOptions, S3Config } from "./options.ts";
import { PartSealer } from "./part-sealer.ts";
import type { S3Place } from "./place.ts";
import { call } from "./port.ts";
import { assertNoCondition, beginAt, placeEnvelope } from "./put.ts";
import { sealedLength } from "./sealed-body.ts";
import { readAll, sourceOf, wrongLength } from "./source.ts";

/** S3 takes no larger part. */
const MAX_PART = 5 * 1024 ** 3;

interface Unfinished {
  readonly sealer: PartSealer;
  /** Under way. */
  calls: number;
}

/** The multipart uploads that one client has begun: one cipher goes over all the parts of each. */
export class MultipartUploads {
  readonly #config: S3Config;
  readonly #uploads = new Map<string, Unfinished>();

  constructor(config: S3Config) {
    this.#config = config;
  }

  async create(
    place: S3Place,
    input: CreateMultipartUploadCommandInput,
    options: S3CallOptions,
  ): Promise<CreateMultipartUploadCommandOutput> {
    const request = await keyRequest(this.#config, place, options);
    const begun = await beginAt(this.#config, place, request, input.Metadata, undefined);
    try {
      const Metadata = await placeEnvelope(this.#config, begun, input, request.signal);
      const command = new CreateMultipartUploadCommand({ ...input, Metadata });
      const reply = await call(this.#config.client, command, request.signal);
      this.#dropIdle();
      this.#uploads.set(idOf(place, reply.UploadId), { sealer: new PartSealer(begun), calls: 0 });
      return reply;
    } catch (error) {
      begun.close();
      throw error;
    }
  }

  async part(
    place: S3Place,
    input: UploadPartCommandInput,
    { abortSignal, lastPart = false }: S3CallOptions,
  ): Promise<UploadPartCommandOutput> {
    assertNoPlaintextChecksum("UploadPart", input);
    return this.#using(place, input.UploadId, async (sealer) => {
      const number = input.PartNumber!;
      const Body = await sealer.seal(number, lastPart, () => partOf(input, abortSignal));
      const command = new UploadPartCommand({ ...input, Body, ContentLength: Body.length });
      const reply = await call(this.#config.client, command, abortSignal);
      sealer.stored(number);
      return reply;
    });
  }

  async complete(
    place: S3Place,
    input: CompleteMultipartUploadCommandInput,
    { abortSignal }: S3CallOptions,
  ): Promise<CompleteMultipartUploadCommandOutput> {
    assertNoPlaintextChecksum("CompleteMultipartUpload", input);
    assertNoCondition(this.#config, input);
    return this.#using(place, input.UploadId, async (sealer) => {
      sealer.assertComplete((input.MultipartUpload?.Parts ?? []).map(({ PartNumber }) => PartNumber));
      const reply = await call(this.#config.client, new CompleteMultipartUploadCommand(input), abortSignal);
      const { suite, length } = sealer;
      tell(this.#config.objects.observer, "encrypted", suite, length, sealedLength(length), place);
      this.#forget(idOf(place, input.UploadId));
      return reply;
    });
  }

  async abort(
    place: S3Place,
    input: AbortMultipartUploadCommandInput,
    { abortSignal }: S3CallOptions,
  ): Promise<AbortMultipartUploadCommandOutput> {
    // Whatever S3 says of it, which may have aborted it before: nothing is sealed any more.
    this.#forget(idOf(place, input.UploadId));
    return call(this.#config.client, new AbortMultipartUploadCommand(input), abortSignal);
  }

  async #using<T>(
    place: S3Place,
    uploadId: string | undefined,
    act: (sealer: PartSealer) => Promise<T>,
  ): Promise<T> {
    const id = idOf(place, uploadId);
    const upload = this.#uploads.get(id);
    if (upload === undefined) throw unknown(this.#config.maxUnfinishedUploads);
    upload.calls += 1;
    try {
      return await act(upload.sealer);
    } finally {
      upload.calls -= 1;
      // The least recently used stand first.
      if (this.#uploads.delete(id)) this.#uploads.set(id, upload);
    }
  }

  /** Makes room for one more: wipes the keys of those that nobody seems to finish. */
  #dropIdle(): void {
    for (const [id, { calls }] of this.#uploads) {
      if (this.#uploads.size < this.#config.maxUnfinishedUploads) return;
      if (calls === 0) this.#forget(id);
    }
  }

  #forget(id: string): void {
    this.#uploads.get(id)?.sealer.close();
    this.#uploads.delete(id);
  }
}

function unknown(most: number): S3ObjectError {
  return new S3ObjectError(
    "ERR_S3_MULTIPART",
    `This client has not begun the upload, has ended it, or has dropped it, idle, for newer ones (maxUnfinishedUploads: ${most}). Its data key is in the memory of the client that sent CreateMultipartUpload: send all its commands through that one. Without it abort the upload, and begin anew.`,
  );
}

function idOf({ bucket, key }: S3Place, uploadId: string | undefined): string {
  return JSON.stringify([bucket, key, uploadId]);
}

async function partOf(
  { Body, ContentLength }: UploadPartCommandInput,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  wholeNumber("UploadPart", "ContentLength", ContentLength, 0, 0, MAX_PART);
  const source = sourceOf(Body, ContentLength);
  const bytes = await readAll(source, ContentLength ?? source.length ?? MAX_PART, signal);
  if (bytes === null) throw wrongLength(ContentLength ?? MAX_PART, (ContentLength ?? MAX_PART) + 1);
  if (ContentLength !== undefined && bytes.length !== ContentLength) {
    throw wrongLength(ContentLength, bytes.length);
  }
  return bytes;
}
