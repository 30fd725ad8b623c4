interface Waiter<Ask, Answer> {
  readonly ask: Ask;
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
  /** No longer listens to its signal. */
  done(): void;
}

/**
 * One piece of remote work with any number of waiters. Each waiter's signal ends its own wait alone; the work is
 * aborted when nobody waits any more. A failure reaches each waiter as an error object of its own.
 */
export class Flight<Ask extends { readonly signal?: AbortSignal | undefined }, Answer> {
  readonly #controller = new AbortController();
  readonly #waiters = new Set<Waiter<Ask, Answer>>();
  readonly #abandoned: (() => void) | null;

  /** `abandoned` is called when the last waiter has left; null: the work goes on without waiters. */
  constructor(abandoned: (() => void) | null) {
    this.#abandoned = abandoned;
  }

  /** For the work. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for the work, or for the signal. */
  wait(ask: Ask): Promise<Answer> {
    const { signal } = ask;
    return new Promise((resolve, reject) => {
      const aborted = () => {
        this.#waiters.delete(waiter);
        waiter.done();
        reject(signal!.reason);
        if (this.#waiters.size > 0 || this.#abandoned === null) return;
        this.#abandoned();
        this.#controller.abort(signal!.reason);
      };
      const done = () => signal?.removeEventListener("abort", aborted);
      const waiter: Waiter<Ask, Answer> = { ask, resolve, reject, done };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", aborted);
      if (signal?.aborted) aborted();
    });
  }

  /** The work is done: every waiter gets what `deal` has for it, in the order of their coming. */
  land(deal: (ask: Ask) => Answer): void {
    for (const { ask, resolve } of this.#leaving()) resolve(deal(ask));
  }

  /** The work has failed. */
  fail(reason: unknown): void {
    for (const [i, { reject }] of this.#leaving().entries()) reject(i === 0 ? reason : copyOf(reason));
  }

  #leaving(): readonly Waiter<Ask, Answer>[] {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { done } of waiters) done();
    return waiters;
  }
}

/** The same error as another object; what is no error stays what it is. */
function copyOf(reason: unknown): unknown {
  if (!(reason instanceof Error)) return reason;
  // Its fields lie behind getters that know a DOMException of the runtime's own making only.
  if (reason instanceof DOMException) return new DOMException(reason.message, reason.name);
  const copy = Object.setPrototypeOf(new Error(reason.message), Object.getPrototypeOf(reason));
  return Object.defineProperties(copy, Object.getOwnPropertyDescriptors(reason));
}
