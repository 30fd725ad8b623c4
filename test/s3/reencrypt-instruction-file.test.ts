import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Keyring, rawAesKeyring, rawRsaKeyring } from "../../src/index.ts";
import { random, utf8 } from "../support/bytes.ts";
import { outcome } from "../support/failure.ts";
import { aesObjectKey, readObject, rsaObjectKey, writeKmsObject } from "../support/independent-object.ts";
import { aesV1, writeObjectV1 } from "../support/independent-object-v1.ts";
import {
  aesGcmV2,
  aesWrapV2,
  readObjectV2,
  rsaOaepSha1V2,
  writeObjectV2,
} from "../support/independent-object-v2.ts";
import { joinedMetadata, splitObject } from "../support/instruction-file.ts";
import { aes, clear, KEY } from "../support/keyrings.ts";
import { rsaPair } from "../support/rsa.ts";
import { s3Fault } from "../support/s3.ts";
import { Bucket, get, misused, put, read, refused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => {
  at.s3.script = null;
  at.forget();
});

const TEXT = utf8("42 pears");
const pair = rsaPair();
const NEW = random(32);
const label = { key: "2026" };
const toAes = (key = NEW, materialsDescription: Record<string, string> = label) =>
  rawAesKeyring({ namespace: "n", name: "new", key, materialsDescription });
const toRsa = () =>
  rawRsaKeyring({
    namespace: "n",
    name: "new",
    padding: "oaep-sha1",
    publicKey: pair.publicForms["PEM SPKI"],
    privateKey: pair.privateForms["PEM PKCS#8"],
    materialsDescription: label,
  });
const policies = { V3: "require-encrypt-require-decrypt", V2: "forbid-encrypt-allow-decrypt" } as const;
const client = (format: "V3" | "V2", more: object = {}) =>
  at.client({
    keyring: aes(),
    instructionFile: { write: true },
    commitmentPolicy: policies[format],
    ...more,
  });
const again = (Key: string, keyring: Keyring, more: object = {}, from = client("V3")) =>
  from.reencryptInstructionFile({ Bucket, Key, keyring, ...more });
const joined = async (key: string, suffix = ".instruction") =>
  joinedMetadata((await at.stored(key)).metadata, (await at.stored(key + suffix)).body);

