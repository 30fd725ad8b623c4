import { constants, createPublicKey, generateKeyPairSync, privateDecrypt, publicEncrypt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import { unpadPkcs1 } from "../../src/crypto/pkcs1.ts";
import { rsaKeyData } from "../../src/crypto/rsa-key.ts";
import { join, random } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { itWith } from "../support/padding.ts";
import { rsaPair } from "../support/rsa.ts";

const { publicKey, privateKey, publicForms, privateForms } = rsaPair();
const ours = {
  public: backend.rsaPublicKey(rsaKeyData(publicForms["DER SPKI"], "public", "key")),
  private: backend.rsaPrivateKey(rsaKeyData(privateForms["DER PKCS#8"], "private", "key")),
};

describe("RSA-OAEP", () => {
  it.each(["sha1", "sha256", "sha384", "sha512"] as const)(
    "wraps and unwraps with %s as Node does",
    async (oaepHash) => {
      const padding = `oaep-${oaepHash}` as const;
      const options = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
      const dataKey = random(32);
      const wrapped = await (await ours.public).encrypt(padding, dataKey);
      expect(wrapped).toHaveLength(256);
      expect(new Uint8Array(privateDecrypt({ key: privateKey, ...options }, wrapped))).toEqual(dataKey);
      const theirs = new Uint8Array(publicEncrypt({ key: publicKey, ...options }, dataKey));
      expect(await (await ours.private).decrypt(padding, theirs, 32)).toEqual(dataKey);
    },
  );

  it("answers null for another hash, altered bytes and lengths that no key has", async () => {
    const wrapped = await (await ours.public).encrypt("oaep-sha256", random(32));
    const key = await ours.private;
    expect(await key.decrypt("oaep-sha1", wrapped, 32)).toBeNull();
    expect(await key.decrypt("oaep-sha512", wrapped, 32)).toBeNull();
    expect(await key.decrypt("oaep-sha256", wrapped.subarray(1), 32)).toBeNull();
    expect(await key.decrypt("oaep-sha256", join(wrapped, Uint8Array.of(0)), 32)).toBeNull();
    expect(await key.decrypt("oaep-sha256", new Uint8Array(0), 32)).toBeNull();
    wrapped[100]! ^= 1;
    expect(await key.decrypt("oaep-sha256", wrapped, 32)).toBeNull();
  });
});

describe("RSA PKCS#1 v1.5", () => {
  const raw = (encoded: Uint8Array) =>
    new Uint8Array(publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, encoded));
  const padded = (dataKey: Uint8Array, filler = new Uint8Array(253 - dataKey.length).fill(0x55)) =>
    join(Uint8Array.of(0, 2), filler, Uint8Array.of(0), dataKey);

  for (const length of [16, 24, 32])
    itWith("pkcs1", `unwraps ${length} bytes that Node wrapped`, async () => {
      const dataKey = random(length);
      const theirs = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, dataKey);
      expect(await (await ours.private).decrypt("pkcs1", new Uint8Array(theirs), length)).toEqual(dataKey);
      const wrapped = await (await ours.public).encrypt("pkcs1", dataKey);
      expect(await (await ours.private).decrypt("pkcs1", wrapped, length)).toEqual(dataKey);
    });

  itWith(
    "pkcs1",
    "answers a steady decoy for every kind of bad padding, never null and never the content",
    async () => {
      const key = await ours.private;
      const dataKey = random(32);
      const bad: Record<string, Uint8Array> = {
        "first byte": join(Uint8Array.of(1), padded(dataKey).subarray(1)),
        "block type 1": join(Uint8Array.of(0, 1), padded(dataKey).subarray(2)),
        "no separator": join(Uint8Array.of(0, 2), new Uint8Array(222).fill(0x55), dataKey),
        "early separator": join(
          Uint8Array.of(0, 2),
          new Uint8Array(5).fill(0x55),
          Uint8Array.of(0),
          new Uint8Array(215).fill(0x55),
          Uint8Array.of(0),
          dataKey,
        ),
        "a longer key": padded(random(33)),
        "a shorter key": padded(random(31)),
        zeros: new Uint8Array(256),
      };
      const decoys = new Set<string>();
      for (const [name, encoded] of Object.entries(bad)) {
        const first = await key.decrypt("pkcs1", raw(encoded), 32);
        const second = await key.decrypt("pkcs1", raw(encoded), 32);
        expect(first, name).toHaveLength(32);
        expect(second, name).toEqual(first);
        expect(first, name).not.toEqual(encoded.subarray(224));
        decoys.add(String(first));
      }
      expect(decoys.size).toBe(Object.keys(bad).length);
    },
  );

  itWith("pkcs1", "draws decoys from the private key: another key has others", async () => {
    const other = rsaPair();
    const key = await backend.rsaPrivateKey(rsaKeyData(other.privateForms.JWK, "private", "key"));
    const zeros = new Uint8Array(256);
    expect(await key.decrypt("pkcs1", zeros, 32)).not.toEqual(
      await (await ours.private).decrypt("pkcs1", zeros, 32),
    );
  });

  itWith("pkcs1", "gives the same decoys for the same key in another form", async () => {
    const zeros = new Uint8Array(256);
    const expected = await (await ours.private).decrypt("pkcs1", zeros, 32);
    for (const form of Object.values(privateForms)) {
      const key = await backend.rsaPrivateKey(rsaKeyData(form, "private", "key"));
      expect(await key.decrypt("pkcs1", zeros, 32)).toEqual(expected);
    }
  });

  it("takes at least eight bytes of filler, none of them zero", () => {
    const decoy = new Uint8Array(4).fill(0xdd);
    const content = Uint8Array.of(1, 2, 3, 4);
    const ones = (length: number) => new Uint8Array(length).fill(1);
    const encode = (filler: Uint8Array) => join(Uint8Array.of(0, 2), filler, Uint8Array.of(0), content);
    expect(unpadPkcs1(encode(ones(8)), decoy)).toEqual(content);
    expect(unpadPkcs1(encode(new Uint8Array(8).fill(0xff)), decoy)).toEqual(content);
    expect(unpadPkcs1(encode(ones(7)), decoy)).toEqual(decoy);
    for (let i = 0; i < 20; i++) {
      const filler = ones(20);
      filler[i] = 0;
      expect(unpadPkcs1(encode(filler), decoy), `zero at ${i}`).toEqual(decoy);
    }
  });
});

