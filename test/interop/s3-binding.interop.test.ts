// What keyfold adds to the format is opened by the official S3 clients: objects bound to their place, one data key for
// many objects, mailboxes, and copies that are sealed anew.
import { createHmac } from "node:crypto";
import { CopyObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMailboxKeys, memoryMailboxStore } from "../../src/hierarchy/index.ts";
import { cachingMaterialsManager, type Keyring } from "../../src/index.ts";
import { createS3EncryptionClient, type S3EncryptionClientOptions } from "../../src/s3/index.ts";
import { cross, row } from "../peers/cells.ts";
import {
  type Context,
  type LegacyJava,
  type ObjectClient,
  type ObjectPlace,
  startJava,
  startLegacyJava,
  startPython,
} from "../peers/clients.ts";
import { readsAll } from "../peers/object-client.ts";
import { PeerError } from "../peers/peer.ts";
import { sample } from "../peers/vectors/format.ts";
import { keyfoldClient, pairs, plainS3 } from "./keyfold-client.ts";
import { keyringOf } from "./keyrings.ts";
import { type Bench, BUCKET, formats, kmsPair, rawWraps, reads, startBench } from "./s3-bench.ts";

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

const plaintext = sample(100);
const kms = () => kmsPair(bench).writer;
const peers = (): readonly (readonly [string, ObjectClient])[] => [
  ["Python", python],
  ["Java", java],
];
const peerOf = ([name]: readonly [string, ...unknown[]]): string => name;

describe.each(["object", "bucket"] as const)('bindTo "%s"', (bindTo) => {
  const keyfold = keyfoldClient({ bindTo });
  const pairOf = ({ bucket, key }: ObjectPlace): Context => ({
    "aws:s3:arn": bindTo === "object" ? `arn:aws:s3:::${bucket}/${key}` : `arn:aws:s3:::${bucket}`,
  });

  it("official clients open its objects, given the pair, and not without", (task) => {
    const cells = cross(cross(peers(), formats), cross([{}, { tenant: "t1" }], [false, true]));
    return row(task, cells, String, async ([[[, peer], format], [own, instructionFile]]) => {
      const at = bench.place();
      await keyfold.put(at, kms(), plaintext, own, { format, instructionFile });
      const context = { ...own, ...pairOf(at) };
      expect(await peer.get(at, kms(), context, reads(format))).toEqual(plaintext);
      await expect(peer.get(at, kms(), own, reads(format))).rejects.toThrow(PeerError);
      const elsewhere = { ...own, ...pairOf({ ...at, bucket: "another" }) };
      await expect(peer.get(at, kms(), elsewhere, reads(format))).rejects.toThrow(PeerError);
    });
  });

  it("opens what official clients bound by the same pair, and nothing else of theirs", (task) => {
    const cells = cross(cross(peers(), formats), [{}, { tenant: "t1" }]);
    return row(task, cells, String, async ([[[, peer], format], own]) => {
      const [bound, free] = [bench.place(), bench.place()];
      await peer.put(bound, kms(), plaintext, { ...own, ...pairOf(bound) }, { format });
      expect(await keyfold.get(bound, kms(), own, reads(format))).toEqual(plaintext);
      await peer.put(free, kms(), plaintext, own, { format });
      await expect(keyfold.get(free, kms(), own, reads(format))).rejects.toMatchObject({
        code: "ERR_ENCRYPTION_CONTEXT",
      });
    });
  });

  it("an object that is moved within its bucket opens for nobody who asks for its place", (task) =>
    row(task, peers(), peerOf, async ([, peer]) => {
      const [from, to] = [bench.place(), bench.place()];
      await keyfold.put(from, kms(), plaintext, {});
      await java.rawPut(to, await java.rawGet(from));
      const ours = () => keyfold.get(to, kms(), {});
      const theirs = () => peer.get(to, kms(), pairOf(to));
      if (bindTo === "bucket") {
        for (const opened of [ours, theirs]) expect(await opened()).toEqual(plaintext);
        return;
      }
      await expect(ours()).rejects.toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT" });
      await expect(theirs()).rejects.toThrow(PeerError);
    }));
});

/** keyfold's client with what no peer has a name for. */
const client = (options: Partial<S3EncryptionClientOptions>) =>
  createS3EncryptionClient({ client: plainS3(bench.s3), ...options } as S3EncryptionClientOptions);
const at = ({ bucket: Bucket, key: Key }: ObjectPlace) => ({ Bucket, Key });

it("20 objects under one data key are opened by official clients", async (task) => {
  const keyring = keyringOf(kms());
  const materialsManager = cachingMaterialsManager({ keyring, reusePeriodSeconds: 600 });
  const s3 = client({ materialsManager, bindTo: "bucket" });
  const objects = Array.from({ length: 20 }, () => bench.place());
  for (const [i, place] of objects.entries())
    await s3.send(new PutObjectCommand({ ...at(place), Body: sample(i) }));
  const wrapped = await Promise.all(
    objects.map(async (place) => (await java.rawGet(place)).metadata["x-amz-3"]),
  );
  expect(new Set(wrapped).size).toBe(1);
  const context = { "aws:s3:arn": `arn:aws:s3:::${BUCKET}` };
  await row(task, cross(peers(), [...objects.entries()]), String, async ([[, peer], [i, place]]) => {
    expect(await peer.get(place, kms(), context)).toEqual(sample(i));
  });
});

