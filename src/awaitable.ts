import type { Awaitable } from "./types.ts";

// On Node the way of a local message has no reason to wait: these keep it synchronous where `async` would not.

/** Whether an answer is still to come. */
export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof (value as Partial<Promise<T>> | null | undefined)?.then === "function";
}

/** Goes on with a value: at once if it is there, else when it comes. */
export function andThen<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** Calls, and lets `failed` throw or answer in place of what the call throws, at once or later. */
export function attempt<T, F = never>(
  call: () => Awaitable<T>,
  failed: (error: unknown) => F,
): Awaitable<T | F> {
  try {
    const answer = call();
    return isPromise(answer) ? answer.then(undefined, failed) : answer;
  } catch (error) {
    return failed(error);
  }
}

/** Calls, and does something last, whatever comes of it. */
export function lastly<T>(call: () => Awaitable<T>, last: () => void): Awaitable<T> {
  const ended = attempt(call, (error) => {
    last();
    throw error;
  });
  return andThen(ended, (answer) => {
    last();
    return answer;
  });
}

/** Asks about one item after the other, and answers with the first answer that is one; null if there is none. */
export function firstAnswer<T, R>(
  items: readonly T[],
  ask: (item: T) => Awaitable<R | null | undefined>,
  start = 0,
): Awaitable<R | null> {
  for (let i = start; i < items.length; i++) {
    const answer = ask(items[i]!);
    if (isPromise(answer)) return answer.then((found) => found ?? firstAnswer(items, ask, i + 1));
    if (answer != null) return answer;
  }
  return null;
}
