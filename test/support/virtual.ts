import type { Clocks } from "../../src/cache/clocks.ts";

/** Clocks that go only when they are told to. */
export class VirtualClocks implements Clocks {
  #monotonic = 5_000;
  #wall = 1_700_000_000_000;

  monotonic(): number {
    return this.#monotonic;
  }

  wall(): number {
    return this.#wall;
  }

  /** Time passes: both clocks go on. */
  advance(ms: number): void {
    this.#monotonic += ms;
    this.#wall += ms;
  }

  /** The machine sleeps: only the wall clock goes on. */
  sleep(ms: number): void {
    this.#wall += ms;
  }

  /** Time passes, and somebody sets the wall clock back by as much and more. */
  setBack(ms: number, by: number): void {
    this.#monotonic += ms;
    this.#wall -= by;
  }
}

/** A promise that a test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function deferred<T>(): Deferred<T> {
  let settle!: Omit<Deferred<T>, "promise">;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}

/** Lets everything happen that waits for nothing from outside. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
