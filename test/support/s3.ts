import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import {
  type LocalS3,
  type S3Object,
  type S3Reply,
  type S3Request,
  type S3Scripted,
  serveS3,
} from "./s3-server.mjs";

export type { LocalS3, S3Object, S3Reply, S3Request, S3Scripted };

/** Starts S3 on loopback, with these buckets, and a genuine client of it. */
export async function startS3(
  ...buckets: readonly string[]
): Promise<LocalS3 & { readonly client: S3Client }> {
  const local = await serveS3(...buckets);
  const client = s3Client(local.url);
  const closeServer = local.close;
  const close = () => {
    client.destroy();
    return closeServer();
  };
  // The same object, so that a test's `script` is the server's.
  return Object.assign(local, { client, close });
}

const silent = () => {};
// The SDK would warn on the console of what a test provokes.
const logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent };

/** A genuine client, with made-up credentials and without retries. */
export function s3Client(endpoint: string, more: S3ClientConfig = {}): S3Client {
  const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };
  const region = "us-east-1";
  return new S3Client({
    endpoint,
    region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
    logger,
    ...more,
  });
}

/** For a script: the first `times` requests of this operation (and key) meet this. */
export function s3Fault(
  operation: string,
  scripted: S3Scripted,
  { times = Number.POSITIVE_INFINITY, key }: { times?: number; key?: string } = {},
): (request: S3Request) => S3Scripted | null {
  let left = times;
  return (request) => {
    if (request.operation !== operation || (key !== undefined && request.key !== key) || left <= 0)
      return null;
    left -= 1;
    return scripted;
  };
}
