import { constants, createPrivateKey, generateKeyPairSync, privateDecrypt, publicEncrypt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createEncryptionClient, type Keyring, type RsaPadding, rawRsaKeyring } from "../../src/index.ts";
import { patched, random, toHex, utf8 } from "../support/bytes.ts";
import { failure, failureNowOrLater, textOf } from "../support/failure.ts";
import { readMessage, writeMessage } from "../support/independent-message.ts";
import { MESSAGE_SUITES } from "../support/keyrings.ts";
import { hasPadding, itWith } from "../support/padding.ts";
import { rsaPair } from "../support/rsa.ts";

const { publicKey, privateKey, publicForms, privateForms } = rsaPair();
const PADDINGS: RsaPadding[] = ["oaep-sha1", "oaep-sha256", "oaep-sha384", "oaep-sha512", "pkcs1"];
const names = { namespace: "rsa", name: "backup" };
const both = (padding: RsaPadding) =>
  rawRsaKeyring({
    ...names,
    padding,
    publicKey: publicForms["DER SPKI"],
    privateKey: privateForms["DER PKCS#8"],
  });
const client = (keyring: Keyring, more = {}) => createEncryptionClient({ keyring, ...more });
const PLAINTEXT = utf8("the plaintext");

describe.each(PADDINGS)("%s", (padding) => {
  for (const { suite, name, commitmentPolicy } of MESSAGE_SUITES)
    itWith(padding, `serves ${name}`, async () => {
      const own = client(both(padding), { suite, commitmentPolicy });
      const { ciphertext, message } = await own.encrypt(PLAINTEXT, { encryptionContext: { a: "b" } });
      expect((await own.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
      expect(message.wrappingKeys).toEqual([{ providerId: "rsa", name: "backup" }]);
    });

  itWith(padding, "writes what Node's own RSA unwraps", async () => {
    const { ciphertext } = await client(both(padding)).encrypt(PLAINTEXT);
    const read = readMessage(ciphertext, ([edk]) => {
      if (padding !== "pkcs1") {
        const options = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: padding.slice(5) };
        return new Uint8Array(privateDecrypt({ key: privateKey, ...options }, edk!.ciphertext));
      }
      const encoded = privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, edk!.ciphertext);
      expect([encoded[0], encoded[1], encoded.at(-33)]).toEqual([0, 2, 0]);
      expect(encoded.subarray(2, -33)).not.toContain(0);
      return new Uint8Array(encoded.subarray(-32));
    });
    expect(toHex(read.plaintext)).toBe(toHex(PLAINTEXT));
  });

  itWith(padding, "does not open under another padding", async () => {
    const { ciphertext } = await client(both(padding)).encrypt(PLAINTEXT);
    for (const other of PADDINGS) {
      if (other === padding || !hasPadding(other)) continue;
      // PKCS#1 v1.5 never says that the padding was wrong: it goes on with a decoy, whose commitment differs.
      const code = other === "pkcs1" ? "ERR_AUTHENTICATION" : "ERR_NO_DATA_KEY";
      await failure(client(both(other)).decrypt(ciphertext), code);
    }
  });
});

