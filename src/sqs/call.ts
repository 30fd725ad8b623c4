import type { EncryptionContext } from "../types.ts";

/** Options of one call. */
export interface SqsCallOptions {
  /** Pairs beside those of the client: bound on sending; on receiving, each message must have them. Default: none. */
  readonly encryptionContext?: EncryptionContext;
  /** Aborts the call, keys and payloads elsewhere included, with the signal's own reason. Default: none. */
  readonly abortSignal?: AbortSignal;
}

/** What SQS's own client is told of a call. */
export function callOf(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
