// Each library reads what the other writes: every suite, keyring, size and context, as bytes and as streams.
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { inspectMessage } from "../../src/index.ts";
import { keyringOf } from "../interop/keyrings.ts";
import { kmsKinds, localKinds, type Pair } from "../interop/kinds.ts";
import { startSharedKms } from "../interop/shared-kms.ts";
import { cross, row } from "../peers/cells.ts";
import { contexts } from "../peers/contexts.ts";
import { sample } from "../peers/vectors/format.ts";
import { impossible } from "./impossible.ts";
import { officialKeyring } from "./official.ts";
import { PKCS1_REASON, type Pkcs1Peer, startPkcs1Peer } from "./pkcs1.ts";
import {
  keyfoldReader,
  keyfoldWriter,
  MODES,
  officialReader,
  officialWriter,
  type Reader,
  type Writer,
  type WriterOptions,
} from "./sides.ts";
import { wrappingKeysOf } from "./specs.ts";
import { suites } from "./suites.ts";

const FRAME = 100;
const sizes = { empty: 0, "1 byte": 1, "one frame": FRAME, "exact multiple": 4 * FRAME, "many frames": 1234 };
const cells = cross(cross(Object.entries(sizes), Object.entries(contexts)), MODES);
const label = ([[[size], [context]], mode]: (typeof cells)[number]): string => `${size}, ${context}, ${mode}`;

/** 11 suites, 14 keyrings, 2 directions, 5 sizes, 3 contexts, 2 modes. A list that shrinks must not go unseen. */
const TOTAL = 11 * 14 * 2 * 5 * 3 * 2;
const tally = { passed: 0, impossible: 0 };

const utf8Sorting = true;
let kms: Awaited<ReturnType<typeof startSharedKms>>;
let pkcs1: Pkcs1Peer | null;
beforeAll(async () => {
  [kms, pkcs1] = await Promise.all([startSharedKms(), startPkcs1Peer()]);
});
afterAll(() => Promise.all([kms?.stop(), pkcs1?.stop()]));

/** One message: written, inspected without a key, opened, and compared in all that both sides know of it. */
async function exchange(
  [[[, size], [, context]], mode]: (typeof cells)[number],
  { writer: spec }: Pair,
  { suite }: WriterOptions,
  { writer, reader }: { readonly writer: Writer; readonly reader: Reader },
): Promise<void> {
  const plaintext = sample(size);
  const ciphertext = await writer.seal(plaintext, context, mode);
  const wrappingKeys = wrappingKeysOf(spec);

  const facts = inspectMessage(ciphertext);
  expect(facts.suite.id).toBe(suite);
  expect(facts.frameLength).toBe(FRAME);
  expect(facts.encryptionContext).toEqual(context);
  expect(facts.wrappingKeys).toEqual(wrappingKeys);
  if (facts.suite.signature === null) expect(facts.plaintextSize(ciphertext.length)).toBe(size);
  else expect(facts.plaintextSize(ciphertext.length)).toBeGreaterThanOrEqual(size);

  const opened = await reader.open(ciphertext, context, mode);
  expect(plaintext.equals(opened.plaintext)).toBe(true);
  expect(opened.suite).toBe(suite);
  expect(opened.frameLength).toBe(FRAME);
  expect(opened.encryptionContext).toEqual(context);
  expect(opened.providerIds).toEqual(wrappingKeys.map(({ providerId }) => providerId));
}

async function officialReads(test: TestContext, pair: Pair, options: WriterOptions): Promise<void> {
  const writer = keyfoldWriter(keyringOf(pair.writer), options);
  const { reader: spec } = pair;
  const inProcess = officialReader(officialKeyring(spec, { utf8Sorting }), options);
  if (spec.type !== "raw-rsa" || spec.padding !== "pkcs1") {
    await row(test, cells, label, (cell) => exchange(cell, pair, options, { writer, reader: inProcess }));
  } else if (pkcs1 !== null) {
    const reader = pkcs1.reader(spec, options);
    await row(test, cells, label, (cell) => exchange(cell, pair, options, { writer, reader }));
  } else {
    tally.impossible += cells.length;
    const ciphertext = await writer.seal(sample(1), {}, "buffer");
    await expect(inProcess.open(ciphertext, {}, "buffer")).rejects.toThrow();
    return;
  }
  tally.passed += cells.length;
}

async function keyfoldReads(test: TestContext, pair: Pair, options: WriterOptions): Promise<void> {
  const writer = officialWriter(officialKeyring(pair.writer, { utf8Sorting }), options);
  const reader = keyfoldReader(keyringOf(pair.reader), options);
  await row(test, cells, label, (cell) => exchange(cell, pair, options, { writer, reader }));
  tally.passed += cells.length;
}

describe.each(suites)("$name", ({ suite, policy }) => {
  const options = { suite, policy, frameLength: FRAME };
  describe.each(Object.entries(localKinds))("%s", (_, pair) => {
    it("official reads keyfold's", (test) => officialReads(test, pair, options));
    it("keyfold reads official's", (test) => keyfoldReads(test, pair, options));
  });
  describe.each(Object.entries(kmsKinds))("%s", (_, pair) => {
    it("official reads keyfold's", (test) => officialReads(test, pair(kms), options));
    it("keyfold reads official's", (test) => keyfoldReads(test, pair(kms), options));
  });
});

describe("cells that cannot exist", () => {
  it.each(impossible)("$cell", ({ prove }) => prove(kms));
});

it("every cell ran, or is listed", ({ task }) => {
  const listed = impossible.map(({ cell, reason }) => ({ cell, reason }));
  if (tally.impossible > 0) {
    listed.push({
      cell: `raw RSA pkcs1, read by official (${tally.impossible} cells)`,
      reason: PKCS1_REASON,
    });
  }
  task.meta.impossible = listed;
  const lines = listed.map(({ cell, reason }) => `\n  - ${cell}: ${reason}`);
  console.log(
    `official JavaScript client: ${tally.passed} cells passed, ${listed.length} kinds listed as impossible${lines.join("")}`,
  );
  expect(tally.passed + tally.impossible).toBe(TOTAL);
});
