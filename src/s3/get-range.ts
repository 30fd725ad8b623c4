import {
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from "@aws-sdk/client-s3";
import { invalidArgument } from "../arguments.ts";
import { tell } from "../client/tell.ts";
import { type UnlockedObject, unlockObject } from "../client/unlock-object.ts";
import { isKeyfoldError, S3ObjectError } from "../errors.ts";
import { plaintextLengthOf, TAG_LENGTH } from "../object/content.ts";
import {
  type ByteRange,
  paddedLength,
  paddingRange,
  parseRange,
  type Slice,
  sliceOf,
  storedRange,
} from "../object/range.ts";
import { keyRequest } from "./context.ts";
import { type DecryptedReply, decryptedReply, rangeReply } from "./decrypted-reply.ts";
import { type FoundEnvelope, findEnvelope, unencrypted } from "./envelope.ts";
import { getObject } from "./get.ts";
import { unverified, verified } from "./opened-body.ts";
import type { S3CallOptions, S3Config } from "./options.ts";
import { type S3Place, withPlace } from "./place.ts";
import { call } from "./port.ts";
import { replyBody } from "./reply-body.ts";
import { discard, readAll, sourceOf } from "./source.ts";

/**
 * Gets a range of an object's plaintext. Objects within the limit are fetched whole, verified, and sliced; of larger
 * ones a range opens only without its tag, where the options allow it.
 */
export async function getRange(
  config: S3Config,
  place: S3Place,
  input: GetObjectCommandInput & { Range: string },
  options: S3CallOptions,
): Promise<DecryptedReply> {
  const range = parseRange(input.Range);
  if (range === null) {
    throw invalidArgument(
      'GetObject: Range must be one range of bytes: "bytes=0-99", "bytes=100-" or "bytes=-100".',
    );
  }
  const asked = { ...input, Range: undefined };
  if (!config.unauthenticatedRanges) return sliceWhole(config, place, input, range, options);
  const head = await call(config.client, new HeadObjectCommand(asked), options.abortSignal);
  const found = await findEnvelope(config, place, head.Metadata ?? {}, input, options);
  if (found === null) return asStored(config, input, options);
  const { ContentLength: stored = 0 } = head;
  if (stored <= config.bufferLimit + TAG_LENGTH) return sliceWhole(config, place, input, range, options);
  return openRange(config, place, { input, range, head, found, stored }, options);
}

/** The object may be as it is: so is its range. */
function asStored(
  { passUnencrypted, client }: S3Config,
  input: GetObjectCommandInput,
  { abortSignal }: S3CallOptions,
): Promise<DecryptedReply> {
  if (!passUnencrypted) throw unencrypted();
  return call(client, new GetObjectCommand(input), abortSignal);
}

async function sliceWhole(
  config: S3Config,
  place: S3Place,
  input: GetObjectCommandInput,
  range: ByteRange,
  options: S3CallOptions,
): Promise<DecryptedReply> {
  const whole = await getObject(config, place, { ...input, Range: undefined }, options, false).catch(
    (error) => {
      if (!isKeyfoldError(error, "ERR_LIMIT") || error.limit !== "bufferLimit") throw error;
      throw new S3ObjectError(
        "ERR_RANGE_UNVERIFIED",
        `A range of an object of ${error.actual} bytes cannot be verified, and the object is over bufferLimit (${error.maximum}). Raise the limit, or set unauthenticatedRanges.`,
        { cause: error },
      );
    },
  );
  if (whole.encryption === undefined) {
    discard(whole.Body);
    return asStored(config, input, options);
  }
  const bytes = await whole.Body!.transformToByteArray();
  const slice = requiredSlice(range, bytes.length);
  const part = replyBody(verified(bytes.subarray(slice.start, slice.end)));
  return rangeReply({ ...whole, Body: part }, slice, bytes.length);
}

interface RangeRequest {
  readonly input: GetObjectCommandInput;
  readonly range: ByteRange;
  readonly head: HeadObjectCommandOutput;
  readonly found: FoundEnvelope;
  /** Bytes of the stored body. */
  readonly stored: number;
}

/** Opens a range by itself. Nothing of it is authentic. */
async function openRange(
  config: S3Config,
  place: S3Place,
  asked: RangeRequest,
  options: S3CallOptions,
): Promise<DecryptedReply> {
  const { found, range, stored } = asked;
  const { suite } = found.envelope;
  const { abortSignal: signal } = options;
  const request = await keyRequest(config, place, options);
  const unlocked = await unlockObject(config.objects, found.envelope, request);
  let body: unknown;
  try {
    const length = plaintextLengthOf(suite, stored) ?? (await cbcLength(config, unlocked, asked, signal));
    const slice = requiredSlice(range, length);
    const { fetch, opener } = storedRange(suite, slice, stored);
    const reply = await fetchSlice(config, asked, fetch, signal);
    body = reply.Body;
    const named = (error: unknown) => withPlace(error, place);
    const done = (bytes: number) =>
      tell(config.objects.observer, "decrypted", suite, bytes, fetch.end - fetch.start, place);
    const opened = unverified(unlocked, opener(unlocked.content), reply.Body, signal, named, done);
    const lengths = { storedLength: stored, plaintextLength: length };
    return rangeReply(decryptedReply(reply, found, opened, lengths), slice, length);
  } catch (error) {
    unlocked.close();
    discard(body);
    throw error;
  }
}

/** Bytes of a CBC object's plaintext, by its padding. */
async function cbcLength(
  config: S3Config,
  { content }: UnlockedObject,
  asked: RangeRequest,
  signal: AbortSignal | undefined,
): Promise<number> {
  const slice = paddingRange(asked.stored);
  const length = slice.end - slice.start;
  const { Body } = await fetchSlice(config, asked, slice, signal);
  const last = await readAll(sourceOf(Body, length), length, signal);
  if (last?.length !== length) throw otherRange();
  return paddedLength(content, last, asked.stored);
}

/** A part of the stored body, of the very object whose head was seen. */
async function fetchSlice(
  { client }: S3Config,
  { input, head }: RangeRequest,
  { start, end }: Slice,
  signal: AbortSignal | undefined,
) {
  const VersionId = input.VersionId ?? head.VersionId;
  const Range = `bytes=${start}-${end - 1}`;
  const command = new GetObjectCommand({ ...input, VersionId, IfMatch: head.ETag, Range });
  const reply = await call(client, command, signal);
  if (reply.ContentRange?.startsWith(`bytes ${start}-${end - 1}/`)) return reply;
  discard(reply.Body);
  throw otherRange();
}

function otherRange(): S3ObjectError {
  return new S3ObjectError("ERR_RANGE", "S3 answered with another range than the one that was asked for.");
}

function requiredSlice(range: ByteRange, length: number): Slice {
  const slice = sliceOf(range, length);
  if (slice !== null) return slice;
  throw new S3ObjectError("ERR_RANGE", `The range lies outside of the object, which has ${length} bytes.`);
}
