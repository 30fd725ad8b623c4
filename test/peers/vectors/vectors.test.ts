// keyfold opens everything under test/vectors that official clients wrote: kept as data, so neither Python nor Java is needed.
import { describe, expect, it } from "vitest";
import {
  createEncryptionClient,
  type Keyring,
  openObject,
  requiredContextMaterialsManager,
} from "../../../src/index.ts";
import { kmsDiscoveryKeyring } from "../../../src/kms/index.ts";
import { expectRefused, lackingPadding } from "../../support/padding.ts";
import { policyFor } from "../suites.ts";
import type { MessageVector, MessageVectors, ObjectVectors } from "./format.ts";
import { bytes, keyringsOf, readVectors } from "./keyrings.ts";

/** The pairs that a reader has to bring, since the header does not hold them. */
const broughtPairs = ({ encryptionContext, requiredKeys = [] }: MessageVector): Record<string, string> =>
  Object.fromEntries(Object.entries(encryptionContext).filter(([key]) => requiredKeys.includes(key)));

describe.each(["python.json", "javascript.json"])("messages/%s", (file) => {
  const { kms = [], keyrings: specs, messages } = readVectors<MessageVectors>(`messages/${file}`);
  const { keyrings, client } = keyringsOf(specs, kms);
  const filter = { partition: "aws", accountIds: ["111122223333"] };
  const discovery = kmsDiscoveryKeyring({ client, filter });

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
  const { kms = [], keyrings: specs, objects } = readVectors<ObjectVectors>(`objects/${file}`);
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
