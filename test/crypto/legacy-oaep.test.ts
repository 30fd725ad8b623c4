import { constants, createHash, publicEncrypt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { backend, objectCiphers } from "#crypto";
import { unpadLegacyOaep } from "../../src/crypto/node/oaep.ts";
import { rsaKeyData } from "../../src/crypto/rsa-key.ts";
import { UnsupportedError } from "../../src/index.ts";
import { flipped, hex, join, random, toHex, u32 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { rsaPair } from "../support/rsa.ts";
import java from "../vectors/java/object-keys.json" with { type: "json" };

const { publicKey, privateForms } = rsaPair();
const privateKey = await backend.rsaPrivateKey(rsaKeyData(privateForms["DER PKCS#8"], "private", "key"));

type Hash = "sha1" | "sha256";
const HASHES = ["sha1", "sha256"] as const;
const LABEL = new Uint8Array(createHash("sha256").digest());

function mgf1(hash: Hash, seed: Uint8Array, length: number): Uint8Array {
  const blocks = [];
  for (let i = 0; i * 20 < length; i++) blocks.push(createHash(hash).update(seed).update(u32(i)).digest());
  return join(...blocks).subarray(0, length);
}
const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ b[i]!);

/** RFC 8017, section 7.1.1, step 2, from whatever data block is given. */
function mask(mgf: Hash, block: Uint8Array, first = 0): Uint8Array {
  const seed = random(32);
  const maskedBlock = xor(block, mgf1(mgf, seed, block.length));
  return join(Uint8Array.of(first), xor(seed, mgf1(mgf, maskedBlock, 32)), maskedBlock);
}

/** Label, zeros, a one, and the message: 223 bytes for a modulus of 256. */
function dataBlock(message: Uint8Array, label = LABEL): Uint8Array {
  const out = join(label, new Uint8Array(256 - 33 - label.length));
  out[out.length - message.length - 1] = 1;
  out.set(message, out.length - message.length);
  return out;
}

const raw = (encoded: Uint8Array): Uint8Array =>
  new Uint8Array(publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, encoded));
const open = async (ciphertext: Uint8Array) => objectCiphers.decryptLegacyOaep(privateKey, ciphertext);

/** A test that needs raw RSA; on the web one that says what is missing. */
function itOnNode(title: string, test: () => Promise<void>): void {
  if (backend.name === "node") {
    it(title, test);
    return;
  }
  it(`${title} [not here: refused]`, async () => {
    const error = await failure<UnsupportedError>(() => open(raw(new Uint8Array(256))), "ERR_UNSUPPORTED");
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error.capability).toBe("RSA-OAEP with SHA-256 and MGF1 with SHA-1");
    expect(error.message).toContain("Node");
  });
}

describe("RSA-OAEP of old writers in Java", () => {
  itOnNode("opens what Java wrapped", async () => {
    const data = rsaKeyData(hex(java.privateKey), "private", "key");
    const key = await backend.rsaPrivateKey(data);
    expect(new Set(java.oaep.map(({ mgf1 }) => mgf1))).toEqual(new Set(HASHES));
    for (const { plaintext, ciphertext } of java.oaep) {
      const opened = await objectCiphers.decryptLegacyOaep(key, hex(ciphertext));
      expect(toHex(opened!)).toBe(plaintext);
    }
  });

  for (const mgf of HASHES) {
    itOnNode(`opens messages of every length, MGF1 with ${mgf}`, async () => {
      for (let length = 0; length <= 190; length++) {
        const message = random(length);
        expect(await open(raw(mask(mgf, dataBlock(message)))), `${length} bytes`).toEqual(message);
      }
    });

    itOnNode(`answers null for every fault of the padding, MGF1 with ${mgf}`, async () => {
      const message = random(32);
      const good = dataBlock(message);
      const without = (at: number, byte: number) => {
        const out = new Uint8Array(good);
        out[at] = byte;
        return out;
      };
      for (const first of [1, 2, 0x40, 0x7f]) {
        expect(await open(raw(mask(mgf, good, first))), `first byte ${first}`).toBeNull();
      }
      for (let bit = 0; bit < 256; bit += 7) {
        expect(await open(raw(mask(mgf, flipped(good, bit)))), `label, bit ${bit}`).toBeNull();
      }
      const zeros = join(LABEL, new Uint8Array(191));
      expect(await open(raw(mask(mgf, zeros))), "no separator").toBeNull();
      for (const byte of [0, 2, 0x81, 0xff]) {
        const block = without(190, byte);
        // A zero in place of the separator puts the message's first byte there.
        block[191] = 3;
        expect(await open(raw(mask(mgf, block))), `separator ${byte}`).toBeNull();
      }
      for (const at of [32, 33, 100, 189]) {
        for (const byte of [2, 3, 0x80, 0xff]) {
          expect(await open(raw(mask(mgf, without(at, byte)))), `byte ${at} ${byte}`).toBeNull();
        }
        const longer = await open(raw(mask(mgf, without(at, 1))));
        expect(longer, "a one is the separator, wherever it is").toHaveLength(223 - at - 1);
      }
      const encoded = mask(mgf, good);
      for (let bit = 8; bit < 2048; bit += 37) {
        expect(await open(raw(flipped(encoded, bit))), `encoded, bit ${bit}`).toBeNull();
      }
      for (let bit = 8; bit < 2048; bit += 101) {
        expect(await open(flipped(raw(encoded), bit)), `ciphertext, bit ${bit}`).toBeNull();
      }
    });
  }

  itOnNode("answers null for lengths and numbers that no ciphertext has", async () => {
    const message = random(32);
    let wrapped = raw(mask("sha1", dataBlock(message)));
    while (wrapped[0] !== 0) wrapped = raw(mask("sha1", dataBlock(message)));
    expect(await open(wrapped)).toEqual(message);
    expect(await open(wrapped.subarray(1)), "the same number in fewer bytes").toBeNull();
    expect(await open(join(Uint8Array.of(0), wrapped)), "the same number in more bytes").toBeNull();
    expect(await open(new Uint8Array(0))).toBeNull();
    expect(await open(new Uint8Array(256))).toBeNull();
    expect(await open(new Uint8Array(256).fill(0xff)), "not below the modulus").toBeNull();
  });

  itOnNode("opens OAEP with SHA-256 throughout, and of no other hash", async () => {
    for (const hash of ["sha1", "sha256", "sha384", "sha512"]) {
      const options = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash };
      const opened = await open(new Uint8Array(publicEncrypt(options, Uint8Array.of(1, 2, 3))));
      expect(opened).toEqual(hash === "sha256" ? Uint8Array.of(1, 2, 3) : null);
    }
  });

  it("is too long for short moduli", () => {
    for (const length of [0, 1, 33, 65]) expect(unpadLegacyOaep(new Uint8Array(length))).toBeNull();
    const seed = random(32);
    const block = join(LABEL, Uint8Array.of(1));
    const maskedBlock = xor(block, mgf1("sha1", seed, 33));
    const shortest = join(Uint8Array.of(0), xor(seed, mgf1("sha1", maskedBlock, 32)), maskedBlock);
    expect(unpadLegacyOaep(shortest)).toEqual(new Uint8Array(0));
  });
});
