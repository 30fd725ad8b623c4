import { getU32 } from "../bytes/integers.ts";

const BLOCK_LENGTH = 16;

/**
 * Counts the bytes that are taken of the key stream of AES-CTR, and throws a `RangeError`, before anything is done, where
 * the low 32 bits of the counter would wrap: key stream would come a second time. S3 objects are shorter (2^36 - 32
 * bytes at most, NIST SP 800-38D, section 5.2.1.1). Answers where a piece starts.
 */
export function keyStream(counterBlock: Uint8Array): (length: number) => number {
  const blocks = 2 ** 32 - getU32(counterBlock, BLOCK_LENGTH - 4);
  let position = 0;
  return (length) => {
    const start = position;
    if (start + length > blocks * BLOCK_LENGTH) {
      throw new RangeError(
        "AES-CTR: the 32 bits of the block counter do not reach to the end of this piece.",
      );
    }
    position += length;
    return start;
  };
}

/** Throws a `RangeError` unless these are whole blocks of AES: a caller's mistake, for lengths are checked before. */
export function checkWholeBlocks(bytes: Uint8Array): void {
  if (bytes.length % BLOCK_LENGTH !== 0) throw new RangeError("AES: whole blocks of 16 bytes are needed.");
}
