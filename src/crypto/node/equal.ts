import { timingSafeEqual } from "node:crypto";

/** Whether two secrets are the same, in time that does not depend on their bytes. Lengths are not secret. */
export const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b);
