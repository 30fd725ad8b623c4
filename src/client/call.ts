import { checkedContext } from "../message/context.ts";
import type { EncryptionContext } from "../types.ts";
import { assertSignal } from "./options.ts";

/** Options of one call of a client. */
export interface CallOptions {
  /** Writing: the pairs to bind. Reading: the pairs that must be there and equal; more may be. Default: none. */
  readonly encryptionContext?: EncryptionContext;
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly signal?: AbortSignal;
}

/** What a call asks for, checked; the context is a copy. */
export function callRequest(options: CallOptions | undefined) {
  const { encryptionContext, signal } = options ?? {};
  assertSignal(signal);
  return { encryptionContext: checkedContext(encryptionContext), signal };
}
