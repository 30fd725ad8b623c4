import { GetObjectCommand, type GetObjectCommandInput, PutObjectCommand } from "@aws-sdk/client-s3";
import { S3ObjectError } from "../errors.ts";
import type { ObjectMetadata } from "../object/envelope.ts";
import {
  formatInstructionFile,
  MAX_INSTRUCTION_FILE,
  parseInstructionFile,
} from "../object/instruction-file.ts";
import { INSTRUCTION_FILE_MARKER } from "../object/names.ts";
import type { S3Place } from "./place.ts";
import { call, type S3ClientPort, statusOf } from "./port.ts";
import { discard, readAll, sourceOf } from "./source.ts";

/** What a request for an instruction file takes over from that for its object. */
export type FileAccess = Pick<
  GetObjectCommandInput,
  "ExpectedBucketOwner" | "RequestPayer" | "SSECustomerAlgorithm" | "SSECustomerKey" | "SSECustomerKeyMD5"
>;

/** The fields in an object's instruction file; null if there is no such file. */
export async function readInstructionFile(
  client: S3ClientPort,
  { bucket, key }: S3Place,
  suffix: string,
  access: FileAccess,
  signal: AbortSignal | undefined,
): Promise<ObjectMetadata | null> {
  const Key = key + suffix;
  const { ExpectedBucketOwner, RequestPayer, SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 } =
    access;
  const sse = { SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 };
  const command = new GetObjectCommand({ Bucket: bucket, Key, ExpectedBucketOwner, RequestPayer, ...sse });
  let body: Uint8Array | null;
  try {
    const { Body, ContentLength } = await call(client, command, signal);
    if (ContentLength !== undefined && ContentLength > MAX_INSTRUCTION_FILE) {
      discard(Body);
      body = null;
    } else {
      body = await readAll(sourceOf(Body, ContentLength), MAX_INSTRUCTION_FILE, signal);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (statusOf(error) === 404) return null;
    const why =
      statusOf(error) === 403
        ? "reading it was denied. Allow s3:GetObject on it; without s3:ListBucket, S3 says so of a file that is not there, too"
        : "it could not be read";
    throw failed(Key, why, error);
  }
  if (body === null) throw failed(Key, `it has more than ${MAX_INSTRUCTION_FILE} bytes`);
  return parseInstructionFile(body);
}

/** Writes an object's instruction file. */
export async function writeInstructionFile(
  client: S3ClientPort,
  input: object,
  key: string,
  fields: ObjectMetadata,
  signal: AbortSignal | undefined,
): Promise<void> {
  const put = {
    ...(input as { Bucket: string }),
    Key: key,
    Body: formatInstructionFile(fields),
    Metadata: { [INSTRUCTION_FILE_MARKER]: "" },
  };
  await call(client, new PutObjectCommand(put), signal);
}

function failed(key: string, why: string, cause?: unknown): S3ObjectError {
  const options = cause === undefined ? undefined : { cause };
  return new S3ObjectError("ERR_S3_INSTRUCTION_FILE", `The instruction file ${key}: ${why}.`, options);
}
