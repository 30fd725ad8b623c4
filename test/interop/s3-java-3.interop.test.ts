// keyfold's S3 client and the S3 Encryption Client for Java 3.5.0, which writes V2 and knows nothing of V3.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cross, row } from "../peers/cells.ts";
import { type Context, startJava3 } from "../peers/clients.ts";
import { aesKeyring } from "../peers/keys.ts";
import { PeerError } from "../peers/peer.ts";
import { sample } from "../peers/vectors/format.ts";
import { keyfoldClient } from "./keyfold-client.ts";
import type { Pair } from "./kinds.ts";
import {
  asciiContexts,
  type Bench,
  type Cell,
  discoveryPair,
  exchange,
  kmsPair,
  label,
  rawPairs,
  rawWraps,
  reads,
  sizes,
  startBench,
} from "./s3-bench.ts";

let bench: Bench;
let java: Awaited<ReturnType<typeof startJava3>>;
beforeAll(async () => {
  [bench, java] = await Promise.all([startBench(), startJava3()]);
});
afterAll(() => Promise.all([bench?.stop(), java?.stop()]));

const keyfold = keyfoldClient();
const storages = [false, true];
const format = "V2";

const grid = (pair: Pair, more: Partial<Cell> = {}): Cell[] => [
  ...cross(sizes, storages).map(([size, file]) => ({ pair, format, size, file, ...more }) as const),
  { pair, format, size: 17, metadata: { mine: "yes", "two-words": "a b" }, ...more },
];

describe.each([...Object.keys(rawPairs), "KMS", "KMS, read by discovery"])("%s", (wrap) => {
  const pair = (): Pair => rawPairs[wrap] ?? (wrap === "KMS" ? kmsPair(bench) : discoveryPair(bench));
  const context = () => (wrap in rawPairs ? {} : { context: { tenant: "t1" } });

  it("Java reads keyfold's", (task) =>
    row(task, grid(pair(), context()), label, (cell) => exchange(bench, [keyfold, java], cell, {})));
  it("keyfold reads Java's", (task) =>
    row(task, grid(pair(), context()), label, (cell) => exchange(bench, [java, keyfold], cell)));
});

const directions = () =>
  [
    { writer: "keyfold", clients: [keyfold, java], options: {} },
    { writer: "Java", clients: [java, keyfold], options: reads(format) },
  ] as const;

it("KMS contexts, both ways", (task) => {
  const near = { ä: "é𝄞", straße: "ñ" };
  // Java 3.5.0 sends what is above U+00FF as a question mark.
  const cells = directions().flatMap(({ writer, ...direction }) =>
    cross([...asciiContexts, near, ...(writer === "keyfold" ? [{ Ω: "é𝄞" }] : [])], storages).map(
      ([context, file]) => ({
        writer,
        ...direction,
        cell: { pair: kmsPair(bench), format, size: 17, context, file } as const,
      }),
    ),
  );
  const named = ({ writer, cell }: (typeof cells)[number]) => `${writer}, ${label(cell)}`;
  return row(task, cells, named, ({ clients, cell, options }) => exchange(bench, clients, cell, options));
});

it("labels of raw keys, both ways", (task) => {
  const labels: Context[] = [{ team: "a" }, { 'quoted "key"': "a\\b/c" }, { ä: "é𝄞" }];
  const cells = cross(cross(labels, [rawWraps["AES-256"], rawWraps.RSA]), storages).flatMap(
    ([[materialsDescription, keyring], file]) => {
      const ring = { ...keyring, materialsDescription };
      const cell: Cell = { pair: { writer: ring, reader: ring }, format, size: 16, file };
      return directions().map((direction) => ({ ...direction, cell, materialsDescription }));
    },
  );
  return row(
    task,
    cells,
    ({ writer, cell, materialsDescription }) =>
      `${writer}, ${label(cell)}, ${JSON.stringify(materialsDescription)}`,
    ({ clients, cell, options }) => exchange(bench, clients, cell, options),
  );
});

it("both refuse another context of KMS", (task) => {
  const wrong: Context[] = [{}, { tenant: "t2" }, { tenant: "t1", more: "1" }];
  const cells = cross(cross([keyfold, java], storages), wrong);
  return row(task, cells, JSON.stringify, async ([[writer, instructionFile], context]) => {
    const at = bench.place();
    const { writer: keyring } = kmsPair(bench);
    await writer.put(at, keyring, sample(10), { tenant: "t1" }, { format, instructionFile });
    await expect(java.get(at, keyring, context)).rejects.toThrow(PeerError);
    await expect(keyfold.get(at, keyring, context, reads(format))).rejects.toMatchObject({
      code: "ERR_ENCRYPTION_CONTEXT",
    });
  });
});

it("both refuse another key", (task) => {
  const other = { ...aesKeyring(32), key: Buffer.alloc(32, 1).toString("base64") };
  return row(task, cross([keyfold, java], storages), JSON.stringify, async ([writer, instructionFile]) => {
    const at = bench.place();
    await writer.put(at, rawWraps["AES-256"], sample(10), {}, { format, instructionFile });
    await expect(java.get(at, other, {})).rejects.toThrow(PeerError);
    await expect(keyfold.get(at, other, {}, reads(format))).rejects.toMatchObject({
      code: "ERR_NO_DATA_KEY",
    });
  });
});

it("both refuse an object with one bit changed", async (task) => {
  const at = bench.place();
  const keyring = rawWraps["AES-256"];
  await java.put(at, keyring, sample(20), {});
  const { metadata, body } = await java.rawGet(at);
  const bytes = [...body.keys()].filter((byte) => byte % 4 === 0);
  return row(task, bytes, String, async (byte) => {
    const place = bench.place();
    const altered = Buffer.from(body);
    altered[byte]! ^= 1 << (byte & 7);
    await java.rawPut(place, { metadata, body: altered });
    await expect(java.get(place, keyring, {})).rejects.toThrow(PeerError);
    await expect(keyfold.get(place, keyring, {}, reads(format))).rejects.toMatchObject({
      code: "ERR_AUTHENTICATION",
    });
  });
});
