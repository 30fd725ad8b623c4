// A second reader and writer of S3 Encryption Client objects of format V3, written from the format's facts over
// node:crypto alone. It shares no code with keyfold, and checks nothing that a test does not ask for.

import { constants, hkdfSync, type KeyObject, privateDecrypt, publicEncrypt } from "node:crypto";
import { gcmOpen, gcmSeal } from "./aes-by-hand.ts";
import { hex, join, random, utf8 } from "./bytes.ts";
import type { KmsByHand } from "./kms-by-hand.ts";

export type Metadata = Readonly<Record<string, string>>;

/** The metadata and body of one object. */
export interface WrittenObject {
  metadata: Record<string, string>;
  body: Uint8Array;
}

const ID = hex("0073");
const CONTENT_IV = new Uint8Array(12).fill(1);
const CONTENT = "115";
const WRAP_AAD = utf8(CONTENT);
const RESERVED = "aws:x-amz-cek-alg";
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytesOf = (metadata: Metadata, name: string) => new Uint8Array(Buffer.from(metadata[name]!, "base64"));

/** How one data key is wrapped: the code in the metadata, and both directions. */
export interface ObjectKey {
  code: "02" | "12" | "22";
  wrap(dataKey: Uint8Array): Uint8Array;
  unwrap(edk: Uint8Array): Uint8Array;
}

export function aesObjectKey(key: Uint8Array): ObjectKey {
  return {
    code: "02",
    wrap(dataKey) {
      const iv = random(12);
      return join(iv, gcmSeal(key, iv, dataKey, WRAP_AAD));
    },
    unwrap: (edk) => gcmOpen(key, edk.subarray(0, 12), edk.subarray(12), WRAP_AAD),
  };
}

export function rsaObjectKey(pair: { publicKey: KeyObject; privateKey: KeyObject }): ObjectKey {
  const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" };
  return {
    code: "22",
    wrap: (dataKey) => {
      const framed = join(Uint8Array.of(dataKey.length), dataKey, WRAP_AAD);
      return new Uint8Array(publicEncrypt({ ...oaep, key: pair.publicKey }, framed));
    },
    unwrap(edk) {
      const framed = new Uint8Array(privateDecrypt({ ...oaep, key: pair.privateKey }, edk));
      if (framed.length !== 36 || framed[0] !== 32) throw new Error("another frame");
      if (Buffer.compare(framed.subarray(33), WRAP_AAD) !== 0) throw new Error("another content algorithm");
      return framed.slice(1, 33);
    },
  };
}

function schedule(dataKey: Uint8Array, messageId: Uint8Array) {
  const derive = (label: string, length: number) =>
    new Uint8Array(hkdfSync("sha512", dataKey, messageId, join(ID, utf8(label)), length));
  return { key: derive("DERIVEKEY", 32), commitment: derive("COMMITKEY", 28) };
}

function sealed(plaintext: Uint8Array, dataKey: Uint8Array): WrittenObject {
  const messageId = random(28);
  const { key, commitment } = schedule(dataKey, messageId);
  const metadata = { "x-amz-c": CONTENT, "x-amz-d": base64(commitment), "x-amz-i": base64(messageId) };
  return { metadata, body: gcmSeal(key, CONTENT_IV, plaintext, ID) };
}

function opened(metadata: Metadata, body: Uint8Array, dataKey: Uint8Array): Uint8Array {
  const messageId = bytesOf(metadata, "x-amz-i");
  if (messageId.length !== 28) throw new Error("another length of the message id");
  const { key, commitment } = schedule(dataKey, messageId);
  if (Buffer.compare(bytesOf(metadata, "x-amz-d"), commitment) !== 0) throw new Error("another commitment");
  return gcmOpen(key, CONTENT_IV, body, ID);
}

function expectCodes(metadata: Metadata, code: ObjectKey["code"]): void {
  if (metadata["x-amz-c"] !== CONTENT) throw new Error("another content cipher");
  if (metadata["x-amz-w"] !== code) throw new Error("another wrap");
}

/** Opens an object. Throws on anything unexpected. */
export function readObject(metadata: Metadata, body: Uint8Array, { code, unwrap }: ObjectKey): Uint8Array {
  expectCodes(metadata, code);
  return opened(metadata, body, unwrap(bytesOf(metadata, "x-amz-3")));
}

/** Writes an object; `pairs` are the stored context under `12`, else the label. */
export function writeObject(
  plaintext: Uint8Array,
  { code, wrap }: ObjectKey,
  pairs?: Metadata,
): WrittenObject {
  const dataKey = random(32);
  const { metadata, body } = sealed(plaintext, dataKey);
  const wrapped: Record<string, string> = { "x-amz-w": code, "x-amz-3": base64(wrap(dataKey)) };
  if (pairs !== undefined) wrapped[code === "12" ? "x-amz-t" : "x-amz-m"] = JSON.stringify(pairs);
  return { metadata: { ...metadata, ...wrapped }, body };
}

/** Writes an object of wrap 12; `context` without the reserved key. */
export async function writeKmsObject(
  plaintext: Uint8Array,
  kms: KmsByHand,
  context: Metadata = {},
): Promise<WrittenObject> {
  const dataKey = random(32);
  const stored = { ...context, [RESERVED]: CONTENT };
  const { metadata, body } = sealed(plaintext, dataKey);
  const edk = base64(await kms.encrypt(dataKey, stored));
  const wrapped = { "x-amz-w": "12", "x-amz-3": edk, "x-amz-t": JSON.stringify(stored) };
  return { metadata: { ...metadata, ...wrapped }, body };
}

/** Opens an object of wrap 12, and answers the stored context without the reserved key. */
export async function readKmsObject(
  metadata: Metadata,
  body: Uint8Array,
  kms: KmsByHand,
): Promise<{ plaintext: Uint8Array; context: Metadata }> {
  expectCodes(metadata, "12");
  const stored = JSON.parse(metadata["x-amz-t"] ?? "{}") as Record<string, string>;
  const { [RESERVED]: reserved, ...context } = stored;
  if (reserved !== CONTENT) throw new Error("another content algorithm in the context");
  const dataKey = await kms.decrypt(bytesOf(metadata, "x-amz-3"), stored);
  return { plaintext: opened(metadata, body, dataKey), context };
}
