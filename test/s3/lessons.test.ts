// What the advisories of the S3 encryption clients teach, each against somebody who may write to the bucket.
import { CompleteMultipartUploadCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Keyring, rawRsaKeyring } from "../../src/index.ts";
import { contexts } from "../kms/helpers.ts";
import { flipped, join, random, utf8 } from "../support/bytes.ts";
import { outcome, textOf } from "../support/failure.ts";
import {
  aesObjectKey,
  rsaObjectKey,
  type WrittenObject,
  writeKmsObject,
  writeObject,
} from "../support/independent-object.ts";
import {
  aesGcmV2,
  aesWrapV2,
  kmsContextV2,
  kmsV2,
  rsaOaepSha1V2,
  type V2Wrap,
  writeObjectV2,
} from "../support/independent-object-v2.ts";
import { splitObject } from "../support/instruction-file.ts";
import { aes, KEY, watched } from "../support/keyrings.ts";
import { rsaPair } from "../support/rsa.ts";
import { Bucket, get, misused, put, read, refused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => at.forget());

const TEXT = utf8("42 pears and then some: more than two blocks of AES");
const pair = rsaPair();
const rsa = () =>
  rawRsaKeyring({
    namespace: "n",
    name: "k",
    padding: "oaep-sha1",
    publicKey: pair.publicForms["PEM SPKI"],
    privateKey: pair.privateForms["PEM PKCS#8"],
  });
const GCM = "AES/GCM/NoPadding" as const;
const CBC = "AES/CBC/PKCS5Padding" as const;
const reads = { commitmentPolicy: "require-encrypt-allow-decrypt" } as const;
/** A reader that has opened everything that can be opened up. */
const loosest = (keyring: Keyring) =>
  at.client({
    keyring,
    ...reads,
    legacy: { wrappingAlgorithms: true, unauthenticatedModes: true },
    passUnencrypted: true,
    delayedAuthentication: true,
    unauthenticatedRanges: true,
  });
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const asked = () => at.kms.events.filter(({ eventName }) => eventName === "Decrypt").length;

describe("CVE-2025-14763 and its family: a data key is committed to", () => {
  const keys: [string, () => Keyring, () => Promise<WrittenObject>][] = [
    ["AES", aes, async () => writeObject(TEXT, aesObjectKey(KEY))],
    ["RSA", rsa, async () => writeObject(TEXT, rsaObjectKey(pair))],
    ["KMS", () => at.keyring, () => writeKmsObject(TEXT, at.byHand)],
  ];
  it.each(keys)(
    "(%s) another commitment does not open, though the content would",
    async (_, keyring, write) => {
      const { metadata, body } = await write();
      await at.place("k", { metadata: { ...metadata, "x-amz-d": base64(random(28)) }, body });
      await refused(get(loosest(keyring()), "k"), "ERR_AUTHENTICATION", "k");
      for (const bit of [0, 223]) {
        const commitment = base64(flipped(bytesOf(metadata["x-amz-d"]!), bit));
        await at.place("k", { metadata: { ...metadata, "x-amz-d": commitment }, body });
        await refused(get(loosest(keyring()), "k"), "ERR_AUTHENTICATION", "k");
      }
    },
  );

  it.each(keys)(
    "(%s) a data key swapped in the instruction file does not open",
    async (_, keyring, write) => {
      const { metadata, body } = splitObject(await write());
      await at.place("k", { metadata, body });
      // Of an object that the attacker wrote, and whose data key opens.
      const { instruction } = splitObject(await write());
      await at.place("k.instruction", instruction);
      await refused(get(loosest(keyring()), "k"), "ERR_AUTHENTICATION", "k");
    },
  );

  it("a file may not bring the commitment that goes with its data key", async () => {
    const mine = writeObject(TEXT, aesObjectKey(KEY));
    const theirs = writeObject(utf8("43"), aesObjectKey(KEY));
    const { metadata, body } = splitObject(mine);
    await at.place("k", { metadata, body });
    for (const names of [["x-amz-c"], ["x-amz-d"], ["x-amz-i"], ["x-amz-c", "x-amz-d", "x-amz-i"]]) {
      const file = { ...theirs.metadata };
      for (const name of ["x-amz-c", "x-amz-d", "x-amz-i"]) if (!names.includes(name)) delete file[name];
      await at.s3.put(Bucket, "k.instruction", utf8(JSON.stringify(file)));
      const keyring = watched(aes());
      await refused(get(loosest(keyring), "k"), "ERR_OBJECT_FORMAT", "k");
      expect(keyring.calls).toEqual([]);
    }
  });

  it("a lone name of V3 switches nothing", async () => {
    const { metadata, body } = await writeObjectV2(TEXT, aesGcmV2(KEY));
    for (const [name, value] of Object.entries(writeObject(TEXT, aesObjectKey(KEY)).metadata)) {
      const keyring = watched(aes());
      await at.place("k", { metadata: { ...metadata, [name]: value }, body });
      for (const client of [at.client({ keyring }), loosest(keyring)]) {
        await refused(get(client, "k"), "ERR_OBJECT_FORMAT", "k");
      }
      await at.place("k", { metadata: { [name]: value }, body });
      for (const client of [at.client({ keyring }), loosest(keyring)]) {
        await refused(get(client, "k"), "ERR_OBJECT_FORMAT", "k");
      }
      expect(keyring.calls).toEqual([]);
    }
  });
});

