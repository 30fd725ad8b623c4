import { backend } from "#crypto";
import { andThen } from "../awaitable.ts";
import { concat } from "../bytes/arrays.ts";
import type { Awaitable } from "../types.ts";

// How every key of a hierarchy wraps data keys: never itself, but by a wrapping key derived from it for one data key
// alone. Random IVs under a long-lived key would soon be too many (the birthday bound); so each key of its own has one.

export const SALT_LENGTH = 16;
export const IV_LENGTH = 12;
export const TAG_LENGTH = 16;

/** From what a wrapping key is derived. */
export interface Derivation {
  /** The key of the hierarchy, or another secret. Borrowed. */
  readonly key: Uint8Array;
  /** Tells uses of one key apart. */
  readonly label: Uint8Array;
  /** What this wrapping key alone has, such as a salt. */
  readonly input: Uint8Array;
}

/** A wrapped data key, with its tag. `iv`: random. */
export function wrapUnder(
  derivation: Derivation,
  iv: Uint8Array,
  dataKey: Uint8Array,
  aad: Uint8Array,
): Awaitable<Uint8Array> {
  const wrappingKey = deriveWrappingKey(derivation);
  const wrapped = new Uint8Array(dataKey.length + TAG_LENGTH);
  return andThen(backend.aesGcm(wrappingKey).seal(iv, dataKey, aad, wrapped, 0), () => {
    wrappingKey.fill(0);
    return wrapped;
  });
}

/** The data key in `wrapped`; null if it does not open. */
export function unwrapUnder(
  derivation: Derivation,
  iv: Uint8Array,
  wrapped: Uint8Array,
  aad: Uint8Array,
): Awaitable<Uint8Array | null> {
  const wrappingKey = deriveWrappingKey(derivation);
  return andThen(backend.aesGcm(wrappingKey).open(iv, wrapped, aad), (dataKey) => {
    wrappingKey.fill(0);
    return dataKey;
  });
}

const COUNTER: Uint8Array = Uint8Array.of(0, 0, 0, 1);
const SEPARATOR: Uint8Array = Uint8Array.of(0);
const BITS: Uint8Array = Uint8Array.of(0, 0, 1, 0);

/** 32 bytes: one block of a KDF in counter mode with HMAC-SHA256 (NIST SP 800-108r1, section 4.1). */
function deriveWrappingKey({ key, label, input }: Derivation): Uint8Array {
  return backend.hmac("sha256", key, concat(COUNTER, label, SEPARATOR, input, BITS));
}
