import { invalidArgument } from "../arguments.ts";

/**
 * Tokens of grants that may not be known everywhere yet; a function is asked before each call. A token is no secret and
 * may stay after its grant is known, but not after the grant is revoked or retired: then KMS refuses the call.
 */
export type KmsGrantTokens = readonly string[] | (() => readonly string[]);

/** As many tokens as KMS takes with one call. */
const MAX_TOKENS = 10;

/** What gives the tokens for each call: a copy, once they are such. */
export function grantTokensOf(
  caller: string,
  tokens: KmsGrantTokens | undefined,
): () => string[] | undefined {
  if (typeof tokens === "function") return () => checkedTokens(caller, tokens());
  const checked = tokens === undefined ? undefined : checkedTokens(caller, tokens);
  return () => checked;
}

function checkedTokens(caller: string, tokens: readonly string[]): string[] {
  if (
    Array.isArray(tokens) &&
    tokens.length <= MAX_TOKENS &&
    tokens.every((token) => typeof token === "string" && token !== "")
  ) {
    return [...tokens];
  }
  throw invalidArgument(
    `${caller}: grantTokens must be an array of at most ${MAX_TOKENS} non-empty strings, or a function that answers one.`,
  );
}
