import { UnsupportedError } from "../../errors.ts";

/** The runtime's WebCrypto. Browsers have it in secure contexts only. */
export function subtle(): SubtleCrypto {
  const found = globalThis.crypto?.subtle;
  if (found !== undefined) return found;
  throw new UnsupportedError(
    "WebCrypto",
    "This runtime has no WebCrypto here (crypto.subtle). Browsers offer it in secure contexts only: use https or localhost.",
  );
}

/** WebCrypto's types want memory that is not shared; ours never is. */
export function source(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
