import { describe, expect, it } from "vitest";
import { cutParts, type Part } from "../../src/s3/cut-parts.ts";
import { counting, join } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { inPieces } from "./rig.ts";

const SIZE = 100;

async function* chunksOf(bytes: Uint8Array, piece: number): AsyncGenerator<Uint8Array, void, void> {
  yield* inPieces(bytes, piece);
}

const cut = (length: number, piece = 7) => cutParts(chunksOf(counting(length), piece), SIZE);

/** The next part, which must be there. */
async function take(parts: AsyncGenerator<Part, void, void>): Promise<Part> {
  const { value } = await parts.next();
  if (value === undefined) throw new Error("no part is left");
  return value;
}

describe("parts", () => {
  it.each([
    [1, [1]],
    [99, [99]],
    [100, [100]],
    [101, [100, 1]],
    [200, [100, 100]],
    [350, [100, 100, 100, 50]],
  ])("of %d bytes are as long as %j, whatever the chunks", async (length, lengths) => {
    for (const piece of [1, 7, 100, 101, 1000]) {
      const seen: Part[] = [];
      for await (const part of cut(length, piece)) seen.push(part);
      expect(seen.map(({ bytes }) => bytes.length)).toEqual(lengths);
      expect(seen.map(({ number }) => number)).toEqual(lengths.map((_, i) => i + 1));
      expect(seen.map(({ isLast }) => isLast)).toEqual(lengths.map((_, i) => i === lengths.length - 1));
      // None has been released, so that none was written over.
      expect(join(...seen.map(({ bytes }) => bytes))).toEqual(counting(length));
    }
  });

  it("are written to the memory of those that were released", async () => {
    const parts = cut(5 * SIZE);
    const [one, two] = [await take(parts), await take(parts)];
    one.release();
    const three = await take(parts);
    expect(three.bytes.buffer).toBe(one.bytes.buffer);
    expect(three.bytes).toEqual(counting(5 * SIZE).subarray(2 * SIZE, 3 * SIZE));
    expect(two.bytes).toEqual(counting(5 * SIZE).subarray(SIZE, 2 * SIZE));
    const four = await take(parts);
    expect([one, two, three].map(({ bytes }) => bytes.buffer)).not.toContain(four.bytes.buffer);
  });

  it("are not asked of the source before somebody asks for them", async () => {
    let given = 0;
    const endless = async function* () {
      for (;;) {
        given += 1;
        yield counting(SIZE);
      }
    };
    const parts = cutParts(endless(), SIZE);
    expect(given).toBe(0);
    await take(parts);
    // One more, which tells that the part was not the last.
    expect(given).toBe(2);
    await parts.return();
  });

  it("may be 10,000", async () => {
    const cutThin = (length: number) => cutParts(chunksOf(counting(length), 4096), 1);
    let count = 0;
    for await (const part of cutThin(10_000)) {
      count += 1;
      part.release();
    }
    expect(count).toBe(10_000);
    const more = async () => {
      for await (const part of cutThin(10_001)) part.release();
    };
    expect(await failure(more, "ERR_LIMIT")).toMatchObject({ limit: "MAX_PARTS", actual: 10_001 });
  });
});
