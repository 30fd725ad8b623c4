import { describe, expect, it } from "vitest";
import {
  createEncryptionClient,
  inspectObject,
  type Keyring,
  multiKeyring,
  openObject,
  rawAesKeyring,
  rawRsaKeyring,
  sealObject,
} from "../../src/index.ts";
import { counting, join, random, toHex, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import {
  aesObjectKey,
  type ObjectKey,
  readObject,
  rsaObjectKey,
  writeObject,
} from "../support/independent-object.ts";
import { clear } from "../support/keyrings.ts";
import { expectRefused, hasPadding } from "../support/padding.ts";
import { check, someBytes, someText } from "../support/property.ts";
import { rsaPair } from "../support/rsa.ts";

const pair = rsaPair();
const keys = { publicKey: pair.publicForms.JWK, privateKey: pair.privateForms.JWK };
const rsa = (more = {}) =>
  rawRsaKeyring({ namespace: "ns", name: "rsa", padding: "oaep-sha1", ...keys, ...more });
const aes = (bytes: number, more = {}) =>
  rawAesKeyring({ namespace: "ns", name: "aes", key: counting(bytes, 7), ...more });

const SIDES: { name: string; keyring: Keyring; key: ObjectKey; wrap: string }[] = [
  ...[16, 24, 32].map((bytes) => ({
    name: `AES-${8 * bytes}`,
    keyring: aes(bytes),
    key: aesObjectKey(counting(bytes, 7)),
    wrap: "AES/GCM",
  })),
  { name: "RSA", keyring: rsa(), key: rsaObjectKey(pair), wrap: "RSA-OAEP-SHA1" },
];

describe.each(SIDES)("$name", ({ keyring, key, wrap }) => {
  it.each([0, 1, 15, 16, 17, 70_000])("%d bytes both ways", async (length) => {
    const plaintext = counting(length);
    const sealed = await sealObject(plaintext, { keyring });
    expect(toHex(readObject(sealed.metadata, sealed.body, key))).toBe(toHex(plaintext));
    expect(sealed.body.length).toBe(length + 16);
    const opened = await openObject(writeObject(plaintext, key), { keyring });
    expect(toHex(opened.plaintext)).toBe(toHex(plaintext));
    expect(opened.encryptionContext).toEqual({});
  });

  it("stores what the format has, and nothing else", async () => {
    const { metadata } = await sealObject(utf8("x"), { keyring });
    expect(Object.keys(metadata).sort()).toEqual(["x-amz-3", "x-amz-c", "x-amz-d", "x-amz-i", "x-amz-w"]);
    expect(metadata).toMatchObject({ "x-amz-c": "115", "x-amz-w": key.code });
    const facts = { format: "V3", wrap, encryptionContext: {}, materialsDescription: {} };
    expect(inspectObject(metadata)).toMatchObject({ ...facts, suite: { id: 0x0073 } });
  });

  it("any bytes", () =>
    check(
      someBytes(200),
      async (plaintext) => {
        const sealed = await sealObject(plaintext, { keyring });
        expect(toHex(readObject(sealed.metadata, sealed.body, key))).toBe(toHex(plaintext));
        expect(toHex((await openObject(sealed, { keyring })).plaintext)).toBe(toHex(plaintext));
      },
      15,
    ));

  it("seals anew each time", async () => {
    const [one, two] = [await sealObject(utf8("x"), { keyring }), await sealObject(utf8("x"), { keyring })];
    for (const name of ["x-amz-3", "x-amz-d", "x-amz-i"]) {
      expect(one.metadata[name]).not.toBe(two.metadata[name]);
    }
    expect(toHex(one.body)).not.toBe(toHex(two.body));
  });

  it("the same keyring serves messages", async () => {
    const client = createEncryptionClient({ keyring });
    const { ciphertext } = await client.encrypt(utf8("m"), { encryptionContext: { a: "b" } });
    expect((await client.decrypt(ciphertext)).plaintext).toEqual(utf8("m"));
    expect((await openObject(await sealObject(utf8("o"), { keyring }), { keyring })).plaintext).toEqual(
      utf8("o"),
    );
  });

  it("takes Buffers, and answers plain arrays of their own", async () => {
    const plaintext = Buffer.from("buffer");
    const sealed = await sealObject(plaintext, { keyring });
    const body = Buffer.from(sealed.body);
    const opened = await openObject({ metadata: sealed.metadata, body }, { keyring });
    body.fill(0);
    plaintext.fill(0);
    for (const bytes of [sealed.body, opened.plaintext]) {
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    }
    expect(toHex(opened.plaintext)).toBe(toHex(utf8("buffer")));
  });
});

describe("an object's data key", () => {
  it("framed or wrapped for another content algorithm does not open", async () => {
    const v2 = utf8("AES/GCM/NoPadding");
    const framings: ObjectKey["wrap"][] = [
      (dataKey) => join(Uint8Array.of(32), dataKey, v2),
      (dataKey) => join(Uint8Array.of(31), dataKey, utf8("115")),
      (dataKey) => join(Uint8Array.of(32), dataKey, utf8("1155")),
      (dataKey) => join(Uint8Array.of(32), dataKey),
      (dataKey) => dataKey,
      () => new Uint8Array(0),
    ];
    const { publicEncrypt, constants } = await import("node:crypto");
    const oaep = { key: pair.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" };
    for (const frame of framings) {
      const wrap = (dataKey: Uint8Array) => new Uint8Array(publicEncrypt(oaep, frame(dataKey)));
      const object = writeObject(utf8("x"), { ...rsaObjectKey(pair), wrap });
      await failure(openObject(object, { keyring: rsa() }), "ERR_NO_DATA_KEY");
    }
  });

  it("of another AES key or length does not open", async () => {
    await failure(
      openObject(writeObject(utf8("x"), aesObjectKey(random(32))), { keyring: aes(32) }),
      "ERR_NO_DATA_KEY",
    );
    for (const length of [0, 11, 12, 59, 61]) {
      const wrap = () => random(length);
      const object = writeObject(utf8("x"), { ...aesObjectKey(counting(32, 7)), wrap });
      const code = length === 0 ? "ERR_OBJECT_FORMAT" : "ERR_NO_DATA_KEY";
      await failure(openObject(object, { keyring: aes(32) }), code);
    }
  });

  it("of the other kind is skipped, with the reason", async () => {
    const error = await failure(
      openObject(writeObject(utf8("x"), aesObjectKey(counting(32, 7))), { keyring: rsa() }),
      "ERR_NO_DATA_KEY",
    );
    expect(error).toMatchObject({ reasons: [{ status: "skipped", index: 0, providerId: "S3Keyring" }] });
  });

  it("with a commitment that is not its own is refused", async () => {
    const one = writeObject(utf8("x"), aesObjectKey(counting(32, 7)));
    const two = writeObject(utf8("x"), aesObjectKey(counting(32, 7)));
    const metadata = { ...one.metadata, "x-amz-d": two.metadata["x-amz-d"]! };
    await failure(openObject({ metadata, body: one.body }, { keyring: aes(32) }), "ERR_AUTHENTICATION");
    await failure(openObject({ ...one, body: two.body }, { keyring: aes(32) }), "ERR_AUTHENTICATION");
  });
});

describe("which keyrings write objects", () => {
  it("not RSA with another padding, though it reads them", async () => {
    for (const padding of ["oaep-sha256", "oaep-sha384", "oaep-sha512", "pkcs1"] as const) {
      if (!hasPadding(padding)) {
        await expectRefused(padding);
        continue;
      }
      const error = await failure(
        sealObject(utf8("x"), { keyring: rsa({ padding }) }),
        "ERR_INVALID_ARGUMENT",
      );
      expect(error.message).toMatch(/cannot write S3 objects/);
      const object = writeObject(utf8("x"), rsaObjectKey(pair));
      expect((await openObject(object, { keyring: rsa({ padding }) })).plaintext).toEqual(utf8("x"));
    }
  });

  it("not one without objectWrap, nor RSA with a private key alone", async () => {
    const reader = rawRsaKeyring({
      namespace: "ns",
      name: "rsa",
      padding: "oaep-sha1",
      privateKey: keys.privateKey,
    });
    for (const keyring of [clear(), reader]) {
      await failure(sealObject(utf8("x"), { keyring }), "ERR_INVALID_ARGUMENT");
    }
    expect(
      (await openObject(writeObject(utf8("x"), rsaObjectKey(pair)), { keyring: reader })).plaintext,
    ).toEqual(utf8("x"));
  });

  it("not several: an object has room for one data key", async () => {
    const keyring = multiKeyring({ generator: aes(32), children: [aes(16)] });
    expect((await failure(sealObject(utf8("x"), { keyring }), "ERR_INVALID_ARGUMENT")).message).toMatch(
      /They hold one data key/,
    );
  });

  it("a multi keyring with one writer, and it reads with all", async () => {
    const reader = rawRsaKeyring({
      namespace: "ns",
      name: "rsa",
      padding: "oaep-sha1",
      privateKey: keys.privateKey,
    });
    const keyring = multiKeyring({ generator: aes(32), children: [reader] });
    const sealed = await sealObject(utf8("x"), { keyring });
    expect(readObject(sealed.metadata, sealed.body, aesObjectKey(counting(32, 7)))).toEqual(utf8("x"));
    for (const object of [sealed, writeObject(utf8("x"), rsaObjectKey(pair))]) {
      expect((await openObject(object, { keyring })).plaintext).toEqual(utf8("x"));
    }
  });

  it("one whose data key is wrapped as it says", async () => {
    const edk = { providerId: "S3Keyring", providerInfo: utf8("kms+context"), ciphertext: random(40) };
    for (const wrong of [edk, { ...edk, providerId: "own" }, { ...edk, providerInfo: utf8("") }]) {
      const keyring = clear("own", { objectWrap: "AES/GCM", wrap: () => [wrong] });
      const error = await failure(sealObject(utf8("x"), { keyring }), "ERR_INVALID_ARGUMENT");
      expect(error.message).toMatch(/wrapped as AES\/GCM/);
    }
  });
});

describe("the materials description", () => {
  it("travels as the label, and is never compared", async () => {
    const label = { team: "orders", "": "empty", É: "ü", 𝒳: "\u0000\u007f\n" };
    const { metadata, body } = await sealObject(utf8("x"), {
      keyring: aes(32, { materialsDescription: label }),
    });
    expect(inspectObject(metadata).materialsDescription).toEqual(label);
    for (const materialsDescription of [undefined, { other: "label" }]) {
      const keyring = aes(32, materialsDescription && { materialsDescription });
      expect((await openObject({ metadata, body }, { keyring })).plaintext).toEqual(utf8("x"));
    }
  });

  it("is written in ASCII, with what HTTP headers change escaped", () =>
    check(
      someText(10),
      async (text) => {
        const label = { [text]: text, k: "v" };
        const { metadata } = await sealObject(utf8(""), {
          keyring: aes(32, { materialsDescription: label }),
        });
        expect(metadata["x-amz-m"]).toMatch(/^[\x20-\x7e]+$/);
        expect(JSON.parse(metadata["x-amz-m"]!)).toEqual(label);
        expect(inspectObject(metadata).materialsDescription).toEqual(label);
      },
      50,
    ));
});
