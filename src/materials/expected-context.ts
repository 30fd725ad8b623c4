import { assertExpectedContext } from "../message/context.ts";
import type { EncryptionContext } from "../types.ts";
import type { DecryptionMaterialsRequest } from "./manager.ts";

/** A reader's context: what is stored, and what the caller expects beside it. */
export interface CompleteContext {
  readonly context: EncryptionContext;
  /** Keys of the pairs that are not stored. */
  readonly requiredKeys: readonly string[];
}

/** Adds the required pairs that are not stored, and compares all that the caller expects before any key is asked for. */
export function completeContext({
  encryptionContext,
  expectedContext,
  requiredKeys = [],
}: DecryptionMaterialsRequest): CompleteContext {
  const missing = requiredKeys.filter((key) => !Object.hasOwn(encryptionContext, key));
  const added = missing.map((key) => [key, expectedContext[key]!] as const);
  const context =
    missing.length === 0 ? encryptionContext : { ...encryptionContext, ...Object.fromEntries(added) };
  assertExpectedContext(context, expectedContext);
  return { context, requiredKeys: missing };
}
