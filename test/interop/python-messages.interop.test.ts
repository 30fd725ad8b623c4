// keyfold and the official AWS Encryption SDK for Python read each other's messages.
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { backend } from "#crypto";
import { createEncryptionClient } from "../../src/index.ts";
import { cross, type ImpossibleCell, row } from "../peers/cells.ts";
import { type PeerKeyring, startPython } from "../peers/clients.ts";
import { contexts } from "../peers/contexts.ts";
import { type MessageSuiteId, messageSuites, policyFor } from "../peers/suites.ts";
import { sample } from "../peers/vectors/format.ts";
import { expectRefused, lackingPadding } from "../support/padding.ts";
import { keyringOf } from "./keyrings.ts";
import { kmsKinds, localKinds, type Pair, type SharedKey } from "./kinds.ts";
import { startSharedKms } from "./shared-kms.ts";

/** Python writes multiples of 128 only: it takes the cipher's block size in bits for bytes. */
const FRAME = 128;
const sizes = { empty: 0, "1 byte": 1, "one frame": FRAME, "exact multiple": 3 * FRAME, "many frames": 1000 };
const cells = cross(Object.entries(sizes), Object.entries(contexts));
/** 11 suites, 14 keyrings, 2 directions, 5 sizes, 3 contexts, on each backend. A list that shrinks must not go unseen. */
const TOTAL = 11 * 14 * 2 * 5 * 3;
/** `lacking`: what keyfold refuses on this backend. */
const tally = { passed: 0, lacking: 0 };
const label = ([[size], [context]]: (typeof cells)[number]): string => `${size}, ${context}`;

let python: Awaited<ReturnType<typeof startPython>>;
let kms: SharedKey & { stop(): Promise<void> };
beforeAll(async () => {
  [python, kms] = await Promise.all([startPython(), startSharedKms()]);
});
afterAll(() => Promise.all([python.stop(), kms.stop()]));

async function pythonReads(
  context: TestContext,
  suite: MessageSuiteId,
  { writer, reader }: Pair,
): Promise<void> {
  const policy = { commitmentPolicy: policyFor(suite) };
  const client = createEncryptionClient({ keyring: keyringOf(writer), suite, frameLength: FRAME, ...policy });
  await row(context, cells, label, async ([[, size], [, encryptionContext]]) => {
    const plaintext = sample(size);
    const { ciphertext } = await client.encrypt(plaintext, { encryptionContext });
    const opened = await python.decrypt(ciphertext, { keyring: reader, encryptionContext, ...policy });
    expect(opened.plaintext.equals(plaintext)).toBe(true);
    expect(opened.encryptionContext).toMatchObject(encryptionContext);
    expect(opened.suite).toBe(suite);
  });
  tally.passed += cells.length;
}

async function keyfoldReads(
  context: TestContext,
  suite: MessageSuiteId,
  { writer, reader }: Pair,
): Promise<void> {
  const policy = { commitmentPolicy: policyFor(suite) };
  const client = createEncryptionClient({ keyring: keyringOf(reader), ...policy });
  await row(context, cells, label, async ([[, size], [, encryptionContext]]) => {
    const plaintext = sample(size);
    const request = { keyring: writer, suite, frameLength: FRAME, encryptionContext, ...policy };
    const opened = await client.decrypt(await python.encrypt(plaintext, request), { encryptionContext });
    expect(Buffer.from(opened.plaintext).equals(plaintext)).toBe(true);
    expect(opened.encryptionContext).toMatchObject(encryptionContext);
  });
  tally.passed += cells.length;
}

/** A row in which keyfold has this keyring. Where the backend lacks it, the row proves that it is refused by name. */
function itWith(spec: PeerKeyring, title: string, test: (context: TestContext) => Promise<void>): void {
  const padding = lackingPadding(spec);
  if (padding === undefined) {
    it(title, test);
    return;
  }
  it(`${title} [no ${padding} here: refused]`, async () => {
    await expectRefused(padding, () => keyringOf(spec));
    tally.lacking += cells.length;
  });
}

describe.each(messageSuites)("$name", (suite) => {
  describe.each(Object.entries(localKinds))("%s", (_, pair) => {
    itWith(pair.writer, "Python reads keyfold's", (context) => pythonReads(context, suite.id, pair));
    itWith(pair.reader, "keyfold reads Python's", (context) => keyfoldReads(context, suite.id, pair));
  });
  describe.each(Object.entries(kmsKinds))("%s", (_, pair) => {
    it("Python reads keyfold's", (context) => pythonReads(context, suite.id, pair(kms)));
    it("keyfold reads Python's", (context) => keyfoldReads(context, suite.id, pair(kms)));
  });
});

it("every cell ran, or is listed", ({ task }) => {
  const listed: ImpossibleCell[] = [
    {
      cell: "a discovery keyring that writes, on either side",
      reason: "it names no key; the material providers' discovery keyring fails on encrypt",
    },
    {
      cell: "frame lengths that are no multiple of 128, written by Python",
      reason: '"Frame size must be a non-negative multiple of the block size of the crypto algorithm: 128"',
    },
    {
      cell: "non-framed messages written by keyfold",
      reason: "keyfold reads non-framed bodies and never writes them; Python's are read in python-special",
    },
  ];
  if (tally.lacking > 0) {
    listed.push({
      cell: `messages under raw RSA pkcs1, both ways (${tally.lacking} cells)`,
      reason:
        "WebCrypto has no RSA PKCS#1 v1.5 encryption: keyfold refuses such a keyring (ERR_UNSUPPORTED), as each row proved",
    });
  }
  task.meta.impossible = listed;
  expect(tally.passed + tally.lacking).toBe(TOTAL);
  // 11 suites, 2 directions, one keyring.
  expect(tally.lacking).toBe(backend.name === "web" ? 11 * 2 * cells.length : 0);
});
