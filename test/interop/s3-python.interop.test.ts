// keyfold's S3 client and the official S3 Encryption Client for Python 4.0.0, which knows KMS alone.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cross, row } from "../peers/cells.ts";
import { type Context, startPython } from "../peers/clients.ts";
import { PeerError } from "../peers/peer.ts";
import { sample } from "../peers/vectors/format.ts";
import { keyfoldClient } from "./keyfold-client.ts";
import {
  asciiContexts,
  type Bench,
  type Cell,
  exchange,
  formats,
  kmsPair,
  label,
  partsOf,
  reads,
  sizes,
  startBench,
} from "./s3-bench.ts";

let bench: Bench;
let python: Awaited<ReturnType<typeof startPython>>;
beforeAll(async () => {
  [bench, python] = await Promise.all([startBench(), startPython()]);
});
afterAll(() => Promise.all([bench?.stop(), python?.stop()]));

const keyfold = keyfoldClient();
const metadata = { mine: "yes", "two-words": "a b" };

describe.each(formats)("format %s", (format) => {
  const cells = (more: Partial<Cell> = {}): Cell[] =>
    cross(sizes, asciiContexts).map(([size, context]) => ({
      pair: kmsPair(bench),
      format,
      size,
      context,
      ...more,
    }));

  it("Python reads keyfold's", (task) =>
    row(task, cells(), label, (cell) => exchange(bench, [keyfold, python], cell)));
  it("Python reads keyfold's instruction files", (task) =>
    row(task, cells({ file: true }), label, (cell) => exchange(bench, [keyfold, python], cell)));
  it("keyfold reads Python's", (task) =>
    row(task, cells(), label, (cell) => exchange(bench, [python, keyfold], cell)));

  it("user metadata of the caller goes along both ways", (task) =>
    row(
      task,
      [keyfold, python],
      (writer) => (writer === keyfold ? "keyfold writes" : "Python writes"),
      async (writer) => {
        const [other] = [keyfold, python].filter((client) => client !== writer);
        const cell: Cell = { pair: kmsPair(bench), format, size: 17, metadata };
        const place = await exchange(bench, [writer, other!], cell);
        expect((await python.rawGet(place)).metadata).toMatchObject(metadata);
      },
    ));

  it("parts uploaded one after another, both ways", (task) => {
    const even = [[160, 77], [32, 0], [16, 16, 1], [1000]];
    const cells = [
      ...cross(even, [false, true]).map(([size, file]) => ({
        clients: [keyfold, python] as const,
        size,
        file,
      })),
      // keyfold and Java want whole blocks in all parts but the last.
      ...[...even, [17, 3]].map((size) => ({ clients: [python, keyfold] as const, size, file: false })),
    ];
    return row(
      task,
      cells,
      ({ clients: [writer], size, file }) =>
        `${writer === keyfold ? "keyfold" : "Python"} writes ${size}, ${file}`,
      ({ clients, size, file }) =>
        exchange(bench, clients, { pair: kmsPair(bench), format, size, file, context: { a: "b" } }),
    );
  });

  it("each client's own uploader, in one part and in two", (task) => {
    const lengths = [1, 1000, 5 * 1024 * 1024 + 17];
    const both = cross([[keyfold, python] as const, [python, keyfold] as const], lengths);
    return row(
      task,
      both,
      ([[writer], size]) => `${writer === keyfold ? "keyfold" : "Python"} uploads ${size}`,
      async ([clients, size]) => {
        const place = await exchange(bench, clients, { pair: kmsPair(bench), format, size, upload: true });
        if (size > 1000) expect(await partsOf(place)).toBe(2);
      },
    );
  });

  it("both refuse another context", (task) => {
    const wrong: Context[] = [{}, { tenant: "t2" }, { tenant: "t1", more: "1" }, { Tenant: "t1" }];
    const cells = cross([keyfold, python], wrong);
    const named = ([writer, context]: (typeof cells)[number]) =>
      `${writer === keyfold ? "keyfold's" : "Python's"}, ${JSON.stringify(context)}`;
    return row(task, cells, named, async ([writer, context]) => {
      const at = bench.place();
      const { writer: keyring } = kmsPair(bench);
      await writer.put(at, keyring, sample(10), { tenant: "t1" }, { format });
      await expect(python.get(at, keyring, context, reads(format))).rejects.toThrow(PeerError);
      await expect(keyfold.get(at, keyring, context, reads(format))).rejects.toMatchObject({
        code: "ERR_ENCRYPTION_CONTEXT",
      });
    });
  });

  it("both refuse an object with one bit changed", async (task) => {
    const at = bench.place();
    const { writer: keyring } = kmsPair(bench);
    await keyfold.put(at, keyring, sample(20), {}, { format });
    const { metadata, body } = await python.rawGet(at);
    return row(
      task,
      [...body.keys()].filter((byte) => byte % 4 === 0 || byte === body.length - 1),
      (byte) => `byte ${byte}`,
      async (byte) => {
        const place = bench.place();
        const altered = Buffer.from(body);
        altered[byte]! ^= 1 << (byte & 7);
        await python.rawPut(place, { metadata, body: altered });
        await expect(python.get(place, keyring, {}, reads(format))).rejects.toThrow(PeerError);
        await expect(keyfold.get(place, keyring, {}, reads(format))).rejects.toMatchObject({
          code: "ERR_AUTHENTICATION",
        });
      },
    );
  });
});

it("neither reads V2 by its defaults", async () => {
  const at = bench.place();
  const { writer: keyring } = kmsPair(bench);
  await keyfold.put(at, keyring, sample(20), {}, { format: "V2" });
  await expect(python.get(at, keyring, {})).rejects.toThrow(/commitment/i);
  await expect(keyfold.get(at, keyring, {})).rejects.toMatchObject({ code: "ERR_COMMITMENT_POLICY" });
});