describe("a mailbox", () => {
  /** An organisation that wraps nothing, so that the test sees mailbox secrets. */
  const secrets: Uint8Array[] = [];
  const glass: Keyring = {
    name: "glass",
    wrap: (dataKey) => {
      secrets.push(Uint8Array.from(dataKey));
      return [{ providerId: "glass", providerInfo: new Uint8Array(0), ciphertext: Uint8Array.from(dataKey) }];
    },
    unwrap: ([edk]) => ({ dataKey: Uint8Array.from(edk!.ciphertext), opened: edk! }),
  };
  const field = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
  };
  const contextBytes = (context: Context): Buffer => {
    const keys = Object.keys(context).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    if (keys.length === 0) return Buffer.alloc(0);
    const fields = keys.flatMap((key) => [field(key), field(context[key]!)]);
    return Buffer.concat([Buffer.from([keys.length >> 8, keys.length & 255]), ...fields]);
  };
  /** By node:crypto alone: what a mailbox wraps an object's data key under. */
  const derived = (id: string, label: Context, context: Context): Buffer =>
    createHmac("sha256", secrets.at(-1)!)
      .update(Buffer.from([0, 0, 0, 1]))
      .update("keyfold-mailbox-object\0")
      .update(Buffer.from(label["keyfold-mailbox-salt"]!, "base64"))
      .update(field(id))
      .update(Buffer.from(label["keyfold-mailbox-version"]!.replaceAll("-", ""), "hex"))
      .update(contextBytes(context))
      .update(Buffer.from([0, 0, 1, 0]))
      .digest();

  it("its objects are opened by Java under the derived key, and Java writes into it, bound or not", async (task) => {
    const mailboxes = createMailboxKeys({ organization: glass, store: memoryMailboxStore() });
    const id = "alice/mail";
    const { version } = await mailboxes.create(id);
    const keyring = mailboxes.keyring(id);
    const bindings = ["none", "object"] as const;
    const cells = cross(cross(formats, bindings), [{}, { tenant: "t1", É: "ü" }] as Context[]);
    await row(task, cells, JSON.stringify, async ([[format, bindTo], own]) => {
      const s3 = client({
        keyring,
        bindTo,
        ...(format === "V2" && { commitmentPolicy: "forbid-encrypt-allow-decrypt" }),
      });
      const [ours, theirs] = [bench.place(), bench.place()];
      const bound = ({ bucket, key }: ObjectPlace): Context =>
        bindTo === "none" ? own : { ...own, "aws:s3:arn": `arn:aws:s3:::${bucket}/${key}` };
      await s3.send(new PutObjectCommand({ ...at(ours), Body: plaintext }), pairs(own));
      const { metadata } = await java.rawGet(ours);
      const label = JSON.parse(metadata[format === "V3" ? "x-amz-m" : "x-amz-matdesc"]!);
      const raw = (of: Context, place: ObjectPlace) => ({
        ...rawWraps["AES-256"],
        key: derived(id, of, bound(place)).toString("base64"),
        materialsDescription: of,
      });
      expect(await java.get(ours, raw(label, ours), {}, reads(format))).toEqual(plaintext);
      const ofAnother = java.get(ours, raw(label, theirs), {}, reads(format));
      if (bindTo === "object") await expect(ofAnother).rejects.toThrow(PeerError);
      else expect(await ofAnother).toEqual(plaintext);

      const salt = { ...label, "keyfold-mailbox-salt": Buffer.alloc(16, 3).toString("base64") };
      expect(label["keyfold-mailbox-version"]).toBe(version);
      await java.put(theirs, raw(salt, theirs), plaintext, {}, { format });
      const { Body } = await s3.send(new GetObjectCommand(at(theirs)), pairs(own));
      expect(Buffer.from(await Body!.transformToByteArray())).toEqual(plaintext);
    });
  });
});

it("copies of older objects are sealed anew, and open for clients that read V3 alone", (task) => {
  const writers = (): readonly (readonly [string, Pick<ObjectClient, "put">, object])[] => [
    ["Java 4.0.1, V2", java, { format: "V2" }],
    ["SDK for Java 1, GCM", sdk1.client({ client: "V1", mode: "authenticated" }), {}],
    ["SDK for Java 1, CBC", sdk1.client({ client: "V1", mode: "encryption-only" }), {}],
    ["SDK for Java 1, V2", sdk1.client({ client: "V2", mode: "strict-authenticated" }), {}],
  ];
  const cells = cross(cross(writers(), [rawWraps["AES-256"], kms()]), [false, true]);
  return row(
    task,
    cells,
    ([[[name], ring], file]) => `${name}, ${ring.type}, ${file}`,
    async ([[[, writer, options], keyring], instructionFile]) => {
      const [from, to] = [bench.place(), bench.place()];
      const metadata = { mine: "yes" };
      await writer.put(from, keyring, plaintext, {}, { ...options, instructionFile, metadata });
      const s3 = client({
        keyring: keyringOf(keyring),
        commitmentPolicy: readsAll.commitmentPolicy,
        legacy: { wrappingAlgorithms: true, unauthenticatedModes: true },
      });
      const CopySource = `${from.bucket}/${encodeURIComponent(from.key)}`;
      await s3.send(new CopyObjectCommand({ ...at(to), CopySource }), { reencrypt: true });
      expect(await java.get(to, keyring, {})).toEqual(plaintext);
      if (keyring.type === "kms") expect(await python.get(to, keyring, {})).toEqual(plaintext);
      expect((await java.rawGet(to)).metadata).toMatchObject({ mine: "yes", "x-amz-c": "115" });
    },
  );
});
