import { objectCiphers } from "#crypto";
import { concat, copy, EMPTY } from "../bytes/arrays.ts";
import { AuthenticationError, TruncatedError } from "../errors.ts";
import { aadOf, assertPlaintextLength, BLOCK, type ContentKey, TAG_LENGTH } from "./content.ts";
import { withoutPadding } from "./padding.ts";

/** Seals the content of one object in pieces. One call at a time. */
export interface ContentSealer {
  update(plaintext: Uint8Array): Promise<Uint8Array>;
  /** What stands behind the last piece: the tag. */
  final(): Promise<Uint8Array>;
  /** Bytes of plaintext so far. */
  readonly length: number;
}

export function contentSealer(content: ContentKey): ContentSealer {
  const cipher = objectCiphers.gcmEncryptor(content.key, content.iv, aadOf(content));
  let length = 0;
  return {
    async update(plaintext) {
      assertPlaintextLength(length + plaintext.length);
      length += plaintext.length;
      return cipher.update(plaintext);
    },
    async final() {
      return cipher.final();
    },
    get length() {
      return length;
    },
  };
}

/**
 * Opens the content of one object in pieces. What `update` answers is not verified: `final` throws if it was not
 * authentic, or its padding is not as it must be. One call at a time; a piece must stay unchanged until the next call.
 */
export interface ContentOpener {
  update(ciphertext: Uint8Array): Promise<Uint8Array>;
  final(): Promise<Uint8Array>;
}

export function contentOpener(content: ContentKey): ContentOpener {
  return content.suite.cipher === "cbc" ? cbcOpener(content) : gcmOpener(content);
}

function gcmOpener(content: ContentKey): ContentOpener {
  const cipher = objectCiphers.gcmDecryptor(content.key, content.iv, aadOf(content));
  const tail = new Tail(TAG_LENGTH);
  return {
    async update(ciphertext) {
      const ready = tail.push(ciphertext);
      return ready.length === 0 ? EMPTY : cipher.update(ready);
    },
    async final() {
      const { held } = tail;
      const end = held.length - TAG_LENGTH;
      if (end < 0) throw new TruncatedError("the object's body");
      const plaintext = end === 0 ? EMPTY : await cipher.update(held.subarray(0, end));
      if (await cipher.verify(held.subarray(end))) return plaintext;
      plaintext.fill(0);
      throw new AuthenticationError();
    },
  };
}

function cbcOpener({ key, iv }: ContentKey): ContentOpener {
  const cipher = objectCiphers.cbcDecryptor(key, iv);
  // Whole blocks go through; the last of them may hold the padding.
  let rest: Uint8Array = EMPTY;
  let last: Uint8Array = EMPTY;
  return {
    async update(ciphertext) {
      const joined = rest.length === 0 ? ciphertext : concat(rest, ciphertext);
      const whole = joined.length - (joined.length % BLOCK);
      rest = copy(joined, whole);
      if (whole === 0) return EMPTY;
      const opened = concat(last, await cipher.update(joined.subarray(0, whole)));
      last = copy(opened, opened.length - BLOCK);
      return opened.subarray(0, opened.length - BLOCK);
    },
    async final() {
      const plaintext = rest.length === 0 && last.length === BLOCK ? withoutPadding(last) : null;
      if (plaintext === null) throw new AuthenticationError();
      return plaintext;
    },
  };
}

/** Keeps the last piece of a stream back, or as many as hold this many bytes, without copying the long ones. */
class Tail {
  readonly #length: number;
  held: Uint8Array = EMPTY;

  constructor(length: number) {
    this.#length = length;
  }

  /** What can no longer be among the last bytes. */
  push(piece: Uint8Array): Uint8Array {
    if (piece.length >= this.#length) {
      const ready = this.held;
      this.held = piece;
      return ready;
    }
    const joined = concat(this.held, piece);
    const end = Math.max(0, joined.length - this.#length);
    this.held = joined.subarray(end);
    return joined.subarray(0, end);
  }
}
