import { invalidArgument } from "../arguments.ts";
import type { S3ClientPort } from "./port.ts";

/** The context pair that S3 itself binds under SSE-KMS. */
export const ARN_PAIR = "aws:s3:arn";

const PARTITIONS: readonly (readonly [prefix: string, partition: string])[] = [
  ["cn-", "aws-cn"],
  ["us-gov-", "aws-us-gov"],
  ["us-isob-", "aws-iso-b"],
  ["us-isof-", "aws-iso-f"],
  ["eu-isoe-", "aws-iso-e"],
  ["us-iso-", "aws-iso"],
  ["eusc-", "aws-eusc"],
];

/** The partition of a Region. */
export function partitionOf(region: string): string {
  return PARTITIONS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "aws";
}

const BUCKET_ARN = /^arn:aws[a-z-]*:s3:::[^/]+$/;

/** How the ARN of a bucket is found. */
export type BucketArns = (bucket: string) => Promise<string>;

/** `given`: the ARN of the bucket behind an access point, whose name does not tell. */
export function bucketArns(
  client: S3ClientPort,
  given: string | ((bucket: string) => string) | undefined,
): BucketArns {
  if (given !== undefined && typeof given !== "function") checkedArn(given);
  return async (bucket) => {
    if (typeof given === "function") return checkedArn(given(bucket));
    if (isAccessPoint(bucket)) {
      if (given !== undefined) return given;
      throw invalidArgument(
        `createS3EncryptionClient: ${bucket} is an access point, which does not tell its bucket: bindTo needs bucketArn.`,
      );
    }
    const region = await client.config?.region?.();
    if (typeof region === "string") return `arn:${partitionOf(region)}:s3:::${bucket}`;
    throw invalidArgument(
      "createS3EncryptionClient: this client tells no Region, and bindTo needs one, or bucketArn.",
    );
  };
}

function isAccessPoint(bucket: string): boolean {
  return bucket.startsWith("arn:") || /-s3alias$|--ol-s3$|--xa-s3$|\.mrap$/.test(bucket);
}

function checkedArn(arn: unknown): string {
  if (typeof arn === "string" && BUCKET_ARN.test(arn)) return arn;
  throw invalidArgument(
    'createS3EncryptionClient: bucketArn must be the ARN of a bucket, "arn:aws:s3:::name".',
  );
}
