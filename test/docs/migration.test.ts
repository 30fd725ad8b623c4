// docs/migration.md: what the official client says, and what keyfold says in the same case, as the page has them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { buildClient, CommitmentPolicy } from "@aws-crypto/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEncryptionClient, type MessageSuiteId } from "../../src/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { keyringOf } from "../interop/keyrings.ts";
import { officialClient, officialKeyring } from "../official-js/official.ts";
import type { PeerKeyring } from "../peers/clients.ts";
import { aesKeyring } from "../peers/keys.ts";
import { policyFor } from "../peers/suites.ts";
import { failure, outcome } from "../support/failure.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/migration.md"), "utf8");
const section = page.slice(page.indexOf("## Errors by code"), page.indexOf("## What has no counterpart"));
/** Both cells of each row of the table of errors. */
const rows = section
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.slice(2, -2).split(" | ") as [string, string]);
const textsOf = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);

const kms = createLocalKms();
const { arn, keyId } = kms.createKey();
let byKms: PeerKeyring;
beforeAll(async () => {
  byKms = { type: "kms", endpoint: (await kms.listen()).url, keyId: arn };
});
afterAll(() => kms.close());

const official = officialClient("require-encrypt-require-decrypt");
const spec = aesKeyring(32);
const other = { ...spec, name: "another" };
const plaintext = new Uint8Array(10);
const theirs = (keyring: PeerKeyring = spec) => officialKeyring(keyring, { utf8Sorting: true });
const ours = (keyring: PeerKeyring = spec) => createEncryptionClient({ keyring: keyringOf(keyring) });

async function written(suite: MessageSuiteId, keyring: PeerKeyring = spec): Promise<Uint8Array> {
  const commitmentPolicy = policyFor(suite);
  const client = createEncryptionClient({ keyring: keyringOf(keyring), suite, commitmentPolicy });
  return (await client.encrypt(plaintext)).ciphertext;
}
const altered = (bytes: Uint8Array, fromEnd: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[copy.length - fromEnd]! ^= 1;
  return copy;
};

interface Case {
  readonly there: string;
  readonly here: string;
  /** Has the official client fail. */
  official(): Promise<unknown>;
  /** Has keyfold fail at the same. */
  keyfold(): unknown;
}

/** Both read these bytes. */
const reading = (
  there: string,
  here: string,
  make: () => Promise<Uint8Array>,
  keyring?: () => PeerKeyring,
): Case => ({
  there,
  here,
  official: async () => official.decrypt(theirs(keyring?.()), await make()),
  keyfold: async () => ours(keyring?.()).decrypt(await make()),
});

// The last frame of ten bytes is 50 long, the header's tag before it 16, the commitment before that 32.
const cases: readonly Case[] = [
  reading(
    "unencryptedDataKey has not been set",
    "ERR_NO_DATA_KEY",
    () => written(0x0478),
    () => other,
  ),
  {
    there: "unencryptedDataKey has not been set",
    here: "ERR_INVALID_ARGUMENT",
    official: async () => official.encrypt(theirs(discovery()), plaintext),
    keyfold: () => ours(discovery()).encrypt(plaintext),
  },
  {
    there: "Unable to decrypt data key and one or more KMS CMKs had an error.",
    here: "ERR_NO_DATA_KEY",
    official: async () => official.decrypt(theirs(byKms), await sealedThenDisabled()),
    keyfold: async () => ours(byKms).decrypt(await sealedThenDisabled()),
  },
  {
    there: "DisabledException",
    here: "ERR_KMS_KEY_DISABLED",
    official: async () => official.encrypt(theirs(byKms), plaintext),
    keyfold: () => ours(byKms).encrypt(plaintext),
  },
  reading(
    "Configuration conflict. Cannot process message with ID ... due to CommitmentPolicy ...",
    "ERR_COMMITMENT_POLICY",
    () => written(0x0178),
  ),
  {
    there: "Configuration conflict. Cannot encrypt due to CommitmentPolicy ...",
    here: "ERR_COMMITMENT_POLICY",
    official: () => official.encrypt(theirs(), plaintext, { suiteId: 0x0178 as never }),
    keyfold: () => createEncryptionClient({ keyring: keyringOf(spec), suite: 0x0178 }),
  },
  reading("Commitment does not match.", "ERR_AUTHENTICATION", async () =>
    altered(await written(0x0478), 50 + 16 + 8),
  ),
  reading("Invalid Signature", "ERR_AUTHENTICATION", async () => altered(await written(0x0578), 5)),
  reading("Unsupported state or unable to authenticate data", "ERR_AUTHENTICATION", async () =>
    altered(await written(0x0478), 20),
  ),
  reading("Invalid Signature", "ERR_TRUNCATED", async () => (await written(0x0578)).slice(0, -20)),
  reading("Incomplete Header", "ERR_TRUNCATED", async () => (await written(0x0478)).slice(0, 60)),
  reading("Incomplete message", "ERR_TRUNCATED", async () => (await written(0x0478)).slice(0, -20)),
  reading("Not a supported message format version.", "ERR_MESSAGE_FORMAT", async () =>
    new Uint8Array(100).fill(0x61),
  ),
  {
    there: "maxEncryptedDataKeys exceeded.",
    here: "ERR_LIMIT",
    async official() {
      const commitmentPolicy = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT;
      return buildClient({ commitmentPolicy, maxEncryptedDataKeys: 1 }).decrypt(
        theirs(),
        await written(0x0478, two),
      );
    },
    keyfold: async () =>
      createEncryptionClient({ keyring: keyringOf(spec), maxEncryptedDataKeys: 1 }).decrypt(
        await written(0x0478, two),
      ),
  },
  {
    there: "frameLength out of bounds: ...",
    here: "ERR_INVALID_ARGUMENT",
    official: () => official.encrypt(theirs(), plaintext, { frameLength: 0 }),
    keyfold: () => createEncryptionClient({ keyring: keyringOf(spec), frameLength: 0 }),
  },
];
const two: PeerKeyring = { type: "multi", children: [spec, other] };
const discovery = (): PeerKeyring => ({
  ...{ type: "kms-discovery", endpoint: (byKms as { endpoint: string }).endpoint },
  ...{ partition: "aws", accountIds: [arn.split(":")[4]!] },
});

