import { compareBytes, concat } from "../bytes/arrays.ts";
import type { BegunObject } from "../client/begin-object.ts";
import { S3ObjectError } from "../errors.ts";
import { BLOCK, TAG_LENGTH } from "../object/content.ts";
import { ctrFrom } from "../object/ctr.ts";
import { type ContentSealer, contentSealer } from "../object/pieces.ts";
import type { AlgorithmSuite } from "../suites/table.ts";

/** A part that has been sealed, and may have to be sent again. */
interface SealedPart {
  /** Bytes of plaintext before it. */
  readonly start: number;
  readonly body: Uint8Array;
  readonly isLast: boolean;
  isStored: boolean;
}

/** Seals the parts of one object: in their order, each once. */
export class PartSealer {
  readonly #begun: BegunObject;
  readonly #sealer: ContentSealer;
  /** Those that S3 has not acknowledged, and the latest. */
  readonly #parts = new Map<number, SealedPart>();
  #count = 0;
  #isEnded = false;
  #isBroken = false;
  #isClosed = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(begun: BegunObject) {
    this.#begun = begun;
    this.#sealer = contentSealer(begun.content);
  }

  get suite(): AlgorithmSuite {
    return this.#begun.suite;
  }

  /** Bytes of plaintext. */
  get length(): number {
    return this.#sealer.length;
  }

  close(): void {
    this.#isClosed = true;
    this.#begun.close();
    this.#parts.clear();
  }

  /** The ciphertext of a part. Repeated, it is the same ciphertext: no byte is sealed twice under one key and IV. */
  seal(number: number, isLast: boolean, plaintext: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const turn = this.#turn.then(() => this.#sealInTurn(number, isLast, plaintext));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** S3 has the part. It is kept while it is the latest, which may be sent once more. */
  stored(number: number): void {
    const part = this.#parts.get(number);
    if (part !== undefined) part.isStored = true;
    for (const [each, { isStored }] of this.#parts) {
      if (isStored && each < this.#count) this.#parts.delete(each);
    }
  }

  /** Checks that these are all the parts, each of them stored. */
  assertComplete(numbers: readonly (number | undefined)[]): void {
    if (!this.#isEnded) {
      throw multipart(
        "the last part has not been sent: it holds the tag, without which the object never opens. Send it with { lastPart: true }; it may be empty",
      );
    }
    const missing = [...this.#parts].find(([, { isStored }]) => !isStored)?.[0];
    if (missing !== undefined) throw multipart(`part ${missing} has not been stored: send it again`);
    const isAll = numbers.length === this.#count && numbers.every((number, i) => number === i + 1);
    if (!isAll) throw multipart(`all of its ${this.#count} parts must be named, in their order`);
  }

  async #sealInTurn(number: number, isLast: boolean, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.#parts.get(number);
    if (known !== undefined) return this.#again(number, known, isLast, await this.#read(number, read));
    if (this.#isBroken) throw multipart("a part before it could not be sealed; abort the upload", number);
    if (this.#isEnded) throw multipart("its last part has been sealed already", number);
    if (number !== this.#count + 1) {
      throw multipart(
        `part ${this.#count + 1} is due: one cipher goes over all of them, in their order`,
        number,
      );
    }
    const plaintext = await this.#read(number, read);
    if (!isLast && (plaintext.length === 0 || plaintext.length % BLOCK !== 0)) {
      throw multipart(
        `it has ${plaintext.length} bytes, and only the last part may have a length that is no multiple of 16. If it is the last, send it with { lastPart: true }`,
        number,
      );
    }
    this.#begun.countBytes?.(plaintext.length);
    // Should sealing fail half-way, nothing may be sealed under this key again, and nothing completed.
    this.#isBroken = true;
    const start = this.#sealer.length;
    const sealed = await this.#sealer.update(plaintext);
    const body = isLast ? concat(sealed, await this.#sealer.final()) : sealed;
    this.#isBroken = false;
    this.#isEnded = isLast;
    this.#count = number;
    this.#parts.set(number, { start, body, isLast, isStored: false });
    return body;
  }

  /** The key may be wiped while parts wait: under a wiped one nothing may be sealed. */
  async #read(number: number, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const plaintext = this.#isClosed ? undefined : await read();
    if (plaintext !== undefined && !this.#isClosed) return plaintext;
    throw multipart("the upload has been aborted", number);
  }

  async #again(
    number: number,
    { start, body, isLast }: SealedPart,
    isLastNow: boolean,
    plaintext: Uint8Array,
  ): Promise<Uint8Array> {
    const length = body.length - (isLast ? TAG_LENGTH : 0);
    if (isLast === isLastNow && plaintext.length === length) {
      const again = await ctrFrom(this.#begun.content, start / BLOCK).update(plaintext);
      if (compareBytes(again, body.subarray(0, length)) === 0) return body;
    }
    throw multipart("it was sealed with other content. A part can be repeated, and not replaced", number);
  }
}

function multipart(what: string, part?: number): S3ObjectError {
  return new S3ObjectError(
    "ERR_S3_MULTIPART",
    `The upload${part === undefined ? "" : `'s part ${part}`}: ${what}.`,
  );
}
