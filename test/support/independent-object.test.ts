import { constants, createPublicKey, privateDecrypt, publicEncrypt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createLocalKms } from "../../src/testing/index.ts";
import { aesDecrypt, aesEncrypt } from "./aes-by-hand.ts";
import { counting, hex, random, toHex, utf8 } from "./bytes.ts";
import { outcome } from "./failure.ts";
import {
  aesObjectKey,
  readKmsObject,
  readObject,
  writeKmsObject,
  writeObject,
} from "./independent-object.ts";
import { aesV1, kmsV1, readObjectV1, rsaV1, writeObjectV1 } from "./independent-object-v1.ts";
import {
  aesGcmV2,
  aesWrapV2,
  kmsContextV2,
  kmsV2,
  readObjectV2,
  rsaOaepSha1V2,
  rsaOaepSha256V2,
  writeObjectV2,
} from "./independent-object-v2.ts";
import { joinedMetadata, splitObject } from "./instruction-file.ts";
import { kmsByHand } from "./kms-by-hand.ts";
import { rsaPair } from "./rsa.ts";
import { oaepDecrypt, oaepEncrypt, pkcs1Encrypt } from "./rsa-by-hand.ts";

const pair = rsaPair();
const aes = counting(32);
const local = createLocalKms();
const kms = kmsByHand(local.client, local.createKey().arn);
const pairs = { team: "orders" };
const LENGTHS = [0, 1, 15, 16, 17, 70_000];

describe("V2 by hand", () => {
  const wraps = [
    [aesGcmV2(aes), 60],
    [aesWrapV2(aes), 40],
    [rsaOaepSha1V2(pair), 256],
    [rsaOaepSha256V2(pair), 256],
    [rsaOaepSha256V2(pair, "sha256"), 256],
    [kmsContextV2(kms), undefined],
    [kmsV2(kms), undefined],
  ] as const;
  for (const content of ["AES/GCM/NoPadding", "AES/CBC/PKCS5Padding"] as const) {
    it.each(wraps)(`$name over ${content}`, async (how, edkLength) => {
      for (const length of LENGTHS) {
        const plaintext = counting(length);
        const more = { content, pairs, unencryptedLength: length > 15 };
        const { metadata, body } = await writeObjectV2(plaintext, how, more);
        expect(toHex(await readObjectV2(metadata, body, how))).toBe(toHex(plaintext));
        const isGcm = content === "AES/GCM/NoPadding";
        expect(body.length).toBe(isGcm ? length + 16 : length + 16 - (length % 16));
        expect(metadata["x-amz-tag-len"]).toBe(isGcm ? "128" : undefined);
        if (edkLength !== undefined) {
          expect(Buffer.from(metadata["x-amz-key-v2"]!, "base64")).toHaveLength(edkLength);
        }
      }
    });
  }

  it("stores the reserved key under kms+context, and the pairs alone under kms", async () => {
    const stored = async (how: ReturnType<typeof kmsV2>) =>
      JSON.parse((await writeObjectV2(utf8("x"), how, { pairs })).metadata["x-amz-matdesc"]!);
    expect(await stored(kmsV2(kms))).toEqual(pairs);
    expect(await stored(kmsContextV2(kms))).toEqual({ ...pairs, "aws:x-amz-cek-alg": "AES/GCM/NoPadding" });
  });

  it("notices a change", async () => {
    const how = aesGcmV2(aes);
    const { metadata, body } = await writeObjectV2(utf8("x"), how, { unencryptedLength: true });
    await outcome(readObjectV2({ ...metadata, "x-amz-unencrypted-content-length": "2" }, body, how));
    await outcome(readObjectV2({ ...metadata, "x-amz-cek-alg": "AES/CBC/PKCS5Padding" }, body, how));
    await outcome(readObjectV2(metadata, body.fill(0), how));
  });
});

describe("V1 by hand", () => {
  it.each([
    ["AES", aesV1(aes), 48],
    ["RSA", rsaV1(pair), 256],
    ["KMS", kmsV1(kms), undefined],
  ] as const)("%s", async (_name, how, edkLength) => {
    for (const length of LENGTHS) {
      const plaintext = counting(length);
      const { metadata, body } = await writeObjectV1(plaintext, how, { pairs, unencryptedLength: true });
      expect(toHex(await readObjectV1(metadata, body, how))).toBe(toHex(plaintext));
      if (edkLength !== undefined) {
        expect(Buffer.from(metadata["x-amz-key"]!, "base64")).toHaveLength(edkLength);
      }
    }
  });
});

