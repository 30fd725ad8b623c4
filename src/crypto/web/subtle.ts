import { UnsupportedError } from "../../errors.ts";

/** The runtime's WebCrypto. Browsers have it in secure contexts only. */
export function subtle(): SubtleCrypto {
  return globalThis.crypto?.subtle ?? missing("crypto.subtle");
}

/** Fills bytes at random. */
export function fillRandom(bytes: Uint8Array): void {
  (globalThis.crypto ?? missing("crypto")).getRandomValues(source(bytes));
}

function missing(what: string): never {
  throw new UnsupportedError(
    "WebCrypto",
    `This runtime has no WebCrypto here (${what}). Browsers offer it in secure contexts only: use https or localhost.`,
  );
}

/** WebCrypto's types want memory that is not shared; ours never is. */
export function source(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
