import type { Context } from "./clients.ts";

/** Contexts that every cell of a matrix meets. */
export const contexts: Readonly<Record<string, Context>> = {
  "no context": {},
  "two pairs": { tenant: "t1", purpose: "interop" },
  // Byte order, UTF-16 order and locale order of these keys are three different orders.
  "mixed-case and non-ASCII keys": {
    apple: "1",
    Banana: "2",
    ärger: "3 é",
    zebra: "4",
    Zebra: "5",
    "\uff5efullwidth": "6",
    𐍈gothic: "7 𝄞",
  },
};
