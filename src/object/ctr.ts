import { objectCiphers } from "#crypto";
import { setU32 } from "../bytes/integers.ts";
import type { StreamCipher } from "../crypto/object-ciphers.ts";
import { BLOCK, type ContentKey } from "./content.ts";

/** GCM without its tag is CTR, whose first block of content has the number 2 (NIST SP 800-38D, section 7.1). */
export function ctrFrom({ key, iv }: ContentKey, block: number): StreamCipher {
  const counter = new Uint8Array(BLOCK);
  counter.set(iv);
  setU32(counter, iv.length, 2 + block);
  return objectCiphers.ctr(key, counter);
}