describe.each(["V3", "V2"] as const)("an instruction file of format %s", (format) => {
  it("goes from one AES key to another; the object stays as it is", async () => {
    await put(client(format), "k", TEXT, { Metadata: { colour: "red" } });
    const [before, file] = [await at.stored("k"), await at.stored("k.instruction")];
    at.forget();
    await again("k", toAes(), { enforceRotation: true }, client(format));
    expect(at.s3.asked()).toEqual(["HeadObject k", "GetObject k.instruction", "PutObject k.instruction"]);
    const after = await at.stored("k");
    expect(after.body).toEqual(before.body);
    expect(after.metadata).toEqual(before.metadata);
    const written = await at.stored("k.instruction");
    expect(written.metadata).toEqual(file.metadata);
    const metadata = await joined("k");
    const opened =
      format === "V3"
        ? readObject(metadata, after.body, aesObjectKey(NEW))
        : await readObjectV2(metadata, after.body, aesGcmV2(NEW));
    expect(opened).toEqual(TEXT);
    expect(JSON.parse(metadata[format === "V3" ? "x-amz-m" : "x-amz-matdesc"]!)).toEqual(label);
    expect(await read(client(format, { keyring: toAes() }), "k")).toEqual(TEXT);
    // The old one no longer opens it.
    await refused(get(client(format), "k"), "ERR_NO_DATA_KEY", "k");
  });

  it("goes from AES to RSA", async () => {
    await put(client(format), "k", TEXT);
    await again("k", toRsa(), { enforceRotation: true }, client(format));
    const { body } = await at.stored("k");
    const metadata = await joined("k");
    const opened =
      format === "V3"
        ? readObject(metadata, body, rsaObjectKey(pair))
        : await readObjectV2(metadata, body, rsaOaepSha1V2(pair));
    expect(opened).toEqual(TEXT);
    await refused(get(client(format), "k"), "ERR_NO_DATA_KEY", "k");
  });

  it("gets a second one, with a suffix of its own", async () => {
    await put(client(format), "shared", TEXT);
    const before = await at.stored("shared.instruction");
    await again("shared", toRsa(), { suffix: ".partner" }, client(format));
    expect((await at.stored("shared.instruction")).body).toEqual(before.body);
    expect(await read(client(format), "shared")).toEqual(TEXT);
    const partner = client(format, { keyring: toRsa() });
    expect(await read(partner, "shared", {}, { instructionFileSuffix: ".partner" })).toEqual(TEXT);
  });

  it("needs a label that differs from the old one", async () => {
    const labelled = rawAesKeyring({ namespace: "n", name: "old", key: KEY, materialsDescription: label });
    await put(client(format, { keyring: labelled }), "k", TEXT);
    const before = await at.stored("k.instruction");
    await misused(again("k", toAes(), {}, client(format)), /materialsDescription/);
    await again("k", toAes(NEW, { key: "2027" }), {}, client(format));
    await put(client(format), "bare", TEXT);
    await misused(again("bare", toAes(NEW, {}), {}, client(format)), /materialsDescription/);
    expect(before.body).not.toEqual((await at.stored("k.instruction")).body);
  });

  it("is not written where the old keyring would still open it (enforceRotation)", async () => {
    await put(client(format), "k", TEXT);
    const before = await at.stored("k.instruction");
    // The same key under another label.
    const same = toAes(KEY);
    const enforced = again("k", same, { enforceRotation: true }, client(format));
    const error = await refused(enforced, "ERR_S3_INSTRUCTION_FILE", "k");
    expect(error.message).toContain("enforceRotation");
    expect((await at.stored("k.instruction")).body).toEqual(before.body);
    await again("k", same, {}, client(format));
    expect(await read(client(format), "k")).toEqual(TEXT);
  });
});

describe("older formats", () => {
  const legacy = { legacy: { wrappingAlgorithms: true, unauthenticatedModes: true } };
  it("wraps of older writers become V2's, where policy and options allow them", async () => {
    const { metadata, body, instruction } = splitObject(await writeObjectV2(TEXT, aesWrapV2(KEY)));
    await at.place("old", { metadata, body });
    await at.place("old.instruction", instruction);
    await refused(again("old", toAes(), {}, client("V3")), "ERR_COMMITMENT_POLICY", "old");
    await refused(again("old", toAes(), {}, client("V2")), "ERR_S3_LEGACY", "old");
    await again("old", toAes(), {}, client("V2", legacy));
    expect(await readObjectV2(await joined("old"), body, aesGcmV2(NEW))).toEqual(TEXT);
    expect((await at.stored("old")).body).toEqual(body);
  });

  it("content under AES-CBC stays as it is: no wrapping makes it safer", async () => {
    const { metadata, body, instruction } = splitObject(await writeObjectV1(TEXT, aesV1(KEY)));
    await at.place("cbc", { metadata, body });
    await at.place("cbc.instruction", instruction);
    await refused(again("cbc", toAes(), {}, client("V2", legacy)), "ERR_S3_INSTRUCTION_FILE", "cbc");
    expect((await at.stored("cbc.instruction")).body).toEqual(instruction.body);
  });

  it("under KMS go to a raw key", async () => {
    const { metadata, body, instruction } = splitObject(await writeKmsObject(TEXT, at.byHand));
    await at.place("kms", { metadata, body });
    await at.place("kms.instruction", instruction);
    await again("kms", toAes(), { enforceRotation: true }, at.client());
    expect(readObject(await joined("kms"), body, aesObjectKey(NEW))).toEqual(TEXT);
  });

  it("under KMS with pairs are opened by the same pairs", async () => {
    const pairs = { tenant: "t1" };
    const { metadata, body, instruction } = splitObject(await writeKmsObject(TEXT, at.byHand, pairs));
    await at.place("bound", { metadata, body });
    await at.place("bound.instruction", instruction);
    await refused(again("bound", toAes(), {}, at.client()), "ERR_ENCRYPTION_CONTEXT", "bound");
    await again("bound", toAes(), { encryptionContext: pairs }, at.client());
    expect(readObject(await joined("bound"), body, aesObjectKey(NEW))).toEqual(TEXT);
  });
});

