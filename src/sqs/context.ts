import { EncryptionContextError } from "../errors.ts";
import { checkedContext } from "../message/context.ts";
import type { EncryptionContext } from "../types.ts";

/** The pair that binds a message to its queue: `account/name`. */
export const QUEUE_PAIR = "keyfold:queue";
/** The pair of a message that holds no payload, but where it lies. */
export const OFFLOADED_PAIR = "keyfold:payload";
const OFFLOADED = "offloaded";

/** The pairs of client and call. */
export function ownContext(
  { encryptionContext }: { readonly encryptionContext: EncryptionContext },
  ofCall: EncryptionContext | undefined,
): EncryptionContext {
  return { ...encryptionContext, ...unreservedContext(ofCall) };
}

/** Checks pairs that a caller gave: those of this client are not among them. */
export function unreservedContext(given: EncryptionContext | undefined): EncryptionContext {
  const context = checkedContext(given);
  for (const key of [QUEUE_PAIR, OFFLOADED_PAIR]) {
    if (!Object.hasOwn(context, key)) continue;
    throw new EncryptionContextError(
      `The encryption context's key "${key}" is reserved: choose another one.`,
      key,
    );
  }
  return context;
}

/** The same for a message of this queue. */
export function messageContext(
  own: EncryptionContext,
  queue: string | undefined,
  isOffloaded: boolean,
): EncryptionContext {
  return {
    ...own,
    ...(queue !== undefined && { [QUEUE_PAIR]: queue }),
    ...(isOffloaded && { [OFFLOADED_PAIR]: OFFLOADED }),
  };
}

/** Whether this verified context is that of an offloaded payload. */
export function isOffloaded(context: EncryptionContext): boolean {
  return context[OFFLOADED_PAIR] === OFFLOADED;
}

/** The caller's pairs in a verified context. */
export function callerPairs(context: EncryptionContext): EncryptionContext {
  const own = Object.entries(context).filter(([key]) => key !== QUEUE_PAIR && key !== OFFLOADED_PAIR);
  return Object.fromEntries(own);
}
