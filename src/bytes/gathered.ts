/**
 * Joins pieces in memory that grows with what has come, up to a limit. Once cleared, the same memory is written again:
 * what `bytes` answered is valid until then.
 */
export class Gathered {
  readonly #limit: number;
  #memory: Uint8Array;
  #length = 0;

  /** `expected`: bytes that are sure to come. */
  constructor(limit: number, expected = 0) {
    this.#limit = limit;
    this.#memory = new Uint8Array(Math.min(expected, limit));
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  /** Takes as much of it as there is room for, and answers how much that is. */
  add(piece: Uint8Array): number {
    const taken = piece.subarray(0, this.#limit - this.#length);
    const length = this.#length + taken.length;
    if (length > this.#memory.length) {
      const grown = new Uint8Array(Math.min(this.#limit, Math.max(length, 2 * this.#memory.length)));
      grown.set(this.bytes);
      this.#memory = grown;
    }
    this.#memory.set(taken, this.#length);
    this.#length = length;
    return taken.length;
  }

  clear(): void {
    this.#length = 0;
  }
}
