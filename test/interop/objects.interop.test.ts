// keyfold's sealed objects and the official S3 Encryption Clients: Python 4.0.0 (KMS), Java 4.0.1 (raw AES, raw RSA, KMS).
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openObject, sealObject } from "../../src/index.ts";
import { cross, row } from "../peers/cells.ts";
import {
  type Context,
  type ObjectClient,
  type PeerKeyring,
  startJava,
  startPython,
} from "../peers/clients.ts";
import { aesKeyring, rsaKeyring } from "../peers/keys.ts";
import { type Moto, startMoto } from "../peers/moto.ts";
import { PeerError } from "../peers/peer.ts";
import { sample } from "../peers/vectors/format.ts";
import { keyringOf } from "./keyrings.ts";
import type { SharedKey } from "./kinds.ts";
import { startSharedKms } from "./shared-kms.ts";

let moto: Moto;
let kms: SharedKey & { stop(): Promise<void> };
let python: Awaited<ReturnType<typeof startPython>>;
let java: Awaited<ReturnType<typeof startJava>>;
beforeAll(async () => {
  [moto, kms, python, java] = await Promise.all([startMoto(), startSharedKms(), startPython(), startJava()]);
  await java.createBucket({ s3: moto.endpoint, bucket: "interop" });
});
afterAll(() => Promise.all([moto.stop(), kms.stop(), python.stop(), java.stop()]));

let count = 0;
const place = () => ({ s3: moto.endpoint, bucket: "interop", key: `object ${++count}` });
const kmsKeyring = (): PeerKeyring => ({ type: "kms", endpoint: kms.endpoint, keyId: kms.arn });

const sizes = [0, 1, 15, 16, 17, 1000, 70_000];
const same = (a: Uint8Array, b: Uint8Array): void => expect(Buffer.from(a).equals(b)).toBe(true);
/** The caller's pairs, where there are any: under raw wraps naming them is an error. */
const named = (encryptionContext: Context) =>
  Object.keys(encryptionContext).length === 0 ? {} : { encryptionContext };

async function peerReads(
  peer: ObjectClient,
  keyring: PeerKeyring,
  size: number,
  context: Context,
): Promise<void> {
  const at = place();
  await peer.rawPut(at, await sealObject(sample(size), { keyring: keyringOf(keyring), ...named(context) }));
  same(await peer.get(at, keyring, context), sample(size));
}

async function keyfoldReads(
  peer: ObjectClient,
  keyring: PeerKeyring,
  size: number,
  context: Context,
): Promise<void> {
  const at = place();
  await peer.put(at, keyring, sample(size), context);
  const opened = await openObject(await peer.rawGet(at), { keyring: keyringOf(keyring), ...named(context) });
  same(opened.plaintext, sample(size));
}

describe.each(["Python", "Java"])("KMS, %s", (language) => {
  const peer = (): ObjectClient => (language === "Python" ? python : java);
  const contexts: Context[] = [
    {},
    { tenant: "t1", purpose: "interop" },
    { apple: "1", Banana: "2", 'quoted "key"': "a\\b/c" },
  ];
  const cells = cross(sizes, contexts);
  const label = ([size, context]: (typeof cells)[number]): string =>
    `${size} bytes, ${JSON.stringify(context)}`;

  it("reads keyfold's", (task) =>
    row(task, cells, label, ([size, context]) => peerReads(peer(), kmsKeyring(), size, context)));
  it("is read by keyfold", (task) =>
    row(task, cells, label, ([size, context]) => keyfoldReads(peer(), kmsKeyring(), size, context)));

  it("refuses another context, and so does keyfold", (task) => {
    const wrong: Context[] = [{}, { tenant: "t2" }, { tenant: "t1", more: "1" }];
    return row(task, wrong, JSON.stringify, async (context) => {
      const at = place();
      const keyring = keyringOf(kmsKeyring());
      await peer().rawPut(at, await sealObject(sample(10), { keyring, encryptionContext: { tenant: "t1" } }));
      await expect(peer().get(at, kmsKeyring(), context)).rejects.toThrow(PeerError);
      await expect(
        openObject(await peer().rawGet(at), { keyring, encryptionContext: context }),
      ).rejects.toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT" });
    });
  });
});

describe("raw keys, Java", () => {
  const rsa = rsaKeyring("oaep-sha1");
  const wrapping: Record<string, PeerKeyring & { type: "raw-aes" | "raw-rsa" }> = {
    "AES-128": aesKeyring(16),
    "AES-192": aesKeyring(24),
    "AES-256": aesKeyring(32),
    "RSA-OAEP-SHA1": rsa,
  };
  const labels: Context[] = [{}, { team: "a", year: "2026" }];
  const cells = cross(sizes, labels);
  const label = ([size, materials]: (typeof cells)[number]): string =>
    `${size} bytes, ${JSON.stringify(materials)}`;

  describe.each(Object.entries(wrapping))("%s", (_, keyring) => {
    const with_ = (materialsDescription: Context): PeerKeyring =>
      Object.keys(materialsDescription).length === 0 ? keyring : { ...keyring, materialsDescription };

    it("Java reads keyfold's", (task) =>
      row(task, cells, label, ([size, materials]) => peerReads(java, with_(materials), size, {})));
    it("keyfold reads Java's", (task) =>
      row(task, cells, label, ([size, materials]) => keyfoldReads(java, with_(materials), size, {})));
  });

  it("a public key alone writes, the private key alone reads", (task) => {
    const { publicKey, privateKey, ...names } = rsa;
    const writer: PeerKeyring = { ...names, publicKey: publicKey! };
    const reader: PeerKeyring = { ...names, privateKey: privateKey! };
    return row(
      task,
      sizes,
      (size) => `${size} bytes`,
      async (size) => {
        const ours = place();
        await java.rawPut(ours, await sealObject(sample(size), { keyring: keyringOf(writer) }));
        same(await java.get(ours, reader, {}), sample(size));
        const theirs = place();
        await java.put(theirs, writer, sample(size), {});
        same(
          (await openObject(await java.rawGet(theirs), { keyring: keyringOf(reader) })).plaintext,
          sample(size),
        );
      },
    );
  });

  it("Java and keyfold refuse an object with one bit changed", async (task) => {
    const { metadata, body } = await sealObject(sample(40), { keyring: keyringOf(wrapping["AES-256"]!) });
    return row(
      task,
      [...body.keys()],
      (byte) => `byte ${byte}`,
      async (byte) => {
        const at = place();
        const altered = Buffer.from(body);
        altered[byte]! ^= 1;
        await java.rawPut(at, { metadata: { ...metadata }, body: altered });
        await expect(java.get(at, wrapping["AES-256"]!, {})).rejects.toThrow(PeerError);
        const opened = openObject({ metadata, body: altered }, { keyring: keyringOf(wrapping["AES-256"]!) });
        await expect(opened).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
      },
    );
  });
});

it("cells that cannot exist", ({ task }) => {
  task.meta.impossible = [
    { cell: "Python S3 client with raw AES or raw RSA", reason: "4.0.0 has a KMS keyring and no other" },
    {
      cell: "Python S3 client with non-ASCII context",
      reason: '"EncryptionContext keys and values must contain only US-ASCII characters"',
    },
    { cell: "S3 objects under a multi keyring", reason: "the format holds exactly one encrypted data key" },
    { cell: "RSA with another hash in format V3", reason: 'the only RSA wrap of V3 is "22", RSA-OAEP-SHA1' },
  ];
});
