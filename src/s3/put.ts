import {
  PutObjectCommand,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
} from "@aws-sdk/client-s3";
import { invalidArgument } from "../arguments.ts";
import { type BegunObject, beginObject } from "../client/begin-object.ts";
import { tell } from "../client/tell.ts";
import { LimitError } from "../errors.ts";
import { assertPlaintextLength, sealContent } from "../object/content.ts";
import type { ObjectMetadata } from "../object/envelope.ts";
import { splitMetadata } from "../object/instruction-file.ts";
import { notify } from "../observer.ts";
import { type KeyRequest, keyRequest } from "./context.ts";
import { writeInstructionFile } from "./instruction-file.ts";
import { assertNoPlaintextChecksum, joinedMetadata } from "./metadata.ts";
import type { S3CallOptions, S3Config } from "./options.ts";
import { placeOf, type S3Place } from "./place.ts";
import { call } from "./port.ts";
import { sealedChunks, sealedLength } from "./sealed-body.ts";
import { discard, readAll, type Source, sourceOf, wrongLength } from "./source.ts";
import { byteStream } from "./streams.ts";

/** Streams of a known length up to here are held, so that the SDK can send them again. */
const HELD = 8 * 1024 * 1024;

/** Seals a body and puts it. */
export async function putObject(
  config: S3Config,
  input: PutObjectCommandInput,
  options: S3CallOptions,
): Promise<PutObjectCommandOutput> {
  const place = placeOf("PutObject", input);
  assertNoPlaintextChecksum("PutObject", input);
  assertWritesWhole("PutObject", input);
  assertNoCondition(config, input);
  const request = await keyRequest(config, place, options);
  const given = sourceOf(input.Body, input.ContentLength);
  try {
    const source = await heldIfSmall(given, input.ContentLength, config, request.signal);
    return await putSource(config, input, source, request, place);
  } catch (error) {
    given.close(error);
    throw error;
  }
}

/** An object is sealed whole. */
export function assertWritesWhole(operation: string, { WriteOffsetBytes }: PutObjectCommandInput): void {
  if (WriteOffsetBytes === undefined) return;
  throw invalidArgument(`${operation}: nothing can be appended to an encrypted object (WriteOffsetBytes).`);
}

async function putSource(
  config: S3Config,
  input: PutObjectCommandInput,
  source: Source,
  request: KeyRequest,
  place: S3Place,
): Promise<PutObjectCommandOutput> {
  const begun = await beginAt(config, place, request, input.Metadata, source.length);
  try {
    const Metadata = await placeEnvelope(config, begun, input, request.signal);
    const ContentLength = sealedLength(source.length!);
    const sealed = { ...input, Metadata, ContentLength };
    const reply =
      source.bytes === undefined
        ? await putStream(config, sealed, begun, source, request)
        : await call(
            config.client,
            new PutObjectCommand({ ...sealed, Body: await sealContent(begun.content, source.bytes) }),
            request.signal,
          );
    tell(config.objects.observer, "encrypted", begun.suite, source.length!, ContentLength, place);
    return reply;
  } finally {
    begun.close();
  }
}

/**
 * An instruction file is written before its object, so that a condition which S3 then finds unmet would keep the old
 * object and have lost its data key.
 */
export function assertNoCondition(
  { writesInstructionFiles }: S3Config,
  { IfMatch, IfNoneMatch }: { IfMatch?: string | undefined; IfNoneMatch?: string | undefined },
): void {
  if (!writesInstructionFiles || (IfMatch === undefined && IfNoneMatch === undefined)) return;
  throw invalidArgument(
    "IfMatch and IfNoneMatch do not go with instruction files: the file is written before S3 looks at its object's condition.",
  );
}