describe("V3 by hand under KMS", () => {
  it("both ways, in the context that KMS sees", async () => {
    local.clearEvents();
    const { metadata, body } = await writeKmsObject(utf8("x"), kms, pairs);
    expect(await readKmsObject(metadata, body, kms)).toEqual({ plaintext: utf8("x"), context: pairs });
    const stored = { ...pairs, "aws:x-amz-cek-alg": "115" };
    const asked = { requestParameters: { encryptionContext: stored } };
    expect(local.events).toMatchObject([asked, asked]);
    expect(metadata["x-amz-t"]).toBe(JSON.stringify(stored));
  });
});

describe("instruction files by hand", () => {
  it("of V3 leave the cipher, the commitment and the message id on the object", () => {
    const key = aesObjectKey(aes);
    const whole = writeObject(utf8("x"), key, pairs);
    const { metadata, body, instruction } = splitObject({
      ...whole,
      metadata: { ...whole.metadata, own: "1" },
    });
    expect(Object.keys(metadata).sort()).toEqual(["own", "x-amz-c", "x-amz-d", "x-amz-i"]);
    const file = JSON.parse(new TextDecoder().decode(instruction.body));
    expect(Object.keys(file).sort()).toEqual(["x-amz-3", "x-amz-m", "x-amz-w"]);
    expect(instruction.metadata).toEqual({ "x-amz-crypto-instr-file": "" });
    expect(readObject(joinedMetadata(metadata, instruction.body), body, key)).toEqual(utf8("x"));
  });

  it("of V1 and V2 take everything", async () => {
    const v2 = await writeObjectV2(utf8("x"), aesGcmV2(aes), { unencryptedLength: true });
    const v1 = await writeObjectV1(utf8("x"), aesV1(aes));
    for (const whole of [v1, v2]) {
      const { metadata, instruction } = splitObject(whole, { marker: false });
      expect({ metadata, marker: instruction.metadata }).toEqual({ metadata: {}, marker: {} });
      expect(joinedMetadata({}, instruction.body)).toEqual(whole.metadata);
    }
  });

  it("are refused with what belongs on the object, and without it", () => {
    const whole = writeObject(utf8("x"), aesObjectKey(aes));
    const { metadata, instruction } = splitObject(whole);
    const tampered = utf8(JSON.stringify({ ...whole.metadata }));
    expect(() => joinedMetadata(metadata, tampered)).toThrow(/in the wrong place: x-amz-c/);
    expect(() => joinedMetadata({}, instruction.body)).toThrow(/file's format/);
    expect(() => joinedMetadata(whole.metadata, instruction.body)).toThrow(/in the wrong place: x-amz-w/);
  });
});

describe("what the writers stand on", () => {
  it("key wrap: RFC 3394, section 4.6", () => {
    const key = hex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
    const data = hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
    const wrapped = "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21";
    expect(toHex(aesEncrypt("wrap", key, data))).toBe(wrapped);
    expect(toHex(aesDecrypt("wrap", key, hex(wrapped)))).toBe(toHex(data));
  });

  it.each(["sha1", "sha256"] as const)("OAEP with %s twice is OpenSSL's", (oaepHash) => {
    const message = random(32);
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const theirs = publicEncrypt({ key: pair.publicKey, padding, oaepHash }, message);
    expect(toHex(oaepDecrypt(pair, theirs, oaepHash, oaepHash))).toBe(toHex(message));
    const ours = oaepEncrypt(pair, message, oaepHash, oaepHash);
    expect(toHex(privateDecrypt({ key: pair.privateKey, padding, oaepHash }, ours))).toBe(toHex(message));
    expect(() => oaepDecrypt(pair, ours, oaepHash, oaepHash === "sha1" ? "sha256" : "sha1")).toThrow();
  });

  it("PKCS#1 v1.5 is new each time", () => {
    const publicKey = createPublicKey(pair.privateKey);
    const [one, two] = [1, 2].map(() => pkcs1Encrypt({ ...pair, publicKey }, utf8("x")));
    expect(toHex(one!)).not.toBe(toHex(two!));
  });
});