describe("key forms", () => {
  it.each(Object.entries(publicForms))("wraps with %s", async (_, form) => {
    const writer = rawRsaKeyring({ ...names, padding: "oaep-sha256", publicKey: form });
    const { ciphertext } = await client(writer).encrypt(PLAINTEXT);
    expect((await client(both("oaep-sha256")).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it.each(Object.entries(privateForms))("unwraps with %s", async (_, form) => {
    const { ciphertext } = await client(both("oaep-sha256")).encrypt(PLAINTEXT);
    const reader = rawRsaKeyring({ ...names, padding: "oaep-sha256", privateKey: form });
    expect((await client(reader).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("are copied: the DER may be wiped by its owner", async () => {
    const [publicDer, privateDer] = [
      Buffer.from(publicForms["DER SPKI"]),
      Buffer.from(privateForms["DER PKCS#8"]),
    ];
    const keyring = rawRsaKeyring({
      ...names,
      padding: "oaep-sha256",
      publicKey: publicDer,
      privateKey: privateDer,
    });
    publicDer.fill(0);
    privateDer.fill(0);
    const { ciphertext } = await client(keyring).encrypt(PLAINTEXT);
    expect((await client(keyring).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("refuse a private key where the public one is due, and the other way round", async () => {
    for (const publicKey of Object.values(privateForms)) {
      const error = await failure(
        () => rawRsaKeyring({ ...names, padding: "oaep-sha256", publicKey }),
        "ERR_INVALID_ARGUMENT",
      );
      expect(error.message).toMatch(
        /rawRsaKeyring: publicKey must be an RSA public key; this is a private key/,
      );
    }
    for (const privateKey of Object.values(publicForms)) {
      const error = await failure(
        () => rawRsaKeyring({ ...names, padding: "oaep-sha256", privateKey }),
        "ERR_INVALID_ARGUMENT",
      );
      expect(error.message).toMatch(
        /rawRsaKeyring: privateKey must be an RSA private key; this is a public key/,
      );
    }
  });

  it("refuse an EC key, and show nothing of it", async () => {
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = ec.publicKey.export({ type: "spki", format: "pem" }) as string;
    const error = await failure(
      () => rawRsaKeyring({ ...names, padding: "oaep-sha256", publicKey: pem }),
      "ERR_INVALID_ARGUMENT",
    );
    expect(error.message).toMatch(/of another algorithm/);
    expect(textOf(error)).not.toContain(pem.split("\n")[1]);
    const der = ec.privateKey.export({ type: "pkcs8", format: "der" });
    await failure(
      () => rawRsaKeyring({ ...names, padding: "oaep-sha256", privateKey: der }),
      "ERR_INVALID_ARGUMENT",
    );
  });

  it("never show a damaged private key", async () => {
    const pem = privateForms["PEM PKCS#8"];
    const lines = pem.split("\n");
    lines.splice(3, 1);
    const error = await failure(
      () => rawRsaKeyring({ ...names, padding: "oaep-sha256", privateKey: lines.join("\n") }),
      "ERR_INVALID_ARGUMENT",
    );
    for (const line of lines.slice(1, -2)) expect(textOf(error)).not.toContain(line);
  });

  it("need one key, and a padding by its name", async () => {
    const none = await failure(
      () => rawRsaKeyring({ ...names, padding: "oaep-sha256" }),
      "ERR_INVALID_ARGUMENT",
    );
    expect(none.message).toMatch(/publicKey .*privateKey/);
    for (const padding of ["oaep", "OAEP-SHA256", undefined, 1]) {
      const options = { ...names, padding, publicKey: publicForms.JWK } as never;
      expect((await failure(() => rawRsaKeyring(options), "ERR_INVALID_ARGUMENT")).message).toMatch(
        /padding must be one of/,
      );
    }
  });
});

describe("damaged material", () => {
  /** With another tag in the place of the public exponent's. */
  const noExponent = (der: Uint8Array, at: number) => {
    expect([...der.subarray(at, at + 5)]).toEqual([2, 3, 1, 0, 1]);
    return patched(der, at, 0x13);
  };
  const { p: _p, q: _q, ...half } = privateForms.JWK;

  it("a private JWK without its primes is refused when it is given or when it is first used", async () => {
    const { ciphertext } = await client(both("oaep-sha256")).encrypt(PLAINTEXT);
    const error = await failureNowOrLater(
      () => rawRsaKeyring({ ...names, padding: "oaep-sha256", privateKey: half }),
      (keyring) => client(keyring).decrypt(ciphertext),
    );
    expect(error.message).toContain("damaged");
    expect(textOf(error)).not.toContain(privateForms.JWK.d);
  });

  it.each<[string, Partial<Parameters<typeof rawRsaKeyring>[0]>]>([
    ["a private DER with text in it", { privateKey: noExponent(privateForms["DER PKCS#8"], 294) }],
    ["a public DER with text in it", { publicKey: noExponent(publicForms["DER SPKI"], 289) }],
    // Under an exponent of 1 the padded data key would stand in clear; an even one cannot be undone.
    ["an exponent of 0", { publicKey: { ...publicForms.JWK, e: "AA" } }],
    ["an exponent of 1", { publicKey: { ...publicForms.JWK, e: "AQ" } }],
    ["an exponent of 2", { publicKey: { ...publicForms.JWK, e: "Ag" } }],
    ["an exponent of 1 in DER", { publicKey: patched(publicForms["DER SPKI"], 291, 0, 0, 1) }],
  ])("%s is refused when it is given", async (_, keys) => {
    const make = () => rawRsaKeyring({ ...names, padding: "oaep-sha256", ...keys });
    const error = await failure(make, "ERR_INVALID_ARGUMENT");
    expect(error.message).toMatch(/exponent|odd e/);
  });
});

describe("half a pair", () => {
  const sealer = rawRsaKeyring({ ...names, padding: "oaep-sha256", publicKey: publicForms.JWK });
  const opener = rawRsaKeyring({ ...names, padding: "oaep-sha256", privateKey: privateForms.JWK });

  it("with the public key alone only writes", async () => {
    const { ciphertext } = await client(sealer).encrypt(PLAINTEXT);
    const error = await failure(client(sealer).decrypt(ciphertext), "ERR_NO_DATA_KEY");
    expect(error).toMatchObject({
      reasons: [{ status: "skipped", reason: "this keyring only writes", keyring: sealer.name }],
    });
    expect((await client(opener).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("with the private key alone only reads", async () => {
    const error = await failure(client(opener).encrypt(PLAINTEXT), "ERR_INVALID_ARGUMENT");
    expect(error.message).toMatch(/raw RSA rsa\/backup only reads/);
  });
});

describe("wrapped keys that no key can have made", () => {
  for (const padding of PADDINGS)
    itWith(padding, `are refused under ${padding}`, async () => {
      const own = client(both(padding));
      for (const ciphertext of [
        new Uint8Array(0),
        random(255),
        random(257),
        new Uint8Array(256).fill(0xff),
        new Uint8Array(256),
      ]) {
        const edk = { providerId: "rsa", providerInfo: utf8("backup"), ciphertext };
        const altered = writeMessage({
          suite: 0x0478,
          dataKey: random(32),
          edks: [edk],
          pieces: [PLAINTEXT],
          frameLength: 64,
        });
        const { code } = await failure(own.decrypt(altered));
        expect(["ERR_NO_DATA_KEY", "ERR_AUTHENTICATION"]).toContain(code);
      }
    });

  it("such as a data key of another length are refused", async () => {
    for (const length of [16, 31, 33]) {
      const oaep = publicEncrypt(
        { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
        random(length),
      );
      const edk = { providerId: "rsa", providerInfo: utf8("backup"), ciphertext: new Uint8Array(oaep) };
      const altered = writeMessage({
        suite: 0x0478,
        dataKey: random(32),
        edks: [edk],
        pieces: [PLAINTEXT],
        frameLength: 64,
      });
      await failure(client(both("oaep-sha256")).decrypt(altered), "ERR_NO_DATA_KEY");
    }
  });
});

it("a key too small for its padding fails with a typed error", async () => {
  const small = rsaPair(1024);
  const keyring = rawRsaKeyring({ ...names, padding: "oaep-sha512", publicKey: small.publicForms.JWK });
  const error = await failure(client(keyring).encrypt(PLAINTEXT), "ERR_KEYRING");
  expect(error).toMatchObject({ keyring: "raw RSA rsa/backup" });
});

it("a key of 512 bits is refused", async () => {
  const { publicForms } = rsaPair(512);
  const make = () => rawRsaKeyring({ ...names, padding: "oaep-sha1", publicKey: publicForms.JWK });
  const error = await failure(make, "ERR_INVALID_ARGUMENT");
  expect(error.message).toContain("at least 1024 bits");
});

it("an encrypted PEM is named as such", async () => {
  const pem = createPrivateKey(privateForms["PEM PKCS#8"]).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "x",
  });
  const error = await failure(
    () => rawRsaKeyring({ ...names, padding: "oaep-sha1", privateKey: pem as string }),
    "ERR_INVALID_ARGUMENT",
  );
  expect(error.message).toMatch(/encrypted PEM/);
});

it("name and namespace are checked as for raw AES", async () => {
  const options = { padding: "oaep-sha1", publicKey: publicForms.JWK } as const;
  await failure(() => rawRsaKeyring({ ...options, namespace: "aws-kms", name: "k" }), "ERR_INVALID_ARGUMENT");
  await failure(() => rawRsaKeyring({ ...options, namespace: "n", name: "" }), "ERR_INVALID_ARGUMENT");
  const { ciphertext } = await client(both("oaep-sha1")).encrypt(PLAINTEXT);
  const other = rawRsaKeyring({
    namespace: "rsa",
    name: "backuq",
    padding: "oaep-sha1",
    privateKey: privateForms.JWK,
  });
  await failure(client(other).decrypt(ciphertext), "ERR_NO_DATA_KEY");
  // The context is bound by the message, not by RSA.
  const at = Buffer.from(ciphertext).indexOf("backup");
  await failure(client(both("oaep-sha1")).decrypt(patched(ciphertext, at, 0x63)), "ERR_NO_DATA_KEY");
});
