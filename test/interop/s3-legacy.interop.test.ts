// keyfold's S3 client and both encryption clients of the AWS SDK for Java 1: CBC and GCM, under the wraps of their time.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backend } from "#crypto";
import { cross, row } from "../peers/cells.ts";
import { type Context, type LegacyClient, type LegacyJava, startLegacyJava } from "../peers/clients.ts";
import { readsAll } from "../peers/object-client.ts";
import { PeerError } from "../peers/peer.ts";
import { sample } from "../peers/vectors/format.ts";
import { keyfoldClient } from "./keyfold-client.ts";
import {
  asciiContexts,
  type Bench,
  type Cell,
  exchange,
  kmsPair,
  label,
  rawPairs,
  rawWraps,
  reads,
  sizes,
  startBench,
  write,
} from "./s3-bench.ts";

let bench: Bench;
let sdk1: LegacyJava;
beforeAll(async () => {
  [bench, sdk1] = await Promise.all([startBench(), startLegacyJava()]);
});
afterAll(() => Promise.all([bench?.stop(), sdk1?.stop()]));

const keyfold = keyfoldClient();
const storages = [false, true];
const format = "V2";
const wraps = ["AES-128", "AES-192", "AES-256", "RSA", "KMS"] as const;
type Wrap = (typeof wraps)[number];
const pairOf = (wrap: Wrap) => (wrap === "KMS" ? kmsPair(bench) : rawPairs[wrap]!);

const writers: Readonly<Record<string, LegacyClient>> = {
  "V1, encryption only": { client: "V1", mode: "encryption-only" },
  "V1, authenticated": { client: "V1", mode: "authenticated" },
  "V1, strict": { client: "V1", mode: "strict-authenticated" },
  "V1, through Bouncy Castle": { client: "V1", mode: "authenticated", bouncyCastle: true },
  "V2, authenticated": { client: "V2", mode: "authenticated" },
  "V2, strict": { client: "V2", mode: "strict-authenticated" },
};

/** Variants of a client differ in how they begin: a few sizes are enough of them. */
const someOf = (name: string): readonly number[] => (/strict|Castle/.test(name) ? [0, 17, 1000] : sizes);

/** The wraps "RSA" and RSA-OAEP-SHA256: PKCS#1 v1.5, and MGF1 with another hash. WebCrypto has neither. */
const lacking = ({ client }: LegacyClient, wrap: Wrap): boolean =>
  backend.name === "web" && client === "V1" && wrap === "RSA";

describe.each(cross(Object.keys(writers), wraps))("%s, %s", (name, wrap) => {
  const choice = writers[name]!;
  /** Under the wrap `kms` the context is what is stored: a reader names none. */
  const seen = (context: Context): Context => (choice.client === "V1" ? {} : context);
  const cells = (): Cell[] => {
    const pair = pairOf(wrap);
    const grid = cross(someOf(name), storages).map(([size, file]) => ({ pair, format, size, file }) as const);
    const parts = cross(
      [
        [160, 77],
        [32, 0],
      ],
      storages,
    );
    return [
      ...grid,
      ...parts.map(([size, file]) => ({ pair, format, size, file }) as const),
      { pair, format, size: 100, upload: true },
      { pair, format, size: 17, metadata: { mine: "yes", "two-words": "a b" } },
      ...(wrap === "KMS"
        ? cross([...asciiContexts.slice(1), { ä: "Ω" }], storages)
            .filter(([context, file]) => file || !("ä" in context))
            .map(([context, file]) => ({ pair, format, size: 16, file, context }) as const)
        : []),
    ];
  };

  it("is read by keyfold", (task) =>
    row(task, cells(), label, async (cell) => {
      const client = sdk1.client(choice);
      const place = bench.place();
      const plaintext = await write(client, place, cell);
      const opened = keyfold.get(place, cell.pair.reader, seen(cell.context ?? {}), readsAll);
      if (lacking(choice, wrap)) await expect(opened).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
      else expect((await opened).equals(plaintext)).toBe(true);
    }));

  if (choice.client === "V2") return;
  it("is refused by default, by its name", (task) =>
    row(task, storages, String, async (instructionFile) => {
      const place = bench.place();
      const { writer } = pairOf(wrap);
      await sdk1.client(choice).put(place, writer, sample(17), {}, { instructionFile });
      await expect(keyfold.get(place, writer, {})).rejects.toMatchObject({ code: "ERR_COMMITMENT_POLICY" });
      await expect(keyfold.get(place, writer, {}, reads("V2"))).rejects.toMatchObject({
        code: "ERR_S3_LEGACY",
      });
    }));
});

