import { invalidArgument } from "../arguments.ts";

/** A copy of the caller's grant tokens, once they are such. */
export function checkedGrantTokens(
  caller: string,
  tokens: readonly string[] | undefined,
): string[] | undefined {
  if (tokens === undefined) return undefined;
  if (Array.isArray(tokens) && tokens.every((token) => typeof token === "string" && token !== "")) {
    return [...tokens];
  }
  throw invalidArgument(`${caller}: grantTokens must be an array of non-empty strings.`);
}
