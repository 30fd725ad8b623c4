// keyfold's S3 client and the official S3 Encryption Client for Java 4.0.1: raw AES, raw RSA and KMS, formats V2 and V3.
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createS3EncryptionClient } from "../../src/s3/index.ts";
import { cross, row } from "../peers/cells.ts";
import { type Context, startJava } from "../peers/clients.ts";
import { aesKeyring } from "../peers/keys.ts";
import { PeerError } from "../peers/peer.ts";
import { sample } from "../peers/vectors/format.ts";
import { keyfoldClient, plainS3 } from "./keyfold-client.ts";
import { keyringOf } from "./keyrings.ts";
import type { Pair } from "./kinds.ts";
import {
  asciiContexts,
  type Bench,
  type Cell,
  discoveryPair,
  exchange,
  formats,
  kmsPair,
  label,
  rawPairs,
  rawWraps,
  reads,
  sizes,
  startBench,
} from "./s3-bench.ts";

let bench: Bench;
let java: Awaited<ReturnType<typeof startJava>>;
beforeAll(async () => {
  [bench, java] = await Promise.all([startBench(), startJava()]);
});
afterAll(() => Promise.all([bench?.stop(), java?.stop()]));

const keyfold = keyfoldClient();
const metadata = { mine: "yes", "two-words": "a b" };
const storages = [false, true];

/** Every size, in metadata and in instruction files; and one that takes the caller's metadata along. */
const grid = (pair: Pair, format: Cell["format"], more: Partial<Cell> = {}): Cell[] => [
  ...cross(sizes, storages).map(([size, file]) => ({ pair, format, size, file, ...more })),
  ...storages.map((file) => ({ pair, format, size: 17, file, metadata, ...more })),
];

describe.each(cross([...Object.keys(rawPairs), "KMS", "KMS, read by discovery"], formats))(
  "%s, format %s",
  (wrap, format) => {
    const pair = (): Pair => rawPairs[wrap] ?? (wrap === "KMS" ? kmsPair(bench) : discoveryPair(bench));
    const context = () => (wrap in rawPairs ? {} : { context: { tenant: "t1" } });

    it("Java reads keyfold's", (task) =>
      row(task, grid(pair(), format, context()), label, async (cell) => {
        const place = await exchange(bench, [keyfold, java], cell);
        expect((await java.rawGet(place)).metadata).toMatchObject({ ...cell.metadata });
      }));
    it("keyfold reads Java's", (task) =>
      row(task, grid(pair(), format, context()), label, (cell) => exchange(bench, [java, keyfold], cell)));
  },
);

