// Instruction files between keyfold's S3 client and the official ones: suffixes, deletes, new wrappings, and refusals.
import { CopyObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backend } from "#crypto";
import { cross, row } from "../peers/cells.ts";
import type {
  Context,
  ObjectClient,
  ObjectPlace,
  PeerKeyring,
  ReEncryptingClient,
} from "../peers/clients.ts";
import { rsaKeyring } from "../peers/keys.ts";
import { readsAll, readsAllBeforeV3 } from "../peers/object-client.ts";
import { PeerError } from "../peers/peer.ts";
import { sample } from "../peers/vectors/format.ts";
import { type Clients, startClients } from "../peers/vectors/object-readers.ts";
import { keyfoldClient, plainS3, type SealingClient } from "./keyfold-client.ts";
import { type Bench, BUCKET, formats, kmsPair, rawWraps, reads, startBench } from "./s3-bench.ts";

let bench: Bench;
let clients: Clients;
beforeAll(async () => {
  [bench, clients] = await Promise.all([startBench(), startClients()]);
});
afterAll(() => Promise.all([bench?.stop(), clients?.stop()]));

const keyfold = keyfoldClient();
const plaintext = sample(100);
const inFile = { instructionFile: true } as const;
const fileOf = (at: ObjectPlace, suffix = ".instruction"): ObjectPlace => ({ ...at, key: at.key + suffix });
const kms = (): PeerKeyring => kmsPair(bench).writer;

const named = () => {
  const sdk1 = (client: "V1" | "V2") => clients.sdk1.client({ client, mode: "authenticated" });
  return {
    keyfold,
    "Python 4.0.0": clients.python,
    "Java 4.0.1": clients.java,
    "Java 3.5.0": clients.java3,
    "SDK for Java 1, V1": sdk1("V1"),
    "SDK for Java 1, V2": sdk1("V2"),
  } satisfies Record<string, SealingClient>;
};
type Name = keyof ReturnType<typeof named>;
const names = [
  "keyfold",
  "Python 4.0.0",
  "Java 4.0.1",
  "Java 3.5.0",
  "SDK for Java 1, V1",
  "SDK for Java 1, V2",
] as const satisfies readonly Name[];

describe("deletes", () => {
  /** keyfold on one side at least. Python writes no instruction files. */
  const meetings = cross(names, names).filter(
    ([writer, deleter]) => (writer === "keyfold") !== (deleter === "keyfold") && writer !== "Python 4.0.0",
  );
  const left = async (objects: readonly ObjectPlace[]): Promise<string[]> => {
    const keys = await clients.python.rawList({ s3: bench.s3, bucket: BUCKET });
    return keys.filter((key) => objects.some((at) => key === at.key || key === fileOf(at).key));
  };
  const written = async (writer: Name, count: number): Promise<ObjectPlace[]> => {
    const objects = Array.from({ length: count }, () => bench.place());
    for (const at of objects) await named()[writer].put(at, kms(), plaintext, {}, inFile);
    expect((await left(objects)).length).toBe(2 * count);
    return objects;
  };

  it("one object, and nothing of it is left", (task) =>
    row(task, meetings, String, async ([writer, deleter]) => {
      const objects = await written(writer, 1);
      await named()[deleter].delete(objects[0]!, [objects[0]!.key], kms());
      expect(await left(objects)).toEqual([]);
    }));

  it("several at once, and nothing of them is left", (task) => {
    // That client leaves the files behind.
    const cells = meetings.filter(([, deleter]) => !deleter.startsWith("SDK for Java 1"));
    return row(task, cells, String, async ([writer, deleter]) => {
      const objects = await written(writer, 3);
      await named()[deleter].delete(
        objects[0]!,
        objects.map(({ key }) => key),
        kms(),
      );
      expect(await left(objects)).toEqual([]);
    });
  });
});