describe("CVE-2020-8912: the content algorithm is bound", () => {
  /** GCM's content, said to be CBC. */
  const asCbc = ({ metadata, body }: WrittenObject): WrittenObject => {
    const { "x-amz-tag-len": _, ...rest } = metadata;
    const iv = join(bytesOf(metadata["x-amz-iv"]!), Uint8Array.of(0, 0, 0, 2));
    // Whole blocks, so that CBC would take them.
    const blocks = body.slice(0, body.length - (body.length % 16));
    return { metadata: { ...rest, "x-amz-cek-alg": CBC, "x-amz-iv": base64(iv) }, body: blocks };
  };
  const binding: [string, () => Keyring, () => V2Wrap][] = [
    ["AES/GCM", aes, () => aesGcmV2(KEY)],
    ["RSA-OAEP-SHA1", rsa, () => rsaOaepSha1V2(pair)],
  ];

  it.each(binding)("by %s: GCM as CBC, and CBC as GCM, have no data key", async (_, keyring, wrap) => {
    await at.place("k", asCbc(await writeObjectV2(TEXT, wrap())));
    await refused(get(loosest(keyring()), "k"), "ERR_NO_DATA_KEY", "k");
    const { metadata, body } = await writeObjectV2(TEXT, wrap(), { content: CBC });
    const relabelled = { ...metadata, "x-amz-cek-alg": GCM, "x-amz-iv": base64(random(12)) };
    await at.place("k", { metadata: relabelled, body });
    await refused(get(loosest(keyring()), "k"), "ERR_NO_DATA_KEY", "k");
  });

  it.each(binding)("by %s: V3 as V2, and V2 as V3, have no data key", async (name, keyring, wrap) => {
    const code = name === "AES/GCM" ? "02" : "22";
    const three = writeObject(TEXT, name === "AES/GCM" ? aesObjectKey(KEY) : rsaObjectKey(pair));
    const two = await writeObjectV2(TEXT, wrap());
    const asTwo = { ...two.metadata, "x-amz-key-v2": three.metadata["x-amz-3"]! };
    await at.place("k", { metadata: asTwo, body: two.body });
    await refused(get(loosest(keyring()), "k"), "ERR_NO_DATA_KEY", "k");
    const asThree = { ...three.metadata, "x-amz-w": code, "x-amz-3": two.metadata["x-amz-key-v2"]! };
    await at.place("k", { metadata: asThree, body: three.body });
    await refused(get(loosest(keyring()), "k"), "ERR_NO_DATA_KEY", "k");
  });

  it("by kms+context: the stored pair is compared before KMS is asked, and KMS compares what is stored", async () => {
    const relabelled = asCbc(await writeObjectV2(TEXT, kmsContextV2(at.byHand)));
    await at.place("k", relabelled);
    at.forget();
    await refused(get(loosest(at.keyring), "k"), "ERR_ENCRYPTION_CONTEXT", "k");
    expect(asked()).toBe(0);
    const stored = JSON.stringify({ "aws:x-amz-cek-alg": CBC });
    await at.place("k", { ...relabelled, metadata: { ...relabelled.metadata, "x-amz-matdesc": stored } });
    await refused(get(loosest(at.keyring), "k"), "ERR_NO_DATA_KEY", "k");
    const without = { ...relabelled.metadata, "x-amz-matdesc": "{}" };
    await at.place("k", { ...relabelled, metadata: without });
    await refused(get(loosest(at.keyring), "k"), "ERR_ENCRYPTION_CONTEXT", "k");
  });

  it("by kms+context that is said to be the older kms: neither algorithm nor pairs come off", async () => {
    const pairs = { tenant: "t1" };
    const written = await writeObjectV2(TEXT, kmsContextV2(at.byHand), { pairs });
    const kms = { ...written, metadata: { ...written.metadata, "x-amz-wrap-alg": "kms" } };
    const call = { encryptionContext: pairs };
    at.forget();
    await at.place("k", asCbc(kms));
    for (const options of [{}, call]) {
      await refused(get(loosest(at.keyring), "k", {}, options), "ERR_ENCRYPTION_CONTEXT", "k");
    }
    await at.place("k", kms);
    await refused(get(loosest(at.keyring), "k"), "ERR_ENCRYPTION_CONTEXT", "k");
    expect(asked()).toBe(0);
    // Nor does the data key of a V3 object become that of V2.
    const three = await writeKmsObject(TEXT, at.byHand);
    const metadata = {
      ...kms.metadata,
      "x-amz-key-v2": three.metadata["x-amz-3"]!,
      "x-amz-matdesc": three.metadata["x-amz-t"]!,
    };
    await at.place("k", { metadata, body: kms.body });
    at.forget();
    await refused(get(loosest(at.keyring), "k"), "ERR_ENCRYPTION_CONTEXT", "k");
    expect(asked()).toBe(0);
  });

  it("CTR is never taken from metadata", async () => {
    const { metadata, body } = await writeObjectV2(TEXT, aesWrapV2(KEY));
    for (const cipher of [
      "AES/CTR/NoPadding",
      "AES/ECB/PKCS5Padding",
      "AES/CBC/NoPadding",
      "aes/gcm/nopadding",
      "115",
    ]) {
      await at.place("k", { metadata: { ...metadata, "x-amz-cek-alg": cipher }, body });
      await refused(get(loosest(aes()), "k"), "ERR_OBJECT_FORMAT", "k");
    }
    const three = writeObject(TEXT, aesObjectKey(KEY));
    for (const suite of ["112", "113", "114", "116"]) {
      await at.place("k", { ...three, metadata: { ...three.metadata, "x-amz-c": suite } });
      await refused(get(loosest(aes()), "k"), "ERR_ALGORITHM_SUITE", "k");
    }
  });
});

