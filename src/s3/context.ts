import { invalidArgument } from "../arguments.ts";
import { assertSignal } from "../client/options.ts";
import { checkedContext } from "../message/context.ts";
import type { EncryptionContext } from "../types.ts";
import { ARN_PAIR } from "./bucket-arn.ts";
import type { S3CallOptions, S3Config } from "./options.ts";
import type { S3Place } from "./place.ts";

/** What a call says about keys: the pairs of caller and place, and how to abort. */
export interface KeyRequest {
  readonly encryptionContext: EncryptionContext;
  readonly signal: AbortSignal | undefined;
}

/** The encryption context of an object: the caller's pairs, and the one of its place. */
export async function keyRequest(
  { bindTo, arnOf }: S3Config,
  { bucket, key }: S3Place,
  { encryptionContext, abortSignal: signal }: S3CallOptions,
): Promise<KeyRequest> {
  assertSignal(signal);
  const own = checkedContext(encryptionContext);
  if (bindTo === "none") return { encryptionContext: own, signal };
  if (Object.hasOwn(own, ARN_PAIR)) {
    throw invalidArgument(`encryptionContext: ${ARN_PAIR} follows from bindTo; leave it out.`);
  }
  const arn = await arnOf(bucket);
  const bound = bindTo === "bucket" ? arn : `${arn}/${key}`;
  return { encryptionContext: { ...own, [ARN_PAIR]: bound }, signal };
}
