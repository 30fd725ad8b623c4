/**
 * Secret bytes with several holders: wiped when the last one lets go, never while another may still use them.
 * Whoever makes one holds it; `retain` before handing it to a further holder; each holder releases once.
 */
export class Secret {
  readonly #bytes: Uint8Array;
  #holders = 1;

  /** Takes the bytes over: they are wiped in place. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get bytes(): Uint8Array {
    this.#assertHeld();
    return this.#bytes;
  }

  retain(): this {
    this.#assertHeld();
    this.#holders++;
    return this;
  }

  release(): void {
    this.#assertHeld();
    this.#holders--;
    if (this.#holders === 0) this.#bytes.fill(0);
  }

  #assertHeld(): void {
    if (this.#holders === 0) throw new Error("A secret was used after its last holder had let go of it.");
  }
}
