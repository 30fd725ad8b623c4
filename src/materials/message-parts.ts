import { EMPTY } from "../bytes/arrays.ts";
import { serializeContext } from "../message/context.ts";
import type { EncryptionContext } from "../types.ts";

/** The two halves of a message's encryption context, serialised. */
export interface SerializedContext {
  /** What the header stores. */
  readonly context: Uint8Array;
  /** The pairs that are bound to the header's tag without being stored. */
  readonly requiredContext: Uint8Array;
}

/** Serialises a complete context. Throws if it is longer than any message can bind. */
export function serializeHalves(
  context: EncryptionContext,
  requiredKeys: readonly string[],
): SerializedContext {
  const whole = serializeContext(context);
  if (requiredKeys.length === 0) return { context: whole, requiredContext: EMPTY };
  const { stored, required } = splitContext(context, requiredKeys);
  return { context: serializeContext(stored), requiredContext: serializeContext(required) };
}

/** Parts a complete context into what a message stores and what it only authenticates. */
export function splitContext(
  context: EncryptionContext,
  requiredKeys: readonly string[],
): { stored: EncryptionContext; required: EncryptionContext } {
  if (requiredKeys.length === 0) return { stored: context, required: {} };
  const isRequired = ([key]: [string, string]) => requiredKeys.includes(key);
  const pairs = Object.entries(context);
  return {
    stored: Object.fromEntries(pairs.filter((pair) => !isRequired(pair))),
    required: Object.fromEntries(pairs.filter(isRequired)),
  };
}
