import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  cachingMaterialsManager,
  type Keyring,
  multiKeyring,
  rawAesKeyring,
  rawRsaKeyring,
  requiredContextMaterialsManager,
} from "../../src/index.ts";
import { kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import { ACCOUNT, ARN_A, ARN_B, contexts, KEY_A } from "../kms/helpers.ts";
import { random, utf8 } from "../support/bytes.ts";
import { aesObjectKey, readObject, rsaObjectKey, writeObject } from "../support/independent-object.ts";
import { aesGcmV2, kmsContextV2, readObjectV2, rsaOaepSha1V2 } from "../support/independent-object-v2.ts";
import { aes, clear, KEY } from "../support/keyrings.ts";
import { rsaPair } from "../support/rsa.ts";
import { get, misused, put, read, refused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => at.forget());

const TEXT = utf8("42 pears");
const pair = rsaPair();
const { "PEM SPKI": publicKey } = pair.publicForms;
const { "PEM PKCS#8": privateKey } = pair.privateForms;
const names = { namespace: "n", name: "k" };
const label = { key: "2026-01", é: "日本" };
const rsa = (more: object) => rawRsaKeyring({ ...names, padding: "oaep-sha1", ...more });
const kms = (keyId = ARN_A, more: object = {}) => kmsKeyring({ client: at.kms.client, keyId, ...more });
const discovery = () =>
  kmsDiscoveryKeyring({ client: at.kms.client, filter: { partition: "aws", accountIds: [ACCOUNT] } });

const onObject = async (key: string) => {
  const { metadata, body } = await at.stored(key);
  return [metadata, body] as const;
};

describe("a keyring that writes", () => {
  const v2 = "forbid-encrypt-allow-decrypt" as const;

  it("KMS, in both formats", async () => {
    await put(at.client(), "kms", TEXT);
    expect((await at.opened("kms")).plaintext).toEqual(TEXT);
    const older = at.client({ commitmentPolicy: v2 });
    await put(older, "kms2", TEXT, {}, { encryptionContext: { a: "1" } });
    expect(await readObjectV2(...(await onObject("kms2")), kmsContextV2(at.byHand))).toEqual(TEXT);
    expect(contexts(at.kms)[2]).toEqual({ a: "1", "aws:x-amz-cek-alg": "AES/GCM/NoPadding" });
    expect(await read(older, "kms2", {}, { encryptionContext: { a: "1" } })).toEqual(TEXT);
    expect(await read(older, "kms")).toEqual(TEXT);
  });

  it("KMS by a bare key id", async () => {
    const client = at.client({ keyring: kms(KEY_A) });
    await put(client, "bare", TEXT);
    expect(await read(client, "bare")).toEqual(TEXT);
  });

  it("raw AES, with a label, in both formats", async () => {
    const keyring = rawAesKeyring({ ...names, key: KEY, materialsDescription: label });
    await put(at.client({ keyring }), "aes", TEXT);
    expect(readObject(...(await onObject("aes")), aesObjectKey(KEY))).toEqual(TEXT);
    const [metadata] = await onObject("aes");
    expect(JSON.parse(metadata["x-amz-m"]!)).toEqual(label);
    expect(metadata).not.toHaveProperty("x-amz-t");
    const older = at.client({ keyring, commitmentPolicy: v2 });
    await put(older, "aes2", TEXT);
    expect(await readObjectV2(...(await onObject("aes2")), aesGcmV2(KEY))).toEqual(TEXT);
    expect(await read(older, "aes2")).toEqual(TEXT);
    const { encryption } = await get(older, "aes");
    expect(encryption).toMatchObject({ wrap: "AES/GCM", materialsDescription: label, encryptionContext: {} });
    // A label is no key: another one opens as well.
    expect(await read(at.client({ keyring: aes() }), "aes")).toEqual(TEXT);
  });

  it("raw RSA with oaep-sha1, by its public key alone", async () => {
    const keyring = rsa({ publicKey, materialsDescription: label });
    await put(at.client({ keyring }), "rsa", TEXT);
    expect(readObject(...(await onObject("rsa")), rsaObjectKey(pair))).toEqual(TEXT);
    const [metadata] = await onObject("rsa");
    expect(JSON.parse(metadata["x-amz-m"]!)).toEqual(label);
    await put(at.client({ keyring, commitmentPolicy: v2 }), "rsa2", TEXT);
    expect(await readObjectV2(...(await onObject("rsa2")), rsaOaepSha1V2(pair))).toEqual(TEXT);
    expect(await read(at.client({ keyring: rsa({ privateKey }) }), "rsa")).toEqual(TEXT);
    await refused(get(at.client({ keyring }), "rsa"), "ERR_NO_DATA_KEY", "rsa");
  });
});

describe("a multi keyring", () => {
  it("writes if just one of its keyrings wraps, and reads with all", async () => {
    const other = random(32);
    const reader: Keyring = { ...aes("k", other) };
    const { wrap: _, generate: __, objectWrap: ___, ...readsOnly } = reader as Keyring & { generate?: never };
    const client = at.client({
      keyring: multiKeyring({ generator: kms(), children: [readsOnly, discovery()] }),
    });
    await put(client, "multi", TEXT);
    expect((await at.opened("multi")).plaintext).toEqual(TEXT);
    expect(await read(client, "multi")).toEqual(TEXT);
    await at.place("theirs", writeObject(TEXT, aesObjectKey(other)));
    expect(await read(client, "theirs")).toEqual(TEXT);
    await put(at.client({ keyring: kms(ARN_B) }), "B", TEXT);
    expect(await read(client, "B")).toEqual(TEXT);
  });

  it.each<[string, () => Keyring]>([
    ["two raw keys", () => multiKeyring({ children: [aes(), aes("k", random(32))] })],
    ["a KMS key and a raw one", () => multiKeyring({ generator: kms(), children: [aes()] })],
    ["two KMS keys", () => multiKeyring({ children: [kms(ARN_A), kms(ARN_B)] })],
  ])("of %s is misuse at creation", (_, keyring) =>
    misused(() => at.client({ keyring: keyring() }), /cannot write S3 objects, which hold one data key/),
  );

  it("of readers alone reads", async () => {
    await put(at.client(), "k", TEXT);
    const client = at.client({ keyring: multiKeyring({ children: [discovery(), rsa({ privateKey })] }) });
    expect(await read(client, "k")).toEqual(TEXT);
    await misused(put(client, "k", TEXT), /cannot write S3 objects/);
  });
});

describe("a keyring that cannot write objects", () => {
  it.each<[string, () => Keyring]>([
    ["KMS with additional keys", () => kms(ARN_A, { additionalKeyIds: [ARN_B] })],
    ["raw RSA with another padding", () => rsa({ publicKey, privateKey, padding: "oaep-sha256" })],
    ["one's own, for messages", () => clear()],
  ])("(%s) is misuse at creation", (_, keyring) =>
    misused(() => at.client({ keyring: keyring() }), /cannot write S3 objects/),
  );

  it.each<[string, () => Keyring]>([
    ["discovery", discovery],
    ["a private RSA key", () => rsa({ privateKey })],
  ])("(%s) may only read: writing is misuse, and nothing is asked", async (_, keyring) => {
    const client = at.client({ keyring: keyring() });
    await misused(put(client, "k", TEXT), /cannot write S3 objects/);
    expect(at.kms.events).toEqual([]);
    expect(at.s3.requests).toEqual([]);
  });

  it("behind a manager is found when it is to write", async () => {
    const keyring = kms(ARN_A, { additionalKeyIds: [ARN_B] });
    const materialsManager = cachingMaterialsManager({ keyring });
    await misused(put(at.client({ materialsManager }), "k", TEXT), /cannot write S3 objects/);
    const required = requiredContextMaterialsManager({ keyring: kms(), requiredKeys: ["a"] });
    const call = { encryptionContext: { a: "1" } };
    await misused(put(at.client({ materialsManager: required }), "k", TEXT, {}, call), /cannot write/);
    expect(at.kms.events).toEqual([]);
  });

  it("that answers two data keys all the same is refused, and nothing is written", async () => {
    const edk = { providerId: "S3Keyring", providerInfo: utf8("AES/GCM"), ciphertext: random(60) };
    for (const edks of [
      [edk, edk],
      [{ ...edk, providerId: "other" }],
      [{ ...edk, providerInfo: utf8("kms") }],
    ]) {
      const keyring = clear("mine", { objectWrap: "AES/GCM", wrap: () => edks });
      await misused(put(at.client({ keyring }), "k", TEXT), /one encrypted data key/);
    }
    expect(at.s3.requests).toEqual([]);
  });
});

describe("another key", () => {
  it.each<[string, () => Keyring]>([
    ["KMS", () => kms(ARN_B)],
    ["raw AES", () => aes("k", random(32))],
    ["raw RSA", () => rsa({ privateKey: rsaPair().privateForms["PEM PKCS#8"] })],
  ])("(%s) does not open", async (wrap, keyring) => {
    const own = { KMS: at.keyring, "raw AES": aes(), "raw RSA": rsa({ publicKey }) }[wrap]!;
    await put(at.client({ keyring: own }), "k", TEXT);
    await refused(get(at.client({ keyring: keyring() }), "k"), "ERR_NO_DATA_KEY", "k");
  });
});
