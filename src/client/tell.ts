import { notify, type Observer } from "../observer.ts";
import type { AlgorithmSuite } from "../suites/table.ts";

/** Tells the observer that a message or an object was sealed or opened. */
export function tell(
  observer: Observer | undefined,
  type: "encrypted" | "decrypted",
  suite: AlgorithmSuite,
  plaintextBytes: number,
  ciphertextBytes: number,
  object?: { readonly bucket: string; readonly key: string },
): void {
  if (observer === undefined) return;
  const event = { type, format: suite.format, suiteId: suite.id, plaintextBytes, ciphertextBytes };
  notify(observer, object === undefined ? event : { ...event, object });
}
