/**
 * Takes turns by key. The files keep writers apart without it; but a thousand writers of one process would each write
 * and sync a file of which one counts.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Acts once all who came before with this key have done so, well or not. */
  async take<T>(key: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(act);
    const over = turn.catch(() => {});
    this.#last.set(key, over);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === over) this.#last.delete(key);
    }
  }
}
