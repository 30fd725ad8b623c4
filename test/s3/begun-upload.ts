import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
} from "@aws-sdk/client-s3";
import type { S3CallOptions } from "../../src/s3/index.ts";
import { type Body, Bucket, contentKeys, part, rig } from "./rig.ts";

export const Key = "k";
export const LAST = { lastPart: true };

/** An upload that has been created. */
export async function begun(options = {}) {
  const { s3, client } = await rig(options);
  s3.options.smallParts = true;
  const keys = contentKeys();
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const send = (number: number, body: Body, more: S3CallOptions = {}) =>
    client.send(part(Key, UploadId!, number, body), more);
  const complete = (numbers: readonly number[], etags: readonly (string | undefined)[] = []) => {
    const Parts = numbers.map(
      (PartNumber, i): CompletedPart => ({ PartNumber, ETag: etags[i] ?? tagOf(PartNumber) }),
    );
    return client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
  };
  const tags = new Map<number, string>();
  const tagOf = (number: number) => tags.get(number);
  const sent = async (number: number, body: Body, more: S3CallOptions = {}) => {
    const reply = await send(number, body, more);
    tags.set(number, reply.ETag!);
    return reply;
  };
  const abort = () => client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  /** The bodies of this part as they came. */
  const wire = (number: number) =>
    s3.requests
      .filter(
        ({ operation, query: { partNumber } }) => operation === "UploadPart" && partNumber === `${number}`,
      )
      .map(({ body }) => body);
  return { s3, client, UploadId: UploadId!, send: sent, complete, abort, wire, keys };
}
