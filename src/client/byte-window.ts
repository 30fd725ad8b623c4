import { assertBytes } from "./options.ts";

/** Bytes that are copied in at one go: enough to be fast, little enough to hold. */
const STEP = 1024 * 1024;

/**
 * The bytes of a stream that have arrived and are not consumed, in one piece. Memory grows with what has arrived,
 * never with what a length on the wire promises.
 */
export class ByteWindow {
  readonly #input: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** Bytes consumed so far. */
  consumed = 0;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** Valid until the next call of `fill`. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  consume(length: number): void {
    this.#start += length;
    this.consumed += length;
  }

  /** Waits until this many bytes are there. False: the stream ends before. */
  async fill(length: number): Promise<boolean> {
    while (this.#end - this.#start < length) {
      if (this.#chunk.length === 0) {
        const next = await this.#input.next();
        if (next.done) return false;
        assertBytes(next.value, "A chunk of ciphertext", "decryptText");
        this.#chunk = next.value;
      }
      this.#append(this.#chunk.subarray(0, STEP));
      this.#chunk = this.#chunk.subarray(STEP);
    }
    return true;
  }

  #append(piece: Uint8Array): void {
    const kept = this.#end - this.#start;
    const length = kept + piece.length;
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      grown.set(this.bytes);
      this.#buffer = grown;
      this.#start = 0;
    } else if (this.#end + piece.length > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
    }
    this.#buffer.set(piece, this.#start + kept);
    this.#end = this.#start + length;
  }
}
