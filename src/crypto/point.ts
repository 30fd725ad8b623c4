import { copy } from "../bytes/arrays.ts";

/** The compressed form of an uncompressed curve point (SEC 1, section 2.3.3). */
export function compressPoint(uncompressed: Uint8Array): Uint8Array {
  const length = (uncompressed.length - 1) / 2;
  const out = copy(uncompressed, 0, 1 + length);
  out[0] = 2 | (uncompressed[2 * length]! & 1);
  return out;
}