it("files with a suffix of their own are read, and deleted by who is told of it", (task) => {
  const suffix = ".of-the-tenant";
  const options = { instructionFileSuffix: suffix };
  const writer = keyfoldClient({ instructionFile: { write: true, suffix } });
  return row(task, formats, String, async (format) => {
    const at = bench.place();
    await writer.put(at, kms(), plaintext, { a: "b" }, { format });
    for (const reader of [clients.python, clients.java, keyfold]) {
      expect(await reader.get(at, kms(), { a: "b" }, { ...options, ...reads(format) })).toEqual(plaintext);
      await expect(reader.get(at, kms(), { a: "b" }, reads(format))).rejects.toThrow();
    }
    await clients.python.delete(at, [at.key], kms(), options);
    const keys = await clients.python.rawList(at);
    expect(keys.filter((key) => key.startsWith(`${at.key}.`) || key === at.key)).toEqual([]);
  });
});

const version = (materialsDescription: Context) => ({ materialsDescription });
const aes = rawWraps["AES-256"];
const { RSA: rsa } = rawWraps;
const nextAes = { ...aes, key: Buffer.alloc(32, 0x5a).toString("base64"), ...version({ version: "2" }) };
const nextRsa = { ...rsaKeyring("oaep-sha1", "next"), ...version({ version: "2" }) };
const partner = { ...rsaKeyring("oaep-sha1", "partner"), ...version({ partner: "b" }) };

interface Rewrap {
  readonly name: string;
  readonly from: PeerKeyring;
  readonly to: PeerKeyring;
  readonly suffix?: string;
}
const rewraps: readonly Rewrap[] = [
  { name: "AES to AES", from: aes, to: nextAes },
  { name: "AES to RSA", from: aes, to: nextRsa },
  { name: "RSA to RSA", from: rsa, to: nextRsa },
  { name: "RSA to AES", from: rsa, to: nextAes },
  { name: "RSA to a partner's", from: rsa, to: partner, suffix: "partner" },
];

/** The owner's file stays where the new one has another suffix. */
async function rewrapped(
  by: Pick<ReEncryptingClient, "reEncryptInstructionFile">,
  at: ObjectPlace,
  { from, to, suffix }: Rewrap,
  options: Parameters<ReEncryptingClient["reEncryptInstructionFile"]>[3],
): Promise<{ instructionFileSuffix?: string }> {
  await by.reEncryptInstructionFile(at, from, to, { ...options, ...(suffix !== undefined && { suffix }) });
  return suffix === undefined ? {} : { instructionFileSuffix: `.${suffix}` };
}