describe.each(formats)("format %s", (format) => {
  const near = { ä: "é𝄞", straße: "ñ" };
  const far = { ...near, Ω: "=?UTF-8?Q?x?=", "": "" };

  it("labels of raw keys, both ways", (task) => {
    const labels: Context[] = [{ team: "a", year: "2026" }, { 'quoted "key"': "a\\b/c" }, near, far];
    const keyrings = [rawWraps["AES-256"], rawWraps.RSA];
    const cells = cross(cross(labels, keyrings), storages).flatMap(
      ([[materialsDescription, keyring], file]) => {
        const labelled = { ...keyring, materialsDescription };
        const cell: Cell = { pair: { writer: labelled, reader: labelled }, format, size: 16, file };
        return [
          { writer: "keyfold", clients: [keyfold, java] as const, cell, materialsDescription },
          // What is above U+00FF Java sends as a question mark, save in files.
          ...(file || materialsDescription !== far
            ? [{ writer: "Java", clients: [java, keyfold] as const, cell, materialsDescription }]
            : []),
        ];
      },
    );
    return row(
      task,
      cells,
      ({ writer, cell, materialsDescription }) =>
        `${writer}, ${cell.pair.writer.type}, ${label(cell)}, ${JSON.stringify(materialsDescription)}`,
      async ({ clients, cell, materialsDescription }) => {
        const { bucket: Bucket, key: Key } = await exchange(bench, clients, cell);
        const reader = createS3EncryptionClient({
          client: plainS3(bench.s3),
          keyring: keyringOf(cell.pair.reader),
        });
        const { encryption } = await reader.send(new HeadObjectCommand({ Bucket, Key }));
        expect(encryption?.materialsDescription).toEqual(materialsDescription);
      },
    );
  });

  it("KMS contexts: Java reads keyfold's", (task) => {
    const contexts = [...asciiContexts, near, { Ω: "é𝄞" }];
    const cells = cross(contexts, storages).map(([context, file]) => ({
      ...{ pair: kmsPair(bench), format, size: 17, context, file },
    }));
    return row(task, cells, label, (cell) => exchange(bench, [keyfold, java], cell));
  });

  it("KMS contexts: keyfold reads Java's", (task) => {
    // What is above U+00FF Java sends as a question mark, save in files.
    const cells = [...cross([...asciiContexts, near], storages), [{ Ω: "é𝄞" }, true] as const].map(
      ([context, file]) => ({ pair: kmsPair(bench), format, size: 17, context, file }),
    );
    return row(task, cells, label, (cell) => exchange(bench, [java, keyfold], cell));
  });

  it("both refuse another context of KMS", (task) => {
    const wrong: Context[] = [{}, { tenant: "t2" }, { tenant: "t1", more: "1" }, { Tenant: "t1" }];
    const cells = cross(cross([keyfold, java], storages), wrong);
    const named = ([[writer, file], context]: (typeof cells)[number]) =>
      `${writer === keyfold ? "keyfold's" : "Java's"}, ${file}, ${JSON.stringify(context)}`;
    return row(task, cells, named, async ([[writer, instructionFile], context]) => {
      const at = bench.place();
      const { writer: keyring } = kmsPair(bench);
      await writer.put(at, keyring, sample(10), { tenant: "t1" }, { format, instructionFile });
      await expect(java.get(at, keyring, context, reads(format))).rejects.toThrow(PeerError);
      await expect(keyfold.get(at, keyring, context, reads(format))).rejects.toMatchObject({
        code: "ERR_ENCRYPTION_CONTEXT",
      });
    });
  });

  it("both refuse another key", (task) => {
    const other = { ...aesKeyring(32), key: Buffer.alloc(32, 1).toString("base64") };
    return row(
      task,
      cross([keyfold, java], storages),
      ([, file]) => `${file}`,
      async ([writer, instructionFile]) => {
        const at = bench.place();
        await writer.put(at, rawWraps["AES-256"], sample(10), {}, { format, instructionFile });
        await expect(java.get(at, other, {}, reads(format))).rejects.toThrow(PeerError);
        await expect(keyfold.get(at, other, {}, reads(format))).rejects.toMatchObject({
          code: "ERR_NO_DATA_KEY",
        });
      },
    );
  });

  it("both refuse an object with one bit changed", async (task) => {
    const at = bench.place();
    const keyring = rawWraps["AES-256"];
    await keyfold.put(at, keyring, sample(20), {}, { format });
    const { metadata, body } = await java.rawGet(at);
    return row(
      task,
      [...body.keys()].filter((byte) => byte % 4 === 0 || byte === body.length - 1),
      (byte) => `byte ${byte}`,
      async (byte) => {
        const place = bench.place();
        const altered = Buffer.from(body);
        altered[byte]! ^= 1 << (byte & 7);
        await java.rawPut(place, { metadata, body: altered });
        await expect(java.get(place, keyring, {}, reads(format))).rejects.toThrow(PeerError);
        await expect(keyfold.get(place, keyring, {}, reads(format))).rejects.toMatchObject({
          code: "ERR_AUTHENTICATION",
        });
      },
    );
  });
});

it("neither reads V2 by its defaults, and both write it by policy alone", async () => {
  const at = bench.place();
  const keyring = rawWraps["AES-256"];
  await keyfold.put(at, keyring, sample(20), {}, { format: "V2" });
  await expect(java.get(at, keyring, {})).rejects.toThrow(/commit/i);
  await expect(keyfold.get(at, keyring, {})).rejects.toMatchObject({ code: "ERR_COMMITMENT_POLICY" });
  // A client that writes V2 reads V3 all the same.
  const forbids = { commitmentPolicy: "forbid-encrypt-allow-decrypt" } as const;
  for (const [writer, reader] of [
    [keyfold, java],
    [java, keyfold],
  ] as const)
    await exchange(
      bench,
      [writer, reader],
      { pair: { writer: keyring, reader: keyring }, format: "V3", size: 17 },
      forbids,
    );
});