async function sealedThenDisabled(): Promise<Uint8Array> {
  kms.enableKey(keyId);
  const ciphertext = await written(0x0478, byKms);
  kms.disableKey(keyId);
  return ciphertext;
}

describe("errors", () => {
  it.each(cases.map((one) => [`${one.there}: ${one.here}`, one] as const))(
    "%s",
    async (_, { there, here, official, keyfold }) => {
      const told = (await outcome(official)) as Error;
      for (const part of there.split(" ...")) expect(`${told.name}: ${told.message}`).toContain(part);
      await failure(async () => keyfold(), here as never);
      expect(rows.some(([left, right]) => textsOf(left).includes(there) && right.includes(here))).toBe(true);
    },
  );

  it("the page has no others, but for the one that keyfold does not have", () => {
    const known = new Set(cases.map(({ there }) => there));
    const rest = rows.flatMap(([left]) => textsOf(left)).filter((text) => !known.has(text));
    expect(rest).toEqual([
      "Configuration conflict. ... decryptUnsignedMessageStream requiring only un-signed messages",
    ]);
  });

  it("their stream for unsigned messages refuses a signed one, and ours holds it", async () => {
    const ciphertext = await written(0x0578);
    const stream = official.decryptUnsignedMessageStream(theirs());
    stream.end(ciphertext);
    const error = (await outcome(buffer(stream))) as Error;
    expect(error.message).toContain("decryptUnsignedMessageStream requiring only un-signed messages");
    const opener = new Blob([ciphertext as Uint8Array<ArrayBuffer>])
      .stream()
      .pipeThrough(ours().decryptStream());
    expect(new Uint8Array(await new Response(opener).arrayBuffer())).toEqual(plaintext);
  });
});

describe("what differs", () => {
  it("suites, frames, and what 1 KiB becomes", async () => {
    const raw = { ...spec, namespace: "orders", name: "2026-01" };
    const { result, messageHeader } = await official.encrypt(theirs(raw), new Uint8Array(1024));
    const { ciphertext, message } = await ours(raw).encrypt(new Uint8Array(1024));
    expect([messageHeader.suiteId, messageHeader.frameLength]).toEqual([0x0578, 4096]);
    expect([message.suite.id, message.frameLength]).toEqual([0x0478, 65_536]);
    expect(page).toContain(`${ciphertext.length.toLocaleString("en")} from ours`);
    // The signature's length varies by a few bytes.
    expect(Math.abs(result.length - 1444)).toBeLessThanOrEqual(3);
  });

  it("bytes behind the end, and reserved keys, pass there and not here", async () => {
    const longer = Buffer.concat([await written(0x0478), Buffer.of(0)]);
    await official.decrypt(theirs(), longer);
    await failure(ours().decrypt(longer), "ERR_MESSAGE_FORMAT");
    const encryptionContext = { "aws-crypto-mine": "1" };
    const { result } = await official.encrypt(theirs(), plaintext, { encryptionContext });
    await failure(ours().decrypt(result), "ERR_MESSAGE_FORMAT");
    await failure(ours().encrypt(plaintext, { encryptionContext }), "ERR_ENCRYPTION_CONTEXT");
  });

  it("their signed streams are released before the signature", async () => {
    const { result } = await official.encrypt(theirs(), new Uint8Array(100_000));
    const bytes = altered(result, 5);
    const stream = official.decryptStream(theirs());
    let released = 0;
    stream.on("data", (piece: Uint8Array) => {
      released += piece.length;
    });
    stream.end(bytes);
    const error = await new Promise<Error>((resolve) => stream.once("error", resolve));
    expect(error.message).toContain("Invalid Signature");
    expect(released).toBeGreaterThan(50_000);
    await failure(ours().decrypt(bytes), "ERR_AUTHENTICATION");
  });
});
