import type { Cipher, Decipher } from "node:crypto";
import { EMPTY } from "../../bytes/arrays.ts";

/** Long inputs go through in pieces that stay in cache: fresh pages for one huge result cost more than AES itself. */
export const PIECE = 64 * 1024;
// Up to here OpenSSL's own result is cheaper than a copy of its pieces.
const LONG = 1024 * 1024;

/** What a cipher that answers as much as it is given makes of the first `length` bytes, in memory of its own. */
export function updateInPieces(cipher: Cipher | Decipher, input: Uint8Array, length: number): Uint8Array {
  if (length === 0) return EMPTY;
  if (length <= LONG) return plain(cipher.update(input.subarray(0, length)));
  // Not zeros: every byte is written before anybody sees it.
  const out = plain(Buffer.allocUnsafeSlow(length));
  for (let start = 0; start < length; start += PIECE) {
    out.set(cipher.update(input.subarray(start, Math.min(start + PIECE, length))), start);
  }
  return out;
}

function plain({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
