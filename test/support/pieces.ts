import fc from "fast-check";
import type { StreamCipher } from "../../src/crypto/object-ciphers.ts";
import { join } from "./bytes.ts";

/** A text's length, and where to cut it: in the middle of blocks and at their ends, into short pieces and long ones. */
export const someCuts: fc.Arbitrary<{ length: number; cuts: number[] }> = fc
  .oneof(
    fc.integer({ min: 0, max: 100 }),
    fc.integer({ min: 1000, max: 5000 }),
    fc.constantFrom(65_536, 131_072, 200_003, 1_048_577),
  )
  .chain((length) =>
    fc.record({
      length: fc.constant(length),
      cuts: fc.array(
        fc.oneof(
          fc.integer({ min: 0, max: length }),
          fc.integer({ min: 0, max: Math.floor(length / 16) }).map((block) => 16 * block),
        ),
        { maxLength: 8 },
      ),
    }),
  );

/** These bytes, cut there. Two equal cuts make an empty piece. */
export function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.filter((cut) => cut <= bytes.length), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

/** What a cipher makes of these pieces, one after the other. */
export async function through(cipher: StreamCipher, given: readonly Uint8Array[]): Promise<Uint8Array> {
  const out: Uint8Array[] = [];
  for (const piece of given) {
    const made = await cipher.update(piece);
    if (made.length !== piece.length) throw new Error("a piece came back with another length");
    out.push(made);
  }
  return join(...out);
}
