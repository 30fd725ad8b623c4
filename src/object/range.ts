import { objectCiphers } from "#crypto";
import { concat, EMPTY } from "../bytes/arrays.ts";
import { AuthenticationError, TruncatedError } from "../errors.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import { assertPlaintextLength, BLOCK, type ContentKey, plaintextLengthOf } from "./content.ts";
import { ctrFrom } from "./ctr.ts";
import { withoutPadding } from "./padding.ts";
import type { ContentOpener } from "./pieces.ts";

/** A range as a request names it (RFC 9110, section 14.1.2): `end` is the last byte; null: to the end of the object. */
export type ByteRange =
  | { readonly start: number; readonly end: number | null }
  /** The last bytes of the object. */
  | { readonly last: number };

/** Null: not one range of bytes. */
export function parseRange(text: string): ByteRange | null {
  const [, first, last] = /^bytes=(\d{1,15})?-(\d{1,15})?$/.exec(text.trim()) ?? [];
  if (first !== undefined) {
    const [start, end] = [Number(first), last === undefined ? null : Number(last)];
    return end !== null && end < start ? null : { start, end };
  }
  return last === undefined ? null : { last: Number(last) };
}

/** Places of plaintext: `end` is the byte behind the last. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** The part of `length` bytes that the range names; null: none of them. */
export function sliceOf(range: ByteRange, length: number): Slice | null {
  const start = "last" in range ? Math.max(0, length - range.last) : range.start;
  const end = "last" in range || range.end === null ? length : Math.min(length, range.end + 1);
  return start < end ? { start, end } : null;
}

/** What has to be fetched to open a slice without its tag. */
export interface StoredRange {
  /** Of the stored body; `end` is the byte behind the last. */
  readonly fetch: Slice;
  /** Opens what was fetched, in pieces: exactly the slice comes out. Nothing of it is authentic. */
  opener(content: ContentKey): ContentOpener;
}

/** What of a CBC body tells how much plaintext it has: the last block, and the one before, which is its IV. */
export function paddingRange(bodyLength: number): Slice {
  return { start: Math.max(0, bodyLength - 2 * BLOCK), end: bodyLength };
}

/** Bytes of plaintext in a CBC body, whose padding is in these bytes. */
export async function paddedLength(
  { key, iv }: ContentKey,
  fetched: Uint8Array,
  bodyLength: number,
): Promise<number> {
  const last = fetched.length - BLOCK;
  if (bodyLength % BLOCK !== 0 || last < 0 || last % BLOCK !== 0) throw new AuthenticationError();
  const vector = last === 0 ? iv : fetched.subarray(last - BLOCK, last);
  const opened = await objectCiphers.cbcDecryptor(key, vector).update(fetched.subarray(last));
  const plaintext = withoutPadding(opened);
  if (plaintext === null) throw new AuthenticationError();
  return bodyLength - BLOCK + plaintext.length;
}

/** Plans the reading of a slice of plaintext out of a stored body (s3-encryption/decryption, "Ranged Gets"). */
export function storedRange(suite: AlgorithmSuite, slice: Slice, bodyLength: number): StoredRange {
  const block = slice.start - (slice.start % BLOCK);
  if (suite.cipher === "cbc") {
    // The block before is the IV. The object's end tells where the padding begins.
    const start = Math.max(0, block - BLOCK);
    const end = Math.min(bodyLength, slice.end + ((BLOCK - (slice.end % BLOCK)) % BLOCK));
    const skip = block === 0 ? 0 : BLOCK;
    return {
      fetch: { start, end },
      opener: (content) => cbcOpener(content, skip, { start: slice.start - block, end: slice.end - block }),
    };
  }
  const end = Math.min(slice.end, plaintextLengthOf(suite, bodyLength)!);
  // Beyond, the counter would begin anew. No writer can have made such an object.
  assertPlaintextLength(end);
  return {
    fetch: { start: block, end },
    opener: (content) => ctrOpener(content, block / BLOCK, { start: slice.start - block, end: end - block }),
  };
}

function ctrOpener(content: ContentKey, block: number, slice: Slice): ContentOpener {
  const cipher = ctrFrom(content, block);
  const clip = new Clip(slice);
  return {
    update: async (ciphertext) => clip.part(await cipher.update(ciphertext)),
    final: async () => clip.end(),
  };
}

function cbcOpener({ key, iv }: ContentKey, skip: number, slice: Slice): ContentOpener {
  const clip = new Clip(slice);
  let vector: Uint8Array | null = skip === 0 ? iv : null;
  let cipher: ReturnType<typeof objectCiphers.cbcDecryptor> | undefined;
  let rest: Uint8Array = EMPTY;
  return {
    async update(ciphertext) {
      let joined = concat(rest, ciphertext);
      if (vector === null) {
        if (joined.length < BLOCK) {
          rest = joined;
          return EMPTY;
        }
        vector = joined.slice(0, BLOCK);
        joined = joined.subarray(BLOCK);
      }
      cipher ??= objectCiphers.cbcDecryptor(key, vector);
      const whole = joined.length - (joined.length % BLOCK);
      rest = joined.slice(whole);
      return whole === 0 ? EMPTY : clip.part(await cipher.update(joined.subarray(0, whole)));
    },
    final: async () => clip.end(),
  };
}

/** Lets the bytes of a slice through, and no others. */
class Clip {
  readonly #slice: Slice;
  #position = 0;

  constructor(slice: Slice) {
    this.#slice = slice;
  }

  part(piece: Uint8Array): Uint8Array {
    const from = Math.max(0, this.#slice.start - this.#position);
    const to = Math.min(piece.length, this.#slice.end - this.#position);
    this.#position += piece.length;
    return from < to ? piece.subarray(from, to) : EMPTY;
  }

  end(): Uint8Array {
    if (this.#position < this.#slice.end) throw new TruncatedError("the range of the object's body");
    return EMPTY;
  }
}
