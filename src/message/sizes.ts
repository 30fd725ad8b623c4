import { invalidArgument } from "../arguments.ts";
import { FINAL_FRAME_OVERHEAD, FRAME_OVERHEAD } from "./body.ts";

/** What the size of a message depends on, beside its plaintext. */
export interface MessageShape {
  readonly headerLength: number;
  /** 0: not framed. */
  readonly frameLength: number;
  /** The longest footer of the suite: 0 for unsigned suites. */
  readonly maxFooterLength: number;
}

const NON_FRAMED_OVERHEAD = 12 + 8 + 16;
/** A length and the shortest DER signature: a sequence of two integers of one byte. */
const MIN_FOOTER_LENGTH = 2 + 8;

/** Bytes of the frames that hold this much plaintext, as keyfold writes them: no empty frame behind a full one. */
export function bodySize(plaintextLength: number, frameLength: number): number {
  const regular = plaintextLength === 0 ? 0 : Math.ceil(plaintextLength / frameLength) - 1;
  return plaintextLength + regular * FRAME_OVERHEAD + FINAL_FRAME_OVERHEAD;
}

/** Bytes of the message that seals this much plaintext: exact for unsigned suites, an upper bound for signed ones. */
export function ciphertextSize(
  { headerLength, frameLength, maxFooterLength }: MessageShape,
  n: number,
): number {
  checkSize(n, "plaintext");
  const body = frameLength === 0 ? n + NON_FRAMED_OVERHEAD : bodySize(n, frameLength);
  return headerLength + body + maxFooterLength;
}

/** Bytes of plaintext in a message of this length: exact for unsigned suites, an upper bound for signed ones. */
export function plaintextSize(
  { headerLength, frameLength, maxFooterLength }: MessageShape,
  n: number,
): number {
  checkSize(n, "ciphertext");
  const overhead = headerLength + (frameLength === 0 ? NON_FRAMED_OVERHEAD : FINAL_FRAME_OVERHEAD);
  const most = n - overhead - Math.min(maxFooterLength, MIN_FOOTER_LENGTH);
  if (most < 0) throw invalidArgument(`No message with this header is as short as ${n} bytes.`);
  if (frameLength === 0) return most;
  // A full frame before the final one takes its length and its overhead; so it is with an empty final frame too.
  const least = Math.max(0, n - overhead - maxFooterLength);
  return most - FRAME_OVERHEAD * Math.floor(least / (frameLength + FRAME_OVERHEAD));
}

function checkSize(n: number, what: string): void {
  if (!Number.isSafeInteger(n) || n < 0) {
    throw invalidArgument(`The ${what} size must be a whole number of bytes, at least 0.`);
  }
}