describe.each(formats)("new wrappings, format %s", (format) => {
  // Java's clients take a suffix under RSA alone; it is keyfold's to give one to AES, and to leave KMS.
  const more = (): Rewrap[] => [
    { name: "AES to AES, another file", from: aes, to: nextAes, suffix: "next" },
    { name: "KMS to AES", from: kms(), to: nextAes },
    { name: "KMS to a partner's RSA", from: kms(), to: partner, suffix: "partner" },
  ];

  it("those of keyfold are read by all that know the format", (task) =>
    row(
      task,
      [...rewraps, ...more()],
      ({ name }) => name,
      async (rewrap) => {
        const at = bench.place();
        const writer = rewrap.from.type === "kms" ? keyfold : clients.java;
        await writer.put(at, rewrap.from, plaintext, {}, { format, ...inFile });
        const suffix = await rewrapped(keyfold, at, rewrap, { enforceRotation: true });
        const { java, java3 } = clients;
        const sdk1 = named()["SDK for Java 1, V2"];
        expect(await keyfold.get(at, rewrap.to, {}, { ...reads(format), ...suffix })).toEqual(plaintext);
        expect(await java.get(at, rewrap.to, {}, { ...reads(format), ...suffix })).toEqual(plaintext);
        if (format === "V2") {
          expect(await java3.get(at, rewrap.to, {}, suffix)).toEqual(plaintext);
          expect(await sdk1.get(at, rewrap.to, {}, suffix)).toEqual(plaintext);
        }
        const former = java.get(at, rewrap.from, {}, reads(format));
        if (rewrap.suffix === undefined) await expect(former).rejects.toThrow(PeerError);
        else expect(await former).toEqual(plaintext);
      },
    ));

  it("those of Java are read by keyfold", (task) => {
    const writers = format === "V2" ? (["Java 4.0.1", "Java 3.5.0"] as const) : (["Java 4.0.1"] as const);
    const cells = cross(rewraps, writers);
    return row(
      task,
      cells,
      ([{ name }, writer]) => `${name}, ${writer}`,
      async ([rewrap, name]) => {
        const at = bench.place();
        const writer = { "Java 4.0.1": clients.java, "Java 3.5.0": clients.java3 }[name];
        await keyfold.put(at, rewrap.from, plaintext, {}, { format, ...inFile });
        const options = { enforceRotation: true, ...(name === "Java 4.0.1" && { format }) };
        const suffix = await rewrapped(writer, at, rewrap, options);
        expect(await keyfold.get(at, rewrap.to, {}, { ...reads(format), ...suffix })).toEqual(plaintext);
        const former = keyfold.get(at, rewrap.from, {}, reads(format));
        if (rewrap.suffix === undefined)
          await expect(former).rejects.toMatchObject({ code: "ERR_NO_DATA_KEY" });
        else expect(await former).toEqual(plaintext);
      },
    );
  });

  it("enforced rotation refuses the same key under another name, and the file stays, on both sides", (task) => {
    const again = { ...aes, ...version({ version: "2" }) };
    return row(task, ["keyfold", "Java"], String, async (name) => {
      const at = bench.place();
      const [writer, other] = name === "keyfold" ? [keyfold, clients.java] : [clients.java, keyfold];
      await other.put(at, aes, plaintext, {}, { format, ...inFile });
      const before = await clients.java.rawGet(fileOf(at));
      const options = { format, enforceRotation: true };
      await expect(writer.reEncryptInstructionFile(at, aes, again, options)).rejects.toThrow();
      expect(await clients.java.rawGet(fileOf(at))).toEqual(before);
      await writer.reEncryptInstructionFile(at, aes, again, { format });
      expect(await other.get(at, aes, {}, reads(format))).toEqual(plaintext);
    });
  });
});

describe("older objects under new wrappings", () => {
  const modes = ["encryption-only", "authenticated"] as const;

  it("keyfold leaves AESWrap and kms behind: all read what it wrote", (task) => {
    const client = () => clients.sdk1.client({ client: "V1", mode: "authenticated" });
    return row(
      task,
      cross([aes, kms()], [nextAes, nextRsa]),
      ([from, to]) => `${from.type} to ${to.type}`,
      async ([from, to]) => {
        const at = bench.place();
        await client().put(at, from, plaintext, {}, inFile);
        await keyfold.reEncryptInstructionFile(at, from, to, { legacyWrapping: true });
        expect(await keyfold.get(at, to, {}, reads("V2"))).toEqual(plaintext);
        expect(await clients.java.get(at, to, {}, reads("V2"))).toEqual(plaintext);
        expect(await clients.java3.get(at, to, {})).toEqual(plaintext);
        for (const name of ["SDK for Java 1, V1", "SDK for Java 1, V2"] as const)
          expect(await named()[name].get(at, to, {})).toEqual(plaintext);
      },
    );
  });

  it("keyfold reads what Java wrapped anew, CBC too", (task) =>
    row(
      task,
      cross(cross(modes, [nextAes, nextRsa]), ["Java 4.0.1", "Java 3.5.0"] as const),
      ([[mode, to], name]) => `${mode}, ${to.type}, ${name}`,
      async ([[mode, to], name]) => {
        const at = bench.place();
        await clients.sdk1.client({ client: "V1", mode }).put(at, aes, plaintext, {}, inFile);
        if (name === "Java 4.0.1")
          await clients.java.reEncryptInstructionFile(at, aes, to, {
            ...{ format: "V2", legacyWrapping: true, legacyModes: true },
          });
        else await clients.java3.reEncryptInstructionFile(at, aes, to, readsAllBeforeV3);
        expect(await keyfold.get(at, to, {}, readsAll)).toEqual(plaintext);
      },
    ));

  it("keyfold reads what both clients of the SDK for Java 1 wrapped for another file", (task) =>
    row(task, cross(["V1", "V2"] as const, [nextAes, partner]), JSON.stringify, async ([client, to]) => {
      const at = bench.place();
      const writer = clients.sdk1.client({ client, mode: "authenticated" });
      await writer.put(at, aes, plaintext, {}, inFile);
      await writer.reEncryptInstructionFile(at, aes, to, { suffix: "partner" });
      const opened = keyfold.get(at, to, {}, { ...readsAll, instructionFileSuffix: ".partner" });
      // The wrap of V1 is RSA-OAEP-SHA256.
      if (backend.name === "web" && client === "V1" && to === partner)
        await expect(opened).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
      else expect(await opened).toEqual(plaintext);
    }));

  it("keyfold does not wrap CBC anew", async () => {
    const at = bench.place();
    await clients.sdk1.client({ client: "V1", mode: "encryption-only" }).put(at, aes, plaintext, {}, inFile);
    const options = { legacyWrapping: true, legacyModes: true };
    await expect(keyfold.reEncryptInstructionFile(at, aes, nextAes, options)).rejects.toMatchObject({
      code: "ERR_S3_INSTRUCTION_FILE",
    });
  });
});

