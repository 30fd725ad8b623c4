import { readFileSync } from "node:fs";
import type { Keyring } from "../../../src/index.ts";
import { kmsKeyring } from "../../../src/kms/index.ts";
import { createLocalKms, type LocalKmsClient } from "../../../src/testing/index.ts";
import { keyringOf } from "../../interop/keyrings.ts";
import { lackingPadding } from "../../support/padding.ts";
import type { PeerKeyring } from "../clients.ts";
import type { KmsKeyFixture } from "./format.ts";

export const readVectors = <T>(path: string): T =>
  JSON.parse(readFileSync(new URL(`../../vectors/${path}`, import.meta.url), "utf8")) as T;

export const bytes = (text: string): Buffer => Buffer.from(text, "base64");

/** The keyrings of a file of vectors. Its KMS is the local one, in process, made again from the kept material. */
export function keyringsOf(
  specs: Readonly<Record<string, PeerKeyring>>,
  keys: readonly KmsKeyFixture[],
): { readonly keyrings: Readonly<Record<string, Keyring>>; readonly client: LocalKmsClient } {
  const { client } = createLocalKms({
    keys: keys.map(({ id, material }) => ({ id, material: bytes(material) })),
  });
  const make = (spec: PeerKeyring): Keyring =>
    spec.type === "kms" ? kmsKeyring({ client, keyId: spec.keyId }) : keyringOf(spec);
  const here = Object.entries(specs).filter(([, spec]) => lackingPadding(spec) === undefined);
  return { client, keyrings: Object.fromEntries(here.map(([name, spec]) => [name, make(spec)])) };
}
