// keyfold opens everything under test/vectors that official clients wrote: kept as data, so neither Python nor Java is needed.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  createEncryptionClient,
  type Keyring,
  openObject,
  requiredContextMaterialsManager,
} from "../../../src/index.ts";
import { kmsDiscoveryKeyring, kmsKeyring } from "../../../src/kms/index.ts";
import { createLocalKms } from "../../../src/testing/index.ts";
import { keyringOf } from "../../interop/keyrings.ts";
import { expectRefused, lackingPadding } from "../../support/padding.ts";
import type { PeerKeyring } from "../clients.ts";
import { policyFor } from "../suites.ts";
import type { KmsKeyFixture, MessageVector, MessageVectors, ObjectVectors } from "./format.ts";

const read = <T>(path: string): T =>
  JSON.parse(readFileSync(new URL(`../../vectors/${path}`, import.meta.url), "utf8")) as T;
const bytes = (text: string): Buffer => Buffer.from(text, "base64");

/** The keyrings of a file. Its KMS is the local one, in process, made again from the kept material. */
function keyringsOf(specs: Readonly<Record<string, PeerKeyring>>, keys: readonly KmsKeyFixture[]) {
  const { client } = createLocalKms({
    keys: keys.map(({ id, material }) => ({ id, material: bytes(material) })),
  });
  const make = (spec: PeerKeyring): Keyring =>
    spec.type === "kms" ? kmsKeyring({ client, keyId: spec.keyId }) : keyringOf(spec);
  const discovery = kmsDiscoveryKeyring({
    client,
    filter: { partition: "aws", accountIds: ["111122223333"] },
  });
  return {
    keyrings: Object.fromEntries(
      Object.entries(specs)
        .filter(([, spec]) => lackingPadding(spec) === undefined)
        .map(([name, spec]) => [name, make(spec)]),
    ),
    discovery,
  };
}

/** The pairs that a reader has to bring, since the header does not hold them. */
const broughtPairs = ({ encryptionContext, requiredKeys = [] }: MessageVector): Record<string, string> =>
  Object.fromEntries(Object.entries(encryptionContext).filter(([key]) => requiredKeys.includes(key)));

describe.each(["python.json", "javascript.json"])("messages/%s", (file) => {
  const { kms = [], keyrings: specs, messages } = read<MessageVectors>(`messages/${file}`);
  const { keyrings, discovery } = keyringsOf(specs, kms);

  const clientFor = (vector: MessageVector, keyring: Keyring) => {
    const { requiredKeys } = vector;
    const source =
      requiredKeys === undefined
        ? { keyring }
        : { materialsManager: requiredContextMaterialsManager({ keyring, requiredKeys }) };
    return createEncryptionClient({ ...source, commitmentPolicy: policyFor(vector.suite) });
  };

  const [lacking, here] = [true, false].map((wanted) =>
    messages.filter(({ keyring }) => (lackingPadding(specs[keyring]!) !== undefined) === wanted),
  ) as [MessageVector[], MessageVector[]];
  if (lacking.length > 0) {
    it.each(lacking)("is refused, since this runtime has not its padding: $name", ({ keyring }) =>
      expectRefused(lackingPadding(specs[keyring]!)!),
    );
  }

  it.each(here)("opens: $name", async (vector) => {
    const client = clientFor(vector, keyrings[vector.keyring]!);
    const brought = broughtPairs(vector);
    const opened = await client.decrypt(bytes(vector.ciphertext), { encryptionContext: brought });
    expect(Buffer.from(opened.plaintext).equals(bytes(vector.plaintext))).toBe(true);
    expect(opened.encryptionContext).toMatchObject(vector.encryptionContext);
    if (vector.requiredKeys !== undefined)
      await expect(client.decrypt(bytes(vector.ciphertext))).rejects.toThrow();
  });

  const underKms = messages.filter(({ keyring }) => specs[keyring]!.type === "kms");
  if (underKms.length === 0) return;
  it.each(underKms)("opens by discovery: $name", async (vector) => {
    const opened = await clientFor(vector, discovery).decrypt(bytes(vector.ciphertext));
    expect(Buffer.from(opened.plaintext).equals(bytes(vector.plaintext))).toBe(true);
  });
});

describe.each(["java-raw.json", "java-kms.json", "python-kms.json"])("objects/%s", (file) => {
  const { kms = [], keyrings: specs, objects } = read<ObjectVectors>(`objects/${file}`);
  const { keyrings } = keyringsOf(specs, kms);

  it.each(objects)(
    "opens: $name",
    async ({ keyring: name, encryptionContext, metadata, body, plaintext }) => {
      const keyring = keyrings[name]!;
      const named = Object.keys(encryptionContext).length === 0 ? {} : { encryptionContext };
      const opened = await openObject({ metadata, body: bytes(body) }, { keyring, ...named });
      expect(Buffer.from(opened.plaintext).equals(bytes(plaintext))).toBe(true);
      if (specs[name]!.type !== "kms") return;
      const wrong = { ...encryptionContext, more: "1" };
      await expect(
        openObject({ metadata, body: bytes(body) }, { keyring, encryptionContext: wrong }),
      ).rejects.toMatchObject({
        code: "ERR_ENCRYPTION_CONTEXT",
      });
    },
  );
});
