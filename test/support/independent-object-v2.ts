// A second reader and writer of S3 Encryption Client objects of format V2, written from the format's facts over
// node:crypto alone. It shares no code with keyfold, and checks nothing that a test does not ask for.
import { aesDecrypt, aesEncrypt, gcmOpen, gcmSeal } from "./aes-by-hand.ts";
import { join, random, utf8 } from "./bytes.ts";
import type { Metadata, WrittenObject } from "./independent-object.ts";
import type { KmsByHand } from "./kms-by-hand.ts";
import { type Hash, oaepDecrypt, oaepEncrypt, type RsaPair } from "./rsa-by-hand.ts";

export type ContentAlgorithm = "AES/GCM/NoPadding" | "AES/CBC/PKCS5Padding";

const RESERVED = "aws:x-amz-cek-alg";

/** How a data key is wrapped in V2: the name in the metadata, and both directions. */
export interface V2Wrap {
  readonly name: string;
  /** What is stored for a caller's pairs. */
  stored?(pairs: Metadata, content: ContentAlgorithm): Metadata;
  wrap(dataKey: Uint8Array, content: ContentAlgorithm, stored: Metadata): Promise<Uint8Array>;
  unwrap(edk: Uint8Array, content: ContentAlgorithm, stored: Metadata): Promise<Uint8Array>;
}

export function aesGcmV2(key: Uint8Array): V2Wrap {
  return {
    name: "AES/GCM",
    async wrap(dataKey, content) {
      const iv = random(12);
      return join(iv, gcmSeal(key, iv, dataKey, utf8(content)));
    },
    unwrap: async (edk, content) => gcmOpen(key, edk.subarray(0, 12), edk.subarray(12), utf8(content)),
  };
}

/** Legacy: RFC 3394. */
export function aesWrapV2(key: Uint8Array): V2Wrap {
  return {
    name: "AESWrap",
    wrap: async (dataKey) => aesEncrypt("wrap", key, dataKey),
    unwrap: async (edk) => aesDecrypt("wrap", key, edk),
  };
}

export function rsaOaepSha1V2(pair: RsaPair): V2Wrap {
  return {
    name: "RSA-OAEP-SHA1",
    wrap: async (dataKey, content) =>
      oaepEncrypt(pair, join(Uint8Array.of(dataKey.length), dataKey, utf8(content)), "sha1", "sha1"),
    async unwrap(edk, content) {
      const framed = oaepDecrypt(pair, edk, "sha1", "sha1");
      const end = 1 + framed[0]!;
      if (Buffer.compare(framed.subarray(end), utf8(content)) !== 0) {
        throw new Error("another content algorithm");
      }
      return framed.slice(1, end);
    },
  };
}

/** Legacy. The mask's hash is SHA-1 under the JDK's provider, SHA-256 under others. */
export function rsaOaepSha256V2(pair: RsaPair, mgf: Hash = "sha1"): V2Wrap {
  return {
    name: "RSA/ECB/OAEPWithSHA-256AndMGF1Padding",
    wrap: async (dataKey) => oaepEncrypt(pair, dataKey, "sha256", mgf),
    unwrap: async (edk) => oaepDecrypt(pair, edk, "sha256", mgf),
  };
}

export function kmsContextV2(kms: KmsByHand): V2Wrap {
  return {
    name: "kms+context",
    stored: (pairs, content) => ({ ...pairs, [RESERVED]: content }),
    wrap: (dataKey, _content, stored) => kms.encrypt(dataKey, stored),
    async unwrap(edk, content, stored) {
      if (stored[RESERVED] !== content) throw new Error("another content algorithm in the context");
      return kms.decrypt(edk, stored);
    },
  };
}

/** Legacy: the context is the stored map as it is. */
export function kmsV2(kms: KmsByHand): V2Wrap {
  return {
    name: "kms",
    wrap: (dataKey, _content, stored) => kms.encrypt(dataKey, stored),
    unwrap: (edk, _content, stored) => kms.decrypt(edk, stored),
  };
}

export interface V2Options {
  /** Default `"AES/GCM/NoPadding"`. */
  readonly content?: ContentAlgorithm;
  /** The caller's context, or the label under raw keys. Default none. */
  readonly pairs?: Metadata;
  /** Writes `x-amz-unencrypted-content-length`. Default false. */
  readonly unencryptedLength?: boolean;
  /** Default fresh, of 32 bytes. */
  readonly dataKey?: Uint8Array;
  /** Default fresh, of 12 bytes under GCM and 16 under CBC. */
  readonly iv?: Uint8Array;
}

/** Writes an object. A name that must be absent is deleted from the answer's metadata by the test. */
export async function writeObjectV2(
  plaintext: Uint8Array,
  how: V2Wrap,
  options: V2Options = {},
): Promise<WrittenObject> {
  const { content = "AES/GCM/NoPadding", pairs = {}, dataKey = random(32) } = options;
  const isGcm = content === "AES/GCM/NoPadding";
  const iv = options.iv ?? random(isGcm ? 12 : 16);
  const stored = how.stored?.(pairs, content) ?? pairs;
  const edk = await how.wrap(dataKey, content, stored);
  const metadata: Record<string, string> = {
    "x-amz-key-v2": Buffer.from(edk).toString("base64"),
    "x-amz-iv": Buffer.from(iv).toString("base64"),
    "x-amz-cek-alg": content,
    "x-amz-wrap-alg": how.name,
    "x-amz-matdesc": JSON.stringify(stored),
  };
  if (isGcm) metadata["x-amz-tag-len"] = "128";
  if (options.unencryptedLength === true) {
    metadata["x-amz-unencrypted-content-length"] = String(plaintext.length);
  }
  const body = isGcm ? gcmSeal(dataKey, iv, plaintext) : aesEncrypt("cbc", dataKey, plaintext, iv);
  return { metadata, body };
}

/** Opens an object. Throws on anything unexpected. */
export async function readObjectV2(metadata: Metadata, body: Uint8Array, how: V2Wrap): Promise<Uint8Array> {
  if (metadata["x-amz-wrap-alg"] !== how.name) throw new Error("another wrap");
  const content = metadata["x-amz-cek-alg"] as ContentAlgorithm;
  const bytes = (name: string) => new Uint8Array(Buffer.from(metadata[name]!, "base64"));
  const stored = JSON.parse(metadata["x-amz-matdesc"] || "{}") as Metadata;
  const dataKey = await how.unwrap(bytes("x-amz-key-v2"), content, stored);
  const iv = bytes("x-amz-iv");
  if (content === "AES/GCM/NoPadding") {
    if (metadata["x-amz-tag-len"] !== "128" || iv.length !== 12) throw new Error("another tag or nonce");
    return ofLength(metadata, gcmOpen(dataKey, iv, body));
  }
  if (content !== "AES/CBC/PKCS5Padding") throw new Error("another content algorithm");
  return ofLength(metadata, aesDecrypt("cbc", dataKey, body, iv));
}

/** The plaintext, if it is as long as the metadata may say. */
export function ofLength(metadata: Metadata, plaintext: Uint8Array): Uint8Array {
  const length = metadata["x-amz-unencrypted-content-length"];
  if (length !== undefined && length !== String(plaintext.length)) throw new Error("another length");
  return plaintext;
}
