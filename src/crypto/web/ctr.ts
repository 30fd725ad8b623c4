import { ctr as nobleCtr } from "@noble/ciphers/aes.js";
import { copy } from "../../bytes/arrays.ts";
import { getU32, setU32 } from "../../bytes/integers.ts";
import { keyStream } from "../counter.ts";
import type { StreamCipher } from "../object-ciphers.ts";
import { source, subtle } from "./subtle.ts";

const BLOCK_LENGTH = 16;
// Below this noble is done before WebCrypto has answered.
const SMALL = 1024;

/** AES-CTR: short pieces by noble, at once; long ones by WebCrypto. 32-byte key. */
export function ctr(key: Uint8Array, counterBlock: Uint8Array): StreamCipher {
  const take = keyStream(counterBlock);
  const first = copy(counterBlock);
  let imported: CryptoKey | undefined;

  // Once the key is there, WebCrypto has its work when this returns its promise.
  const encipher = async (counter: Uint8Array, data: Uint8Array): Promise<Uint8Array> => {
    imported ??= await subtle().importKey("raw", source(key), "AES-CTR", false, ["encrypt"]);
    const algorithm = { name: "AES-CTR", counter: source(counter), length: 32 };
    return new Uint8Array(await subtle().encrypt(algorithm, imported, source(data)));
  };

  return {
    update(data) {
      const start = take(data.length);
      const counter = copy(first);
      setU32(counter, 12, getU32(first, 12) + Math.floor(start / BLOCK_LENGTH));
      // A piece that starts inside a block is pushed to its place there.
      const skip = start % BLOCK_LENGTH;
      const placed = skip === 0 ? data : new Uint8Array(skip + data.length);
      if (skip > 0) placed.set(data, skip);
      const done = (out: Uint8Array): Uint8Array => {
        if (skip > 0) placed.fill(0);
        out.fill(0, 0, skip);
        return out.subarray(skip);
      };
      if (data.length <= SMALL) return done(nobleCtr(key, counter).encrypt(placed));
      return encipher(counter, placed).then(done);
    },
  };
}
