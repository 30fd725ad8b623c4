import { concat } from "../bytes/arrays.ts";
import type { BegunObject } from "../client/begin-object.ts";
import { TAG_LENGTH } from "../object/content.ts";
import { contentSealer } from "../object/pieces.ts";
import { type Source, wrongLength } from "./source.ts";

/** What is sealed at one go: enough to be fast, and for S3, which refuses chunks under 8 KiB; little enough to hold. */
const LEAST = 64 * 1024;
const MOST = 1024 * 1024;

/** Seals a source as it is read: ciphertext, then the tag. `read` hears of plaintext. */
export async function* sealedChunks(
  { content, countBytes }: BegunObject,
  source: Source,
  read: (bytes: number) => void = () => {},
): AsyncGenerator<Uint8Array, void, void> {
  const { length } = source;
  const sealer = contentSealer(content);
  let rest: Uint8Array | undefined;
  for await (const piece of pieces(source.chunks())) {
    // What was declared must not be passed: else the whole body would be there before the mistake is found.
    if (length !== undefined && sealer.length + piece.length > length) {
      throw wrongLength(length, sealer.length + piece.length);
    }
    countBytes?.(piece.length);
    const sealed = await sealer.update(piece);
    read(piece.length);
    if (piece.length >= LEAST) yield sealed;
    else rest = sealed;
  }
  if (length !== undefined && sealer.length !== length) throw wrongLength(length, sealer.length);
  const tag = await sealer.final();
  yield rest === undefined ? tag : concat(rest, tag);
}

/** Bytes of a sealed body. */
export function sealedLength(plaintextLength: number): number {
  return plaintextLength + TAG_LENGTH;
}

/** The same bytes in pieces that are neither small nor large; the last may be small. */
async function* pieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const held = new Uint8Array(LEAST);
  let end = 0;
  try {
    for await (const chunk of chunks) {
      let start = 0;
      while (start < chunk.length) {
        if (end === 0 && chunk.length - start >= LEAST) {
          const piece = chunk.subarray(start, start + MOST);
          yield piece;
          start += piece.length;
          continue;
        }
        const part = chunk.subarray(start, start + LEAST - end);
        held.set(part, end);
        end += part.length;
        start += part.length;
        if (end < LEAST) continue;
        yield held;
        end = 0;
      }
    }
    if (end > 0) yield held.subarray(0, end);
  } finally {
    held.fill(0);
  }
}