/** Begins an object for this place. */
export async function beginAt(
  { objects }: S3Config,
  place: S3Place,
  { encryptionContext, signal }: KeyRequest,
  own: ObjectMetadata | undefined,
  plaintextLength: number | undefined,
): Promise<BegunObject> {
  if (plaintextLength !== undefined) assertPlaintextLength(plaintextLength);
  // What can be refused by itself is, before a key is asked for.
  joinedMetadata(own, {});
  const { alias } = objects.manager;
  if (alias !== undefined) notify(objects.observer, { type: "aliasUsed", keyId: alias, object: place });
  return beginObject(objects, { encryptionContext, plaintextLength, signal });
}

/**
 * The metadata for a new object. Where instruction files are in use, what does not stay on the object is written first,
 * so that no object is there without it.
 */
export async function placeEnvelope(
  { client, writesInstructionFiles, suffix }: S3Config,
  { metadata }: BegunObject,
  input: PutObjectCommandInput,
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  if (!writesInstructionFiles) return joinedMetadata(input.Metadata, metadata);
  const { object, file } = splitMetadata(metadata);
  const joined = joinedMetadata(input.Metadata, object);
  const shared = Object.fromEntries(SHARED.map((name) => [name, input[name]]));
  await writeInstructionFile(client, shared, input.Key! + suffix, file, signal);
  return joined;
}

/** What an instruction file has in common with its object: where it lies, who may read it, how the server keeps it. */
const SHARED = [
  "Bucket",
  "ACL",
  "GrantFullControl",
  "GrantRead",
  "GrantReadACP",
  "GrantWriteACP",
  "ExpectedBucketOwner",
  "RequestPayer",
  "ServerSideEncryption",
  "SSECustomerAlgorithm",
  "SSECustomerKey",
  "SSECustomerKeyMD5",
  "SSEKMSKeyId",
  "SSEKMSEncryptionContext",
  "BucketKeyEnabled",
  "Tagging",
] as const satisfies readonly (keyof PutObjectCommandInput)[];

/** Sends ciphertext as it is sealed. If sealing fails the request is cut, so that S3 stores nothing. */
async function putStream(
  { client }: S3Config,
  input: PutObjectCommandInput,
  begun: BegunObject,
  source: Source,
  { signal }: KeyRequest,
): Promise<PutObjectCommandOutput> {
  const cut = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  const watched = async function* () {
    try {
      yield* sealedChunks(begun, source);
    } catch (error) {
      failure = { error };
      cut.abort(error);
      // The request is cut. A body that ended in an error would do so in a stream of the SDK's that nobody listens to,
      // and end the process.
      await new Promise<never>(() => {});
    }
  };
  const Body = byteStream(watched(), (reason) => source.close(reason));
  const either = signal === undefined ? cut.signal : AbortSignal.any([signal, cut.signal]);
  try {
    return await call(client, new PutObjectCommand({ ...input, Body: Body as never }), either);
  } catch (error) {
    // The SDK leaves the body running, and its key is about to be wiped: nothing may be sealed any more.
    source.close(error);
    discard(Body);
    signal?.throwIfAborted();
    throw failure === undefined ? error : failure.error;
  }
}

/** Bytes that are in memory, or few enough to be brought there; and streams whose length is known. */
async function heldIfSmall(
  source: Source,
  declared: number | undefined,
  { bufferLimit }: S3Config,
  signal: AbortSignal | undefined,
): Promise<Source> {
  const { bytes, length } = source;
  if (declared !== undefined && length !== undefined && declared !== length) {
    throw wrongLength(declared, length);
  }
  if (bytes !== undefined || (length !== undefined && length <= HELD)) {
    const held = await readAll(source, length!, signal);
    if (held === null || held.length !== length) throw wrongLength(length!, held?.length ?? length! + 1);
    return sourceOf(held, undefined);
  }
  if (length !== undefined) return source;
  const held = await readAll(source, bufferLimit, signal);
  if (held !== null) return sourceOf(held, undefined);
  throw new LimitError(
    "bufferLimit",
    bufferLimit + 1,
    bufferLimit,
    "PutObject: bytes of a stream without ContentLength (name its length, or use upload(), which takes streams of any)",
  );
}