describe("is refused", () => {
  beforeEach(() => put(client("V3"), "k", TEXT));

  it("for an object without a file", async () => {
    await put(at.client({ keyring: aes() }), "whole", TEXT);
    const error = await refused(again("whole", toAes()), "ERR_S3_INSTRUCTION_FILE", "whole");
    expect(error.message).toContain("has no instruction file");
    await at.s3.put(Bucket, "plain", TEXT);
    await refused(again("plain", toAes()), "ERR_S3_INSTRUCTION_FILE", "plain");
  });

  it("for an object that is not there: S3 says so", async () => {
    expect(await outcome(again("nobody", toAes()))).toMatchObject({ $metadata: { httpStatusCode: 404 } });
  });

  it("for an object whose file is gone, denied or broken", async () => {
    const { metadata, body } = await at.stored("k");
    await at.place("gone", { metadata: { ...metadata }, body });
    await refused(again("gone", toAes()), "ERR_S3_INSTRUCTION_FILE", "gone");
    at.s3.script = s3Fault("GetObject", { status: 403, code: "AccessDenied" });
    await refused(again("k", toAes()), "ERR_S3_INSTRUCTION_FILE", "k");
    at.s3.script = null;
    await at.s3.put(Bucket, "gone.instruction", utf8("{"));
    await refused(again("gone", toAes()), "ERR_OBJECT_FORMAT", "gone");
  });

  it("for another old key", async () => {
    const other = client("V3", { keyring: aes("k", random(32)) });
    await refused(again("k", toAes(), {}, other), "ERR_NO_DATA_KEY", "k");
  });

  it("for keyrings that are no raw keys, and requests that are none", async () => {
    at.forget();
    const bad = [undefined, null, {}, at.keyring, clear()];
    for (const keyring of bad) await misused(again("k", keyring as Keyring), /raw AES key/);
    for (const suffix of ["", 1, null]) await misused(again("k", toAes(), { suffix }), /suffix/);
    await misused(client("V3").reencryptInstructionFile(undefined as never), /Bucket and Key/);
    await misused(again("", toAes()), /Bucket and Key/);
    await misused(again("k", toAes(), { abortSignal: {} }), /signal/i);
    expect(at.s3.requests).toEqual([]);
  });

  it("and what is refused writes nothing", async () => {
    const before = await at.stored("k.instruction");
    const broken: Keyring = { ...toAes(), wrap: () => Promise.reject(new Error("the HSM is away")) };
    expect(await outcome(again("k", broken))).toBeInstanceOf(Error);
    expect((await at.stored("k.instruction")).body).toEqual(before.body);
    expect(at.s3.asked().filter((asked) => asked === "PutObject k.instruction").length).toBe(1);
  });

  it("an abort stops it", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    at.s3.script = ({ operation }) => {
      if (operation === "HeadObject") controller.abort(reason);
      return null;
    };
    expect(await outcome(again("k", toAes(), { abortSignal: controller.signal }))).toBeInstanceOf(Error);
    expect(at.s3.asked()).toEqual(["PutObject k.instruction", "PutObject k", "HeadObject k"]);
    expect(await read(client("V3"), "k")).toEqual(TEXT);
  });
});