describe.each(cross(Object.keys(writers), wraps))("%s, %s", (name, wrap) => {
  it("reads keyfold's V2", (task) => {
    const contexts = wrap === "KMS" ? [...asciiContexts, { ä: "Ω" }] : [{}];
    const cells = cross(cross(someOf(name), storages), contexts).map(([[size, file], context]) => ({
      ...({ pair: pairOf(wrap), format, size, file, context } as const),
    }));
    return row(task, cells, label, (cell) => exchange(bench, [keyfold, sdk1.client(writers[name]!)], cell));
  });
});

it("labels of raw keys, both ways", (task) => {
  const labels: Context[] = [{ team: "a", year: "2026" }, { 'quoted "key"': "a\\b/c" }, { ä: "é𝄞" }];
  const cells = cross(cross(cross(["V1", "V2"] as const, labels), storages), [
    "keyfold writes",
    "keyfold reads",
  ]);
  return row(task, cells, JSON.stringify, ([[[client, materialsDescription], file], direction]) => {
    const peer = sdk1.client({ client, mode: "authenticated" });
    const keyring = { ...rawWraps["AES-256"], materialsDescription };
    const cell: Cell = { pair: { writer: keyring, reader: keyring }, format, size: 16, file };
    const both = direction === "keyfold writes" ? ([keyfold, peer] as const) : ([peer, keyfold] as const);
    return exchange(bench, both, cell, readsAll);
  });
});

it("the public half of an RSA pair writes, the private one reads, both ways", (task) => {
  const pair = rawPairs["halves of an RSA pair"]!;
  const peer = sdk1.client({ client: "V2", mode: "authenticated" });
  const cells = cross(cross([0, 17], storages), [[keyfold, peer] as const, [peer, keyfold] as const]);
  return row(
    task,
    cells,
    ([[size, file], [writer]]) =>
      `${size}, ${file}, ${writer === keyfold ? "keyfold writes" : "keyfold reads"}`,
    ([[size, file], clients]) => exchange(bench, clients, { pair, format, size, file }),
  );
});

describe("refusals", () => {
  const client2 = () => sdk1.client(writers["V2, authenticated"]!);

  it("both refuse an object of the client V2 with one bit changed", async (task) => {
    const at = bench.place();
    const keyring = rawWraps["AES-256"];
    await client2().put(at, keyring, sample(20), {});
    const { metadata, body } = await client2().rawGet(at);
    const bytes = [...body.keys()].filter((byte) => byte % 4 === 0);
    return row(task, bytes, String, async (byte) => {
      const place = bench.place();
      const altered = Buffer.from(body);
      altered[byte]! ^= 1 << (byte & 7);
      await client2().rawPut(place, { metadata, body: altered });
      await expect(client2().get(place, keyring, {})).rejects.toThrow(PeerError);
      await expect(keyfold.get(place, keyring, {}, readsAll)).rejects.toMatchObject({
        code: "ERR_AUTHENTICATION",
      });
    });
  });

  it("both refuse another context of KMS", (task) => {
    const wrong: Context[] = [{}, { tenant: "t2" }, { tenant: "t1", more: "1" }];
    return row(
      task,
      cross(cross([keyfold, client2()], storages), wrong),
      JSON.stringify,
      async ([[writer, instructionFile], context]) => {
        const at = bench.place();
        const { writer: keyring } = kmsPair(bench);
        await writer.put(at, keyring, sample(10), { tenant: "t1" }, { format, instructionFile });
        await expect(client2().get(at, keyring, context)).rejects.toThrow(PeerError);
        await expect(keyfold.get(at, keyring, context, reads(format))).rejects.toMatchObject({
          code: "ERR_ENCRYPTION_CONTEXT",
        });
      },
    );
  });

  it("both refuse another key", (task) =>
    row(task, storages, String, async (instructionFile) => {
      const at = bench.place();
      const other = { ...rawWraps["AES-256"], key: Buffer.alloc(32, 1).toString("base64") };
      for (const client of [keyfold, client2()]) {
        await client.put(at, rawWraps["AES-256"], sample(20), {}, { format, instructionFile });
        await expect(client2().get(at, other, {})).rejects.toThrow(PeerError);
        await expect(keyfold.get(at, other, {}, readsAll)).rejects.toMatchObject({ code: "ERR_NO_DATA_KEY" });
      }
    }));
});

it("cells that cannot exist", ({ task }) => {
  if (backend.name !== "web") return;
  task.meta.impossible = [
    {
      cell: "objects of the AWS SDK for Java 1, V1 client, under RSA",
      reason: "WebCrypto has neither PKCS#1 v1.5 nor OAEP whose MGF1 has another hash: ERR_UNSUPPORTED",
    },
  ];
});
