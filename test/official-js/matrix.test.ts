// Each library reads what the other writes: every suite, keyring, size and context, as bytes and as streams.
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { backend } from "#crypto";
import { inspectMessage } from "../../src/index.ts";
import { keyringOf } from "../interop/keyrings.ts";
import { kmsKinds, localKinds, type Pair } from "../interop/kinds.ts";
import { startSharedKms } from "../interop/shared-kms.ts";
import { cross, row } from "../peers/cells.ts";
import { contexts } from "../peers/contexts.ts";
import { sample } from "../peers/vectors/format.ts";
import { expectRefused, lackingPadding } from "../support/padding.ts";
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
const all = cross(cross(Object.entries(sizes), Object.entries(contexts)), MODES);
type Cell = (typeof all)[number];
const label = ([[[size], [context]], mode]: Cell): string => `${size}, ${context}, ${mode}`;

// Keyrings never learn how long a plaintext is, or whether it is streamed, and formats are the same code on every backend:
// under one keyring, on the node backend, a row has all thirty cells. Elsewhere six stand for them: every context in every
// mode, and every size in one of them. No suite, keyring or direction is left out.
const some = cross(Object.entries(contexts), MODES).map(([context, mode], i): Cell => {
  const entries = Object.entries(sizes);
  return [[entries[i % entries.length]!, context], mode];
});
const WHOLE = "raw AES-256";
const cellsOf = (kind: string): readonly Cell[] => (backend.name === "node" && kind === WHOLE ? all : some);

/** 11 suites, 2 directions, 14 keyrings. A list that shrinks must not go unseen. */
const TOTAL = 11 * 2 * (backend.name === "node" ? 5 * 3 * 2 + 13 * 6 : 14 * 6);
/** `unread`: what the official client cannot open in this Node. `lacking`: what keyfold refuses on this backend. */
const tally = { passed: 0, unread: 0, lacking: 0 };

const LACKING_REASON =
  "WebCrypto has no RSA PKCS#1 v1.5 encryption: keyfold refuses such a keyring there (ERR_UNSUPPORTED)";

const utf8Sorting = true;
let kms: Awaited<ReturnType<typeof startSharedKms>>;
let pkcs1: Pkcs1Peer | null;
beforeAll(async () => {
  [kms, pkcs1] = await Promise.all([startSharedKms(), startPkcs1Peer()]);
});
afterAll(() => Promise.all([kms?.stop(), pkcs1?.stop()]));

/** One message: written, inspected without a key, opened, and compared in all that both sides know of it. */
async function exchange(
  [[[, size], [, context]], mode]: Cell,
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

/** Whether keyfold has no such keyring on this backend, which is then proven. */
async function isLacking(spec: Pair["writer"], cells: readonly Cell[]): Promise<boolean> {
  const padding = lackingPadding(spec);
  if (padding === undefined) return false;
  await expectRefused(padding);
  tally.lacking += cells.length;
  return true;
}

interface Row {
  readonly pair: Pair;
  readonly options: WriterOptions;
  readonly cells: readonly Cell[];
}

async function officialReads(test: TestContext, { pair, options, cells }: Row): Promise<void> {
  if (await isLacking(pair.writer, cells)) return;
  const writer = keyfoldWriter(keyringOf(pair.writer), options);
  const { reader: spec } = pair;
  const inProcess = officialReader(officialKeyring(spec, { utf8Sorting }), options);
  if (spec.type !== "raw-rsa" || spec.padding !== "pkcs1") {
    await row(test, cells, label, (cell) => exchange(cell, pair, options, { writer, reader: inProcess }));
  } else if (pkcs1 !== null) {
    const reader = pkcs1.reader(spec, options);
    await row(test, cells, label, (cell) => exchange(cell, pair, options, { writer, reader }));
  } else {
    tally.unread += cells.length;
    const ciphertext = await writer.seal(sample(1), {}, "buffer");
    await expect(inProcess.open(ciphertext, {}, "buffer")).rejects.toThrow();
    return;
  }
  tally.passed += cells.length;
}

async function keyfoldReads(test: TestContext, { pair, options, cells }: Row): Promise<void> {
  if (await isLacking(pair.reader, cells)) return;
  const writer = officialWriter(officialKeyring(pair.writer, { utf8Sorting }), options);
  const reader = keyfoldReader(keyringOf(pair.reader), options);
  await row(test, cells, label, (cell) => exchange(cell, pair, options, { writer, reader }));
  tally.passed += cells.length;
}

describe.each(suites)("$name", ({ suite, policy }) => {
  const options = { suite, policy, frameLength: FRAME };
  const rows = (kind: string, pair: () => Pair): void => {
    const row = (): Row => ({ pair: pair(), options, cells: cellsOf(kind) });
    it("official reads keyfold's", (test) => officialReads(test, row()));
    it("keyfold reads official's", (test) => keyfoldReads(test, row()));
  };
  describe.each(Object.entries(localKinds))("%s", (kind, pair) => rows(kind, () => pair));
  describe.each(Object.entries(kmsKinds))("%s", (kind, pair) => rows(kind, () => pair(kms)));
});

it("every size occurs in a row, and every context in every mode", () => {
  expect(new Set(some.map(([[[size]]]) => size))).toEqual(new Set(Object.keys(sizes)));
  expect(new Set(some.map(([[, [context]], mode]) => `${context}, ${mode}`)).size).toBe(3 * 2);
  expect(Object.keys(localKinds)).toContain(WHOLE);
});

describe("cells that cannot exist", () => {
  it.each(impossible)("$cell", ({ prove }) => prove(kms));
});

it("every cell ran, or is listed", ({ task }) => {
  const listed = impossible.map(({ cell, reason }) => ({ cell, reason }));
  if (tally.unread > 0) {
    listed.push({ cell: `raw RSA pkcs1, read by official (${tally.unread} cells)`, reason: PKCS1_REASON });
  }
  if (tally.lacking > 0) {
    listed.push({ cell: `raw RSA pkcs1, both ways (${tally.lacking} cells)`, reason: LACKING_REASON });
  }
  task.meta.impossible = listed;
  const lines = listed.map(({ cell, reason }) => `\n  - ${cell}: ${reason}`);
  console.log(
    `official JavaScript client, ${backend.name} backend: ${tally.passed} cells passed (${some.length} of ${all.length} of each suite, keyring and direction; ${cellsOf(WHOLE).length} under ${WHOLE}), ${listed.length} kinds listed as impossible${lines.join("")}`,
  );
  expect(tally.passed + tally.unread + tally.lacking).toBe(TOTAL);
  expect(tally.lacking).toBe(backend.rsaPaddings.includes("pkcs1") ? 0 : 11 * 2 * some.length);
});