describe("refusals agree", () => {
  const readers = (): [string, Pick<ObjectClient, "get">][] => [
    ["Python", clients.python],
    ["Java 4.0.1", clients.java],
    ["keyfold", keyfold],
  ];
  const refusedBy = async (at: ObjectPlace, format: "V2" | "V3"): Promise<unknown[]> => {
    const codes: unknown[] = [];
    for (const [, reader] of readers()) {
      const error = await reader.get(at, kms(), {}, reads(format)).then(
        () => "opened",
        (error) => (error instanceof PeerError ? "refused" : error.code),
      );
      codes.push(error);
    }
    return codes;
  };

  it("a file that belongs to another object under the same key", (task) =>
    row(
      task,
      cross(formats, [keyfold, clients.java]),
      ([format]) => format,
      async ([format, writer]) => {
        const [one, other] = [bench.place(), bench.place()];
        for (const at of [one, other]) await writer.put(at, kms(), plaintext, {}, { format, ...inFile });
        expect(await refusedBy(one, format)).toEqual(["opened", "opened", "opened"]);
        const CopySource = encodeURI(`${BUCKET}/${fileOf(other).key}`);
        await plainS3(bench.s3).send(
          new CopyObjectCommand({ Bucket: BUCKET, Key: fileOf(one).key, CopySource }),
        );
        expect(await refusedBy(one, format)).toEqual(["refused", "refused", "ERR_AUTHENTICATION"]);
      },
    ));

  it("a file that holds what belongs on the object", (task) => {
    const cells = cross(["x-amz-c", "x-amz-d", "x-amz-i"], [keyfold, clients.java]);
    return row(
      task,
      cells,
      ([name, writer]) => `${name}, ${writer === keyfold ? "keyfold" : "Java"}`,
      async ([name, writer]) => {
        const at = bench.place();
        await writer.put(at, kms(), plaintext, {}, inFile);
        const { metadata } = await clients.java.rawGet(at);
        const file = await clients.java.rawGet(fileOf(at));
        const fields = { ...JSON.parse(file.body.toString()), [name]: metadata[name] };
        await clients.java.rawPut(fileOf(at), { ...file, body: Buffer.from(JSON.stringify(fields)) });
        expect(await refusedBy(at, "V3")).toEqual(["refused", "refused", "ERR_OBJECT_FORMAT"]);
      },
    );
  });

  it("a file that is gone", (task) =>
    row(task, formats, String, async (format) => {
      const at = bench.place();
      await keyfold.put(at, kms(), plaintext, {}, { format, ...inFile });
      const { metadata, body } = await clients.java.rawGet(at);
      const moved = bench.place();
      await clients.java.rawPut(moved, { metadata, body });
      const refusals = await refusedBy(moved, format);
      expect(refusals.slice(0, 2)).toEqual(["refused", "refused"]);
      expect(refusals[2]).toMatch(/^ERR_S3_/);
    }));
});