describe("CVE-2020-8911: failures look alike", () => {
  it("of CBC, whatever is wrong with the padding", async () => {
    const dataKey = random(32);
    const { metadata, body } = await writeObjectV2(TEXT, aesWrapV2(KEY), { content: CBC, dataKey });
    const end = body.length * 8;
    const bodies = [
      // Bits of the block before the last show in the padding: its length, and its bytes.
      ...[1, 2, 8, 64].map((back) => flipped(body, end - 128 - back)),
      body.slice(0, body.length - 16),
      body.slice(0, body.length - 1),
      new Uint8Array(0),
      random(64),
    ];
    const seen = new Set<string>();
    for (const altered of bodies) {
      await at.place("k", { metadata, body: altered });
      const result = await outcome(read(loosest(aes()), "k")).catch((error: Error) => error);
      // One in some hundred altered paddings is one by chance.
      if (!(result as Error).message.startsWith("s3:")) continue;
      seen.add(textOf(result));
    }
    expect(seen.size).toBe(1);
  });

  it("of RSA, whatever is wrong with the wrapped key", async () => {
    const written = writeObject(TEXT, rsaObjectKey(pair));
    const framedFor = (algorithm: string) =>
      rsaOaepSha1V2(pair).wrap(random(32), algorithm as typeof GCM, {});
    const wrapped = [
      random(256).fill(1, 0, 1),
      flipped(bytesOf(written.metadata["x-amz-3"]!), 2000),
      await framedFor("116"),
      await framedFor("115 "),
      await rsaOaepSha1V2(pair).wrap(random(16), "115" as typeof GCM, {}),
    ];
    const seen = new Set<string>();
    for (const edk of wrapped) {
      await at.place("k", { ...written, metadata: { ...written.metadata, "x-amz-3": base64(edk) } });
      seen.add((await refused(get(loosest(rsa()), "k"), "ERR_NO_DATA_KEY", "k")).message);
    }
    expect(seen.size).toBe(1);
  });
});

