// Misuse of the API is a TypeError, and is found before anything is done.

/** A `TypeError` for misuse of the API, with a code to match it by. The message names the argument, never its value. */
export function invalidArgument(message: string): TypeError & { readonly code: "ERR_INVALID_ARGUMENT" } {
  return Object.assign(new TypeError(message), { code: "ERR_INVALID_ARGUMENT" as const });
}

/** The options of a factory, once they are an object at all. */
export function optionsOf<Options extends object>(caller: string, options: Options): Options {
  if (typeof options === "object" && options !== null) return options;
  throw invalidArgument(`${caller}: an options object is needed.`);
}

/** Whether this error was made by {@link invalidArgument}. */
export function isMisuse(error: unknown): boolean {
  return error instanceof TypeError && "code" in error && error.code === "ERR_INVALID_ARGUMENT";
}

/** A whole number from an options object, or its default. */
export function wholeNumber(
  caller: string,
  name: string,
  value: number | undefined,
  fallback: number,
  minimum = 1,
  maximum = Number.MAX_SAFE_INTEGER,
): number {
  if (value === undefined) return fallback;
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    throw invalidArgument(`${caller}: ${name} must be a whole number from ${minimum} to ${maximum}.`);
  }
  return value;
}
