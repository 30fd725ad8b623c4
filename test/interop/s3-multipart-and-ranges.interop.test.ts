// Uploads in parts, and ranges, between keyfold's S3 client and the official ones for Java.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backend } from "#crypto";
import { cross, row } from "../peers/cells.ts";
import type { GetOptions, ObjectClient, ObjectPlace, PeerKeyring } from "../peers/clients.ts";
import { readsAll } from "../peers/object-client.ts";
import { sample } from "../peers/vectors/format.ts";
import { type Clients, startClients } from "../peers/vectors/object-readers.ts";
import { keyfoldClient, type SealingClient } from "./keyfold-client.ts";
import {
  type Bench,
  type Cell,
  exchange,
  kmsPair,
  label,
  partsOf,
  rawWraps,
  reads,
  startBench,
} from "./s3-bench.ts";

let bench: Bench;
let clients: Clients;
beforeAll(async () => {
  [bench, clients] = await Promise.all([startBench(), startClients()]);
});
afterAll(() => Promise.all([bench?.stop(), clients?.stop()]));

const keyfold = keyfoldClient();
const storages = [false, true];

interface Peer {
  readonly name: string;
  readonly format: "V2" | "V3";
  client(): ObjectClient;
  /** What it has to be told to read the format. */
  readonly options?: GetOptions;
}
const sdk1 = (client: "V1" | "V2") => clients.sdk1.client({ client, mode: "authenticated" });
const java = (format: Peer["format"]): Peer => ({
  ...{ name: "Java 4.0.1", format, client: () => clients.java, options: reads(format) },
});
const peers: readonly Peer[] = [
  java("V3"),
  java("V2"),
  { name: "Java 3.5.0", format: "V2", client: () => clients.java3 },
  { name: "SDK for Java 1, V2", format: "V2", client: () => sdk1("V2") },
];
const named = peers.map((peer) => ({ ...peer, title: `${peer.name}, format ${peer.format}` }));
const rings = (): readonly PeerKeyring[] => [rawWraps["AES-256"], rawWraps.RSA, kmsPair(bench).writer];

describe.each(named)("$title", ({ client, format, options = {} }) => {
  const titled = (cell: Cell) => `${cell.pair.writer.type}, ${label(cell)}`;
  const cells = (sizes: readonly Cell["size"][], more: Partial<Cell> = {}): Cell[] =>
    cross(cross([rawWraps["AES-256"], kmsPair(bench).writer], storages), sizes).map(
      ([[ring, file], size]) => ({
        ...{ pair: { writer: ring, reader: ring }, format, size, file, ...more },
      }),
    );
  const parts = [
    [160, 77],
    [32, 0],
    [16, 16, 1],
  ];

  it("reads the parts that keyfold uploads", (task) =>
    row(task, cells(parts), titled, (cell) => exchange(bench, [keyfold, client()], cell, options)));
  it("uploads parts that keyfold reads", (task) =>
    row(task, cells(parts), titled, (cell) => exchange(bench, [client(), keyfold], cell)));

  const uploads = () => [
    ...cells([1, 1000], { upload: true }),
    ...cells([5 * 1024 * 1024 + 17], { upload: true }).filter(({ pair }) => pair.writer.type === "raw-aes"),
  ];
  it("reads what keyfold's uploader sends", (task) =>
    row(task, uploads(), titled, async (cell) => {
      const place = await exchange(bench, [keyfold, client()], cell, options);
      if (Number(cell.size) > 1000) expect(await partsOf(place)).toBe(2);
    }));
  it("has an uploader whose objects keyfold reads", (task) =>
    row(task, uploads(), titled, async (cell) => {
      const place = await exchange(bench, [client(), keyfold], cell);
      if (Number(cell.size) > 1000) expect(await partsOf(place)).toBe(2);
    }));
});