describe("policy and legacy options come before any key", () => {
  it("under KMS, from metadata or an instruction file: KMS is not asked", async () => {
    for (const [wrap, client, code] of [
      [kmsContextV2(at.byHand), at.client(), "ERR_COMMITMENT_POLICY"],
      [kmsV2(at.byHand), at.client({ legacy: { wrappingAlgorithms: true } }), "ERR_COMMITMENT_POLICY"],
      [kmsV2(at.byHand), at.client(reads), "ERR_S3_LEGACY"],
    ] as const) {
      const written = await writeObjectV2(TEXT, wrap);
      const { metadata, body, instruction } = splitObject(written);
      await at.place("here", written);
      await at.place("beside", { metadata, body });
      await at.place("beside.instruction", instruction);
      at.forget();
      for (const key of ["here", "beside"]) {
        await refused(get(client, key), code, key);
        await refused(get(client, key, { Range: "bytes=0-3" }), code, key);
      }
      expect(at.kms.events).toEqual([]);
    }
  });

  it("a policy that forbids writing a suite is not asked around: V3 is what is written by default", async () => {
    for (const commitmentPolicy of [
      "require-encrypt-require-decrypt",
      "require-encrypt-allow-decrypt",
    ] as const) {
      await put(at.client({ commitmentPolicy }), "k", TEXT);
      expect((await at.stored("k")).metadata).toMatchObject({ "x-amz-c": "115" });
    }
  });
});

describe("CVE-2022-2582: nothing tells of the plaintext", () => {
  it("two puts of the same have nothing in common but their length", async () => {
    await put(at.client(), "one", TEXT);
    await put(at.client(), "two", TEXT);
    const [one, two] = [await at.stored("one"), await at.stored("two")];
    for (const name of ["x-amz-3", "x-amz-d", "x-amz-i"]) {
      expect(one.metadata[name]).not.toBe(two.metadata[name]);
    }
    expect(Buffer.compare(one.body, two.body)).not.toBe(0);
    expect(one.body.length).toBe(two.body.length);
    expect(contexts(at.kms)).toEqual(Array(2).fill({ "aws:x-amz-cek-alg": "115" }));
  });

  it("a checksum of the whole is refused on completing an upload, too", async () => {
    const complete = { Bucket, Key: "k", UploadId: "u", ChecksumCRC32: "AAAAAA==" };
    await misused(
      at.client().send(new CompleteMultipartUploadCommand(complete)),
      /ChecksumCRC32 would be that/,
    );
    expect(at.s3.requests).toEqual([]);
  });
});

it("what cannot be stored whole is not stored in part", async () => {
  const client = at.client({ instructionFile: { write: true } });
  const Metadata = { colour: "x".repeat(2030) };
  await refused(put(client, "half", TEXT, { Metadata }), "ERR_LIMIT", "half");
  at.kms.faults.add({ operation: "GenerateDataKey", times: 1, fault: { error: "DisabledException" } });
  await outcome(put(client, "half", TEXT));
  expect(at.s3.requests).toEqual([]);
});
