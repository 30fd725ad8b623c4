import {
  DeleteObjectCommand,
  type DeleteObjectCommandInput,
  type DeleteObjectCommandOutput,
  DeleteObjectsCommand,
  type DeleteObjectsCommandInput,
  type DeleteObjectsCommandOutput,
} from "@aws-sdk/client-s3";
import type { S3CallOptions, S3Config } from "./options.ts";
import { call } from "./port.ts";

// An instruction file goes with its object, whether there is one or not. One version of an object has none of its own:
// the file belongs to the latest.

/** Deletes an object, then its instruction file. Answers the first reply. */
export async function deleteObject(
  { client, suffix }: S3Config,
  input: DeleteObjectCommandInput,
  { abortSignal }: S3CallOptions,
): Promise<DeleteObjectCommandOutput> {
  const reply = await call(client, new DeleteObjectCommand(input), abortSignal);
  if (input.VersionId !== undefined || isFile(input.Key, suffix)) return reply;
  const { Bucket, Key, MFA, RequestPayer, BypassGovernanceRetention, ExpectedBucketOwner } = input;
  const file = {
    Bucket,
    Key: Key + suffix,
    MFA,
    RequestPayer,
    BypassGovernanceRetention,
    ExpectedBucketOwner,
  };
  await call(client, new DeleteObjectCommand(file), abortSignal);
  return reply;
}

/** Deletes objects, then the instruction files of those that are gone. Answers the first reply, and the errors of both. */
export async function deleteObjects(
  { client, suffix }: S3Config,
  input: DeleteObjectsCommandInput,
  { abortSignal }: S3CallOptions,
): Promise<DeleteObjectsCommandOutput> {
  const reply = await call(client, new DeleteObjectsCommand(input), abortSignal);
  const kept = new Set(reply.Errors?.map(({ Key }) => Key));
  const files = (input.Delete?.Objects ?? [])
    .filter(({ Key, VersionId }) => VersionId === undefined && !kept.has(Key) && !isFile(Key, suffix))
    .map(({ Key }) => ({ Key: Key + suffix }));
  if (files.length === 0) return reply;
  const Delete = { Objects: files, Quiet: true };
  const { Errors } = await call(client, new DeleteObjectsCommand({ ...input, Delete }), abortSignal);
  if (Errors === undefined || Errors.length === 0) return reply;
  return { ...reply, Errors: [...(reply.Errors ?? []), ...Errors] };
}

function isFile(key: string | undefined, suffix: string): boolean {
  return key?.endsWith(suffix) ?? false;
}
