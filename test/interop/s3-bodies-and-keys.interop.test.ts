// Bodies that come and go as streams, keys of any characters, and heads, between keyfold's S3 client and official ones.
import { Readable } from "node:stream";
import { CopyObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Keyring } from "../../src/index.ts";
import { createS3EncryptionClient } from "../../src/s3/index.ts";
import { cross, row } from "../peers/cells.ts";
import {
  type LegacyJava,
  type ObjectClient,
  type PutOptions,
  startJava,
  startLegacyJava,
  startPython,
} from "../peers/clients.ts";
import { readsAll } from "../peers/object-client.ts";
import { sample } from "../peers/vectors/format.ts";
import { keyfoldClient, pairs, plainS3 } from "./keyfold-client.ts";
import { keyringOf } from "./keyrings.ts";
import { type Bench, BUCKET, formats, kmsPair, reads, sizes, startBench } from "./s3-bench.ts";

let bench: Bench;
let java: Awaited<ReturnType<typeof startJava>>;
let python: Awaited<ReturnType<typeof startPython>>;
let sdk1: LegacyJava;
beforeAll(async () => {
  [bench, java, python, sdk1] = await Promise.all([
    startBench(),
    startJava(),
    startPython(),
    startLegacyJava(),
  ]);
});
afterAll(() => Promise.all([bench?.stop(), java?.stop(), python?.stop(), sdk1?.stop()]));

const keyfold = keyfoldClient();
const kms = () => kmsPair(bench).writer;
const MIB = 1024 * 1024;

interface Writer {
  readonly name: string;
  readonly client: Pick<ObjectClient, "put">;
  readonly options?: PutOptions;
  readonly cbc?: true;
}
const writers = (): Writer[] => [
  ...formats.flatMap((format) => [
    { name: `Java 4.0.1, ${format}`, client: java, options: { format } },
    { name: `Python 4.0.0, ${format}`, client: python, options: { format } },
  ]),
  { name: "SDK for Java 1, GCM", client: sdk1.client({ client: "V1", mode: "authenticated" }) },
  { name: "SDK for Java 1, CBC", client: sdk1.client({ client: "V1", mode: "encryption-only" }), cbc: true },
];

const bodies: Readonly<Record<string, (bytes: Buffer) => { Body: unknown; ContentLength?: number }>> = {
  Blob: (bytes) => ({ Body: new Blob([new Uint8Array(bytes)]) }),
  "Node stream of a known length": (bytes) => ({
    Body: Readable.from(chunks(bytes)),
    ContentLength: bytes.length,
  }),
  "Node stream of an unknown length": (bytes) => ({ Body: Readable.from(chunks(bytes)) }),
  "web stream of a known length": (bytes) => ({
    ...{ Body: new Blob([new Uint8Array(bytes)]).stream(), ContentLength: bytes.length },
  }),
};

function* chunks(bytes: Buffer): Generator<Buffer> {
  for (let i = 0; i < bytes.length; i += 50_001) yield bytes.subarray(i, i + 50_001);
}

it("Java and Python read what keyfold sealed out of streams", (task) => {
  // Streams of more than 8 MiB go out while they are sealed.
  const cells = cross(cross(Object.keys(bodies), [0, 17, 70_000, 9 * MIB + 5]), formats).filter(
    ([[kind, size], format]) => size < MIB || (format === "V3" && kind.endsWith("of a known length")),
  );
  return row(task, cells, String, async ([[kind, size], format]) => {
    const at = bench.place();
    const plaintext = sample(size);
    const s3 = createS3EncryptionClient({
      client: plainS3(bench.s3),
      keyring: keyringOf(kms()),
      ...(format === "V2" && { commitmentPolicy: "forbid-encrypt-allow-decrypt" }),
    });
    const input = { Bucket: BUCKET, Key: at.key, ...bodies[kind]!(plaintext) };
    await s3.send(new PutObjectCommand(input as never), pairs({ a: "b" }));
    for (const peer of [java, python])
      expect((await peer.get(at, kms(), { a: "b" }, reads(format))).equals(plaintext)).toBe(true);
  });
});

it("keyfold reads objects of others as streams, before they are verified", (task) =>
  row(
    task,
    cross(writers(), sizes),
    ([{ name }, size]) => `${name}, ${size}`,
    async ([writer, size]) => {
      const at = bench.place();
      await writer.client.put(at, kms(), sample(size), {}, writer.options);
      const opened = await keyfold.get(at, kms(), {}, { ...readsAll, delayedAuthentication: true });
      expect(opened.equals(sample(size))).toBe(true);
    },
  ));

/** Reads nothing, and must not be asked. */
const closed: Keyring = {
  name: "closed",
  unwrap() {
    throw new Error("a head needs no key");
  },
};

it("heads tell how others encrypted, and how long the plaintext is, without a key", (task) =>
  row(
    task,
    cross(writers(), [0, 17, 1000]),
    ([{ name }, size]) => `${name}, ${size}`,
    async ([writer, size]) => {
      const at = bench.place();
      await writer.client.put(at, kms(), sample(size), {}, writer.options);
      const s3 = createS3EncryptionClient({ client: plainS3(bench.s3), keyring: closed });
      const { encryption } = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: at.key }));
      expect(encryption).toMatchObject({ instructionFile: false, verified: false });
      expect(encryption!.plaintextLength).toBe(writer.cbc ? undefined : size);
      expect(encryption!.format).toBe(writer.options?.format ?? "V2");
    },
  ));

it("keys of any characters: objects, instruction files, renewed copies and deletes", (task) => {
  const names = ["a/b c+d%20e", "ünï/日本 𝄞", "q?a=b&c#d", "(~!*')$,;:@", "trailing /", "x.instruction.txt"];
  const cells = cross(names, [keyfold, java]);
  return row(
    task,
    cells,
    ([name, writer]) => `${name}, ${writer === keyfold ? "keyfold" : "Java"} writes`,
    async ([name, writer]) => {
      const by = writer === keyfold ? "keyfold" : "java";
      const [at, copy] = [`${by}/${name}`, `${by}/copy of ${name}`].map((key) => ({ ...bench.place(), key }));
      await writer.put(at!, kms(), sample(100), { a: "b" }, { instructionFile: true });
      for (const reader of [keyfold, java, python])
        expect(await reader.get(at!, kms(), { a: "b" })).toEqual(sample(100));
      const s3 = createS3EncryptionClient({ client: plainS3(bench.s3), keyring: keyringOf(kms()) });
      const CopySource = `${BUCKET}/${encodeURIComponent(at!.key)}`;
      await s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key: copy!.key, CopySource }), {
        ...{ reencrypt: true, encryptionContext: { a: "b" } },
      });
      expect(await java.get(copy!, kms(), { a: "b" })).toEqual(sample(100));
      const deleter = writer === keyfold ? python : keyfold;
      await deleter.delete(at!, [at!.key], kms());
      await deleter.delete(copy!, [copy!.key], kms());
      const left = await python.rawList({ s3: bench.s3, bucket: BUCKET });
      expect(left.filter((key) => key.startsWith(`${by}/`) && key.includes(name))).toEqual([]);
    },
  );
});
