import { Gathered } from "../bytes/gathered.ts";
import { LimitError } from "../errors.ts";

/** S3 takes no more in one upload. */
export const MAX_PARTS = 10_000;

/** One part of an upload. */
export interface Part {
  /** From 1. */
  readonly number: number;
  readonly isLast: boolean;
  /** Valid until `release`, which gives their memory to a later part. */
  readonly bytes: Uint8Array;
  release(): void;
}

/** Cuts chunks into parts of one size, but for the last. As many are held as are asked for and not released. */
export async function* cutParts(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Part, void, void> {
  const free: Gathered[] = [];
  let memory = new Gathered(size);
  let number = 1;
  const part = (isLast: boolean): Part => {
    const used = memory;
    const release = () => {
      used.clear();
      free.push(used);
    };
    return { number, isLast, bytes: used.bytes, release };
  };
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      // Not before more has come: a full part may be the last.
      if (memory.length === size) {
        if (number === MAX_PARTS) throw tooManyParts(number + 1);
        yield part(false);
        memory = free.pop() ?? new Gathered(size, size);
        number += 1;
      }
      start += memory.add(chunk.subarray(start));
    }
  }
  yield part(true);
}

export function tooManyParts(parts: number): LimitError {
  return new LimitError("MAX_PARTS", parts, MAX_PARTS, "Parts of one upload (make them larger by partSize)");
}
