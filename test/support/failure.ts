import { expect } from "vitest";
import { type ErrorCode, isKeyfoldError, type KeyfoldError } from "../../src/index.ts";

type Code = ErrorCode | "ERR_INVALID_ARGUMENT";

/** Whether this is an error that keyfold promises: one of its own, or a `TypeError` with the code of misuse. */
export function isTyped(error: unknown): error is Error & { code: Code } {
  if (isKeyfoldError(error)) return true;
  return error instanceof TypeError && "code" in error && error.code === "ERR_INVALID_ARGUMENT";
}

/** Runs what must fail, at once or later, and answers its error, which must be a typed one. */
export async function failure<E extends Error = KeyfoldError>(
  act: Promise<unknown> | (() => unknown),
  code?: Code,
): Promise<E & { code: Code }> {
  const error = await outcome(act);
  if (!isTyped(error)) throw new Error("an error without a type", { cause: error });
  if (code !== undefined) expect(error.code, error.message).toBe(code);
  return error as unknown as E & { code: Code };
}

/**
 * The misuse of a key that only an import can find bad. Backends whose import is synchronous report it when the
 * key is given; the others cannot before its first use.
 */
export function failureNowOrLater<T>(
  make: () => T,
  use: (made: T) => Promise<unknown>,
): Promise<Error & { code: Code }> {
  return failure(async () => use(make()), "ERR_INVALID_ARGUMENT");
}

/** The error itself, of whatever type. */
export async function outcome(act: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof act === "function" ? act() : act);
  } catch (error) {
    return error;
  }
  throw new Error("this should have failed");
}

/** All text of an error, its causes and its fields: what a log would show. */
export function textOf(error: unknown, seen = new Set<unknown>()): string {
  if (typeof error !== "object" || error === null) return String(error);
  if (seen.has(error)) return "";
  seen.add(error);
  const own = Object.getOwnPropertyNames(error).filter((name) => name !== "stack");
  return own.map((name) => textOf((error as Record<string, unknown>)[name], seen)).join("\n");
}
