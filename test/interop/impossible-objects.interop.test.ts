// What no official S3 Encryption Client does: each is asked, and says or does what the list holds.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Context, LegacyClient, ObjectClient, ObjectPlace, PeerKeyring } from "../peers/clients.ts";
import { impossibleObjects, type refusedObjects } from "../peers/impossible-objects.ts";
import { aesKeyring, rsaKeyring } from "../peers/keys.ts";
import { type Moto, startMoto } from "../peers/moto.ts";
import { readsAll, readsAllBeforeV3 } from "../peers/object-client.ts";
import { sample } from "../peers/vectors/format.ts";
import { type Clients, startClients } from "../peers/vectors/object-readers.ts";
import type { SharedKey } from "./kinds.ts";
import { startSharedKms } from "./shared-kms.ts";

let moto: Moto;
let key: SharedKey & { stop(): Promise<void> };
let clients: Clients;
beforeAll(async () => {
  [moto, key, clients] = await Promise.all([
    startMoto({ smallestPart: 16 }),
    startSharedKms(),
    startClients(),
  ]);
  await clients.java.createBucket({ s3: moto.endpoint, bucket: "impossible" });
});
afterAll(() => Promise.all([moto.stop(), key.stop(), clients.stop()]));

let count = 0;
const place = (): ObjectPlace => ({ s3: moto.endpoint, bucket: "impossible", key: `object ${++count}` });
const kms = (): PeerKeyring => ({ type: "kms", endpoint: key.endpoint, keyId: key.arn });
const sdk1 = (client: LegacyClient["client"], mode: LegacyClient["mode"]) =>
  clients.sdk1.client({ client, mode });

const plaintext = sample(100);
const aes = aesKeyring(32);
const rsa = rsaKeyring("oaep-sha1");
const nextAes = {
  ...aes,
  key: Buffer.alloc(32, 1).toString("base64"),
  materialsDescription: { version: "2" },
};

async function written(
  by: ObjectClient,
  keyring: PeerKeyring,
  context: Context = {},
  options: Parameters<ObjectClient["put"]>[4] = {},
): Promise<ObjectPlace> {
  const at = place();
  await by.put(at, keyring, plaintext, context, options);
  return at;
}

const inFile = { instructionFile: true } as const;

async function readsV3(client: ObjectClient, message: RegExp, options = {}): Promise<void> {
  const at = await written(clients.java, aes, {}, options);
  await expect(client.get(at, aes, {})).rejects.toThrow(message);
}

