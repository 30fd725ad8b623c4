// Formats V1 and V2 once more, written by node:crypto alone.
import { constants, createCipheriv, createHash, type KeyObject, publicEncrypt } from "node:crypto";
import { join, random, utf8 } from "../support/bytes.ts";

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
export const CEK = { gcm: "AES/GCM/NoPadding", cbc: "AES/CBC/PKCS5Padding" } as const;

/** How a data key is wrapped; without a name the format implies it. */
export interface OlderWrap {
  readonly name?: string;
  wrap(dataKey: Uint8Array, cek: string): Uint8Array;
}

export const gcmSeal = (key: Uint8Array, iv: Uint8Array, data: Uint8Array, aad = ""): Uint8Array => {
  const cipher = createCipheriv(`aes-${8 * key.length}-gcm` as "aes-256-gcm", key, iv);
  if (aad !== "") cipher.setAAD(utf8(aad));
  return join(cipher.update(data), cipher.final(), cipher.getAuthTag());
};

export const cbcSeal = (key: Uint8Array, iv: Uint8Array, data: Uint8Array, padding = true): Uint8Array => {
  const cipher = createCipheriv("aes-256-cbc", key, iv).setAutoPadding(padding);
  return join(cipher.update(data), cipher.final());
};

export const kms = (name = "kms+context"): OlderWrap => ({ name, wrap: (dataKey) => dataKey });

export const aesGcm = (key: Uint8Array): OlderWrap => ({
  name: "AES/GCM",
  wrap(dataKey, cek) {
    const iv = random(12);
    return join(iv, gcmSeal(key, iv, dataKey, cek));
  },
});

export const aesWrap = (key: Uint8Array): OlderWrap => ({
  name: "AESWrap",
  wrap(dataKey) {
    const cipher = createCipheriv(`id-aes${8 * key.length}-wrap`, key, new Uint8Array(8).fill(0xa6));
    return join(cipher.update(dataKey), cipher.final());
  },
});

export const aesImplied = (key: Uint8Array, padding = true): OlderWrap => ({
  wrap(dataKey) {
    const cipher = createCipheriv(`aes-${8 * key.length}-ecb`, key, null).setAutoPadding(padding);
    return join(cipher.update(dataKey), cipher.final());
  },
});

export const rsaFramed = (key: KeyObject): OlderWrap => ({
  name: "RSA-OAEP-SHA1",
  wrap(dataKey, cek) {
    const frame = join(Uint8Array.of(dataKey.length), dataKey, utf8(cek));
    return new Uint8Array(publicEncrypt({ key, oaepHash: "sha1" }, frame));
  },
});

export const rsaImplied = (key: KeyObject): OlderWrap => ({
  wrap: (dataKey) =>
    new Uint8Array(publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(dataKey))),
});

/** OAEP with SHA-256 for the label, and another hash for MGF1 (RFC 8017, section 7.1.1). */
export const rsaOaep = (key: KeyObject, mgfHash: "sha1" | "sha256"): OlderWrap => ({
  name: "RSA/ECB/OAEPWithSHA-256AndMGF1Padding",
  wrap(dataKey) {
    const size = key.asymmetricKeyDetails!.modulusLength! / 8;
    const [block, seed] = [Buffer.alloc(size - 33), random(32)];
    block.set(createHash("sha256").digest());
    block[block.length - dataKey.length - 1] = 1;
    block.set(dataKey, block.length - dataKey.length);
    const masked = xor(block, mgf1(seed, block.length, mgfHash));
    const maskedSeed = xor(seed, mgf1(masked, 32, mgfHash));
    const encoded = join(Uint8Array.of(0), maskedSeed, masked);
    return new Uint8Array(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded));
  },
});

const xor = (a: Uint8Array, b: Uint8Array) => a.map((byte, i) => byte ^ b[i]!);

function mgf1(seed: Uint8Array, length: number, hash: string): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let i = 0; 20 * i < length; i++) {
    blocks.push(
      createHash(hash)
        .update(seed)
        .update(Uint8Array.of(0, 0, 0, i))
        .digest(),
    );
  }
  return join(...blocks).subarray(0, length);
}

export interface Written {
  readonly metadata: Record<string, string>;
  readonly body: Uint8Array;
  readonly dataKey: Uint8Array;
}

export interface HowWritten {
  readonly format: "V1" | "V2";
  readonly content: "gcm" | "cbc";
  readonly wrap: OlderWrap;
  readonly pairs?: Readonly<Record<string, string>>;
  readonly dataKey?: Uint8Array;
}

export function writeOlder(
  plaintext: Uint8Array,
  { format, content, wrap, pairs = {}, dataKey = random(32) }: HowWritten,
): Written {
  const iv = random(content === "gcm" ? 12 : 16);
  const body = (content === "gcm" ? gcmSeal : cbcSeal)(dataKey, iv, plaintext);
  const metadata = {
    [format === "V1" ? "x-amz-key" : "x-amz-key-v2"]: base64(wrap.wrap(dataKey, CEK[content])),
    "x-amz-iv": base64(iv),
    "x-amz-matdesc": JSON.stringify(pairs),
    "x-amz-unencrypted-content-length": String(plaintext.length),
    ...(wrap.name !== undefined && { "x-amz-wrap-alg": wrap.name }),
    ...(format === "V2" && { "x-amz-cek-alg": CEK[content] }),
    ...(content === "gcm" && { "x-amz-tag-len": "128" }),
  };
  return { metadata, body, dataKey };
}
