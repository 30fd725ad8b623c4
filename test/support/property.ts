import fc from "fast-check";

const { KEYFOLD_SEED: given } = process.env;
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);

/** Checks a property over random inputs. A failure names the seed, which runs the same inputs again. */
export async function check<T>(
  inputs: fc.Arbitrary<T>,
  property: (input: T) => void | Promise<void>,
  numRuns = 100,
): Promise<void> {
  const holds = fc.asyncProperty(inputs, async (input) => property(input));
  try {
    await fc.assert(holds, { seed, numRuns });
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`Run these inputs again with KEYFOLD_SEED=${seed}\n${message}`, { cause: error });
  }
}

/** Random bytes of random length. */
export function someBytes(maxLength: number, minLength = 0): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}

/** Text with all planes of Unicode, without lone surrogates. */
export function someText(maxLength = 20): fc.Arbitrary<string> {
  return fc.string({ unit: "binary", maxLength });
}

/** An encryption context that may be written. */
export function someContext(maxKeys = 6): fc.Arbitrary<Record<string, string>> {
  const key = someText().filter((text) => !text.startsWith("aws-crypto-"));
  return fc.dictionary(key, someText(), { maxKeys });
}