const proofs: Record<keyof typeof refusedObjects, () => Promise<void>> = {
  async pythonRange() {
    const at = await written(clients.python, kms());
    const ranged = clients.python.get(at, kms(), {}, { range: "bytes=0-9", legacyModes: true });
    await expect(ranged).rejects.toThrow(/Ranged gets are currently not supported/);
  },
  async pythonNonAscii() {
    await expect(written(clients.python, kms(), { ä: "x" })).rejects.toThrow(/only US-ASCII/);
  },
  async pythonLegacyContext() {
    const at = await written(sdk1("V1", "authenticated"), kms(), { a: "b" });
    expect(await clients.python.get(at, kms(), {}, readsAll)).toEqual(plaintext);
    const named = clients.python.get(at, kms(), { a: "b" }, readsAll);
    await expect(named).rejects.toThrow(/not supported with the KmsV1/);
  },
  async pythonEmptyUpload() {
    const upload = clients.python.put(place(), kms(), sample(0), {}, { highLevelMultipart: true });
    await expect(upload).rejects.toThrow(/the final part has not been uploaded/);
  },
  async java3ReadsV3() {
    const at = await written(clients.java, aes);
    const read = clients.java3.get(at, aes, {}, readsAllBeforeV3);
    await expect(read).rejects.toThrow(/while fetching Instruction File/);
  },
  async javaOtherRanges() {
    for (const client of [clients.java3, clients.java]) {
      const at = await written(client, aes);
      for (const range of ["bytes=-10", "bytes=20-5", "bytes=0-0,5-6"])
        expect(await client.get(at, aes, {}, { range, legacyModes: true })).toEqual(plaintext);
    }
  },
  async javaParts() {
    for (const client of [
      clients.java3,
      clients.java,
      sdk1("V1", "authenticated"),
      sdk1("V2", "authenticated"),
    ]) {
      const upload = client.multipart(place(), aes, [sample(17), sample(3)], {});
      await expect(upload).rejects.toThrow(/must be multiples of the cipher block size \(16\)/);
    }
  },
  async javaDiscoveryWrites() {
    const ring = { type: "kms-discovery", endpoint: key.endpoint, partition: "aws", accountIds: [] } as const;
    await expect(written(clients.java, ring)).rejects.toThrow(/does not support EncryptDataKey/);
  },
  async javaRawContext() {
    const at = await written(clients.java, aes, { a: "b" });
    expect((await clients.java.rawGet(at)).metadata).not.toHaveProperty("x-amz-m");
    expect(await clients.java.get(at, aes, { another: "one" })).toEqual(plaintext);
  },
  async javaFarContext() {
    const { metadata } = await clients.java.rawGet(await written(clients.java, kms(), { Ω: "x" }));
    expect(JSON.parse(metadata["x-amz-t"]!)).toEqual({ "?": "x", "aws:x-amz-cek-alg": "115" });
  },
  async javaFarLabel() {
    const labelled = { ...aes, materialsDescription: { Ω: "x" } };
    for (const client of [clients.java3, clients.java]) {
      const at = await written(client, labelled);
      const { metadata } = await client.rawGet(at);
      expect(JSON.parse((metadata["x-amz-m"] ?? metadata["x-amz-matdesc"])!)).toEqual({ "?": "x" });
      expect(await client.get(at, labelled, {})).toEqual(plaintext);
    }
  },
  async javaFarFile() {
    for (const client of [clients.java3, clients.java]) {
      const at = await written(client, kms(), { ä: "x" }, inFile);
      await expect(client.get(at, kms(), { ä: "x" })).rejects.toThrow(/context does not match/);
    }
  },
  async reEncryptKms() {
    const at = await written(clients.java, kms(), {}, inFile);
    const again = clients.java.reEncryptInstructionFile(at, kms(), nextAes);
    await expect(again).rejects.toThrow(/InvalidCiphertextException/);
    const named = await written(clients.java, kms(), { a: "b" }, inFile);
    const unnamed = clients.java.reEncryptInstructionFile(named, kms(), nextAes);
    await expect(unnamed).rejects.toThrow(/context does not match/);
  },
  async reEncryptAesSuffix() {
    const at = await written(clients.java, aes, {}, inFile);
    const again = clients.java.reEncryptInstructionFile(at, aes, nextAes, { suffix: "partner" });
    await expect(again).rejects.toThrow(/only applicable for RSA keyring/);
  },
  async reEncryptSameDescription() {
    const at = await written(clients.java, aes, {}, inFile);
    const again = clients.java.reEncryptInstructionFile(at, aes, { ...nextAes, materialsDescription: {} });
    await expect(again).rejects.toThrow(/must have new materials description/);
  },
  async reEncryptOtherSuite() {
    const at = await written(clients.java, aes, {}, inFile);
    const again = clients.java.reEncryptInstructionFile(at, aes, nextAes, { format: "V2" });
    await expect(again).rejects.toThrow(/To re-encrypt the data key, configure the client/);
  },
  async sdk1V3AsPlaintext() {
    const at = await written(clients.java, aes);
    const { body } = await clients.java.rawGet(at);
    for (const mode of ["encryption-only", "authenticated"] as const)
      expect(await sdk1("V1", mode).get(at, aes, {})).toEqual(body);
  },
  async sdk1ReadsV3() {
    await readsV3(sdk1("V1", "strict-authenticated"), /Instruction file not found/);
    await readsV3(sdk1("V2", "authenticated"), /Instruction file not found/);
    await readsV3(sdk1("V2", "strict-authenticated"), /Unencrypted object found/);
  },
  async sdk1ReadsV3File() {
    for (const client of ["V1", "V2"] as const)
      await readsV3(sdk1(client, "authenticated"), /Content encrypting key not found/, inFile);
  },
  async sdk1StrictReadsCbc() {
    const at = await written(sdk1("V1", "encryption-only"), aes);
    await expect(sdk1("V1", "strict-authenticated").get(at, aes, {})).rejects.toThrow(/Missing key-wrap/);
    await expect(sdk1("V2", "strict-authenticated").get(at, aes, {})).rejects.toThrow(
      /No key wrap algorithm/,
    );
    const ofKms = await written(sdk1("V1", "encryption-only"), kms());
    const read = sdk1("V1", "strict-authenticated").get(ofKms, kms(), {});
    await expect(read).rejects.toThrow(/not encrypted using authenticated encryption/);
  },
  async sdk1StrictV2ReadsLegacyWraps() {
    for (const keyring of [aes, rsa, kms()]) {
      const at = await written(sdk1("V1", "authenticated"), keyring);
      const read = sdk1("V2", "strict-authenticated").get(at, keyring, {});
      await expect(read).rejects.toThrow(/used with previous version of client/);
    }
  },
  async sdk1V2WritesCbc() {
    await expect(written(sdk1("V2", "encryption-only"), aes)).rejects.toThrow(
      /EncryptionOnly is not allowed/,
    );
  },
  async sdk1StrictRange() {
    const strict = sdk1("V1", "strict-authenticated");
    const ranged = strict.get(await written(strict, aes), aes, {}, { range: "bytes=0-9" });
    await expect(ranged).rejects.toThrow(/not allowed in strict crypto mode/);
  },
  async sdk1DeleteObjects() {
    const client = sdk1("V1", "authenticated");
    const [one, two, alone] = [
      await written(client, aes, {}, inFile),
      await written(client, aes, {}, inFile),
      await written(client, aes, {}, inFile),
    ];
    await client.delete(one, [one.key, two.key], aes);
    await client.delete(alone, [alone.key], aes);
    const keys = await client.rawList(one);
    expect(keys).not.toContain(one.key);
    expect(keys).toContain(`${one.key}.instruction`);
    expect(keys).not.toContain(`${alone.key}.instruction`);
  },
  async sdk1Rewrapped() {
    const client = sdk1("V1", "encryption-only");
    const at = await written(client, aes, {}, inFile);
    const again = { format: "V2", legacyWrapping: true, legacyModes: true } as const;
    await clients.java.reEncryptInstructionFile(at, aes, nextAes, again);
    expect(await clients.java.get(at, nextAes, {}, readsAll)).toEqual(plaintext);
    await expect(client.get(at, nextAes, {})).rejects.toThrow(/Tag mismatch/);
  },
  async bouncyCastleRsa() {
    const castle = clients.sdk1.client({ client: "V1", mode: "authenticated", bouncyCastle: true });
    const at = await written(castle, rsa);
    expect(await castle.get(at, rsa, {})).toEqual(plaintext);
    await expect(clients.java.get(at, rsa, {}, readsAll)).rejects.toThrow(/Unable to RSA/);
    await expect(clients.java3.get(at, rsa, {}, readsAllBeforeV3)).rejects.toThrow(/Unable to RSA/);
    await expect(sdk1("V1", "authenticated").get(at, rsa, {})).rejects.toThrow(/Unwrapping failed/);
  },
};

it.each(Object.keys(proofs) as (keyof typeof proofs)[])("%s", (name) => proofs[name]());

it("cells that cannot exist", ({ task }) => {
  task.meta.impossible = impossibleObjects;
});