describe("ranges", () => {
  const size = 1000;
  const plaintext = sample(size);
  const ranges = [
    "bytes=0-0",
    "bytes=0-15",
    "bytes=5-20",
    "bytes=15-16",
    "bytes=16-31",
    "bytes=31-970",
    "bytes=984-998",
    "bytes=999-999",
    "bytes=990-5000",
    "bytes=100-",
    "bytes=999-",
    "bytes=0-",
  ];
  /** Java's clients take none that begins at the end. */
  const fromTheEnd = ["bytes=-1", "bytes=-16", "bytes=-17", "bytes=-5000"];
  const slice = (range: string): Buffer => {
    const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range)!;
    if (first === "") return plaintext.subarray(Math.max(0, size - Number(last)));
    return plaintext.subarray(Number(first), last === "" ? size : Number(last) + 1);
  };
  const asked = async (
    reader: Pick<SealingClient, "get">,
    at: ObjectPlace,
    ring: PeerKeyring,
    range: string,
    options: GetOptions,
  ) => expect((await reader.get(at, ring, {}, { ...options, range })).equals(slice(range))).toBe(true);

  const written = async (client: SealingClient, format: "V2" | "V3", ring: PeerKeyring, file = false) => {
    const at = bench.place();
    await client.put(at, ring, plaintext, {}, { format, ...(file && { instructionFile: true }) });
    return at;
  };
  const unverified = { legacyModes: true } as const;

  describe.each(named)("$title", ({ client, format, options = {} }) => {
    it("of keyfold's objects", async (task) => {
      const cells = cross(ranges, rings());
      const objects = new Map(
        await Promise.all(
          rings().map(async (ring, i) => [ring.type, await written(keyfold, format, ring, i === 0)] as const),
        ),
      );
      return row(
        task,
        cells,
        ([range, ring]) => `${range}, ${ring.type}`,
        ([range, ring]) =>
          asked(client(), objects.get(ring.type)!, ring, range, { ...options, ...unverified }),
      );
    });

    it("of its objects, by keyfold, verified and unverified", async (task) => {
      const at = await written(client(), format, rawWraps["AES-256"]);
      const cells = cross([...ranges, ...fromTheEnd], [{}, unverified]);
      return row(task, cells, JSON.stringify, ([range, how]) =>
        asked(keyfold, at, rawWraps["AES-256"], range, { ...reads(format), ...how }),
      );
    });
  });

  it("of objects under CBC, by keyfold, and by Java 4.0.1, with the same outcome", async (task) => {
    const rings = backend.name === "web" ? [rawWraps["AES-256"]] : [rawWraps["AES-256"], rawWraps.RSA];
    const client = clients.sdk1.client({ client: "V1", mode: "encryption-only" });
    const cells = cross(cross(rings, storages), [...ranges, ...fromTheEnd]);
    const objects = new Map<string, ObjectPlace>();
    for (const [ring, file] of cross(rings, storages))
      objects.set(`${ring.type} ${file}`, await written(client, "V2", ring, file));
    return row(task, cells, JSON.stringify, async ([[ring, file], range]) => {
      const at = objects.get(`${ring.type} ${file}`)!;
      await asked(keyfold, at, ring, range, readsAll);
      if (!fromTheEnd.includes(range)) await asked(clients.java, at, ring, range, readsAll);
    });
  });

  it("of short objects", (task) => {
    const cells = cross([1, 15, 16, 17, 32], ["bytes=0-0", "bytes=0-", "bytes=0-99"]);
    return row(task, cells, String, async ([length, range]) => {
      const at = bench.place();
      const ring = rawWraps["AES-256"];
      const expected = sample(length).subarray(0, range === "bytes=0-0" ? 1 : length);
      for (const [writer, reader] of [
        [keyfold, clients.java],
        [clients.java, keyfold],
      ] as const) {
        await writer.put(at, ring, sample(length), {});
        expect(await reader.get(at, ring, {}, { range, ...unverified })).toEqual(expected);
      }
      const client = clients.sdk1.client({ client: "V1", mode: "encryption-only" });
      await client.put(at, ring, sample(length), {});
      expect(await keyfold.get(at, ring, {}, { range, ...readsAll })).toEqual(expected);
    });
  });
});
