// Runtimes differ in RSA paddings. A test of one that is missing here proves that it is refused by its name: none is skipped.
import { expect, it } from "vitest";
import { backend } from "#crypto";
import { type RsaPadding, rawRsaKeyring, UnsupportedError } from "../../src/index.ts";
import type { PeerKeyring } from "../peers/clients.ts";
import { failure } from "./failure.ts";

export const hasPadding = (padding: RsaPadding): boolean => backend.rsaPaddings.includes(padding);

const unread = (padding: RsaPadding) =>
  rawRsaKeyring({ namespace: "n", name: "k", padding, publicKey: "never read" });

/** Proves that keyrings of this padding are refused here: those given, else one whose key cannot have been read. */
export async function expectRefused(
  padding: RsaPadding,
  make: () => unknown = () => unread(padding),
): Promise<void> {
  const error = await failure<UnsupportedError>(make, "ERR_UNSUPPORTED");
  expect(error).toBeInstanceOf(UnsupportedError);
  expect(error.capability).toBe(`RSA ${padding}`);
}

/** A test that needs this padding; where the runtime lacks it, a test that says so. */
export function itWith(padding: RsaPadding, title: string, test: () => void | Promise<void>): void {
  if (hasPadding(padding)) it(title, test);
  else it(`${title} [no ${padding} here: refused]`, () => expectRefused(padding));
}

/** The first padding that a keyring needs and this runtime lacks. */
export function lackingPadding(spec: PeerKeyring): RsaPadding | undefined {
  if (spec.type === "raw-rsa") return hasPadding(spec.padding) ? undefined : spec.padding;
  if (spec.type !== "multi") return undefined;
  for (const part of [...(spec.generator ? [spec.generator] : []), ...spec.children]) {
    const lacking = lackingPadding(part);
    if (lacking !== undefined) return lacking;
  }
  return undefined;
}