describe("rsaKeyData", () => {
  it.each(Object.entries(publicForms))("knows a public key: %s", (_, form) =>
    expect(rsaKeyData(form, "public", "key").kind).toBe("public"),
  );
  it.each(Object.entries(privateForms))("knows a private key: %s", (_, form) =>
    expect(rsaKeyData(form, "private", "key").kind).toBe("private"),
  );
  it.each(Object.entries(publicForms))(
    "refuses a public key where a private one is due: %s",
    async (_, form) => {
      const { message } = await failure(
        () => rsaKeyData(form, "private", "thePrivateKey"),
        "ERR_INVALID_ARGUMENT",
      );
      expect(message).toMatch(/^thePrivateKey .*private key.* public key/);
    },
  );
  it.each(Object.entries(privateForms))(
    "refuses a private key where a public one is due: %s",
    async (_, form) => {
      const { message } = await failure(
        () => rsaKeyData(form, "public", "thePublicKey"),
        "ERR_INVALID_ARGUMENT",
      );
      expect(message).toMatch(/^thePublicKey .*public key.* private key/);
    },
  );

  it("reads PEM with Windows line ends and blank lines around it", () => {
    const pem = `\r\n${publicForms["PEM SPKI"].replaceAll("\n", "\r\n")}\r\n`;
    expect(rsaKeyData(pem, "public", "key")).toEqual(rsaKeyData(publicForms["PEM SPKI"], "public", "key"));
  });

  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pss = generateKeyPairSync("rsa-pss", { modulusLength: 1024 });
  const encrypted = privateKey.export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "x",
  });
  it.each<[string, unknown]>([
    ["text", "not a key"],
    ["empty text", ""],
    ["a certificate", publicForms["PEM SPKI"].replaceAll("PUBLIC KEY", "CERTIFICATE")],
    ["PEM with labels that differ", publicForms["PEM SPKI"].replace("END PUBLIC", "END RSA PUBLIC")],
    ["PEM without a body", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----"],
    ["PEM with damaged base64", publicForms["PEM SPKI"].replace("M", "*")],
    ["two PEM blocks", publicForms["PEM SPKI"].repeat(2)],
    ["an encrypted key", encrypted],
    ["no bytes", new Uint8Array(0)],
    ["garbage bytes", random(64).fill(0x17, 0, 1)],
    ["a cut DER", publicForms["DER SPKI"].subarray(0, 100)],
    ["an open-ended DER", Uint8Array.of(0x30)],
    ["an EC key", ec.publicKey.export({ type: "spki", format: "der" })],
    ["an EC PEM", ec.publicKey.export({ type: "spki", format: "pem" })],
    ["a private EC PEM", ec.privateKey.export({ type: "sec1", format: "pem" })],
    ["a private EC DER", ec.privateKey.export({ type: "sec1", format: "der" })],
    ["an RSA-PSS key", pss.publicKey.export({ type: "spki", format: "pem" })],
    ["an EC JWK", ec.publicKey.export({ format: "jwk" })],
    ["a JWK without n", { kty: "RSA", e: "AQAB" }],
    ["null", null],
    ["a number", 7],
    ["a KeyObject", createPublicKey(publicKey.export({ type: "spki", format: "pem" }))],
  ])("refuses %s", async (_, form) => {
    await failure(
      async () => backend.rsaPublicKey(rsaKeyData(form as string, "public", "key")),
      "ERR_INVALID_ARGUMENT",
    );
  });
});
