// A second reader and writer of S3 Encryption Client objects of format V3, written from the format's facts over
// noble and OpenSSL's own RSA. It shares no code with keyfold, and checks nothing that a test does not ask for.

import { constants, type KeyObject, privateDecrypt, publicEncrypt } from "node:crypto";
import { gcm } from "@noble/ciphers/aes.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { hex, join, random, utf8 } from "./bytes.ts";

type Metadata = Readonly<Record<string, string>>;

const ID = hex("0073");
const CONTENT_IV = new Uint8Array(12).fill(1);
const WRAP_AAD = utf8("115");
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
      return join(iv, gcm(key, iv, WRAP_AAD).encrypt(dataKey));
    },
    unwrap: (edk) => gcm(key, edk.subarray(0, 12), WRAP_AAD).decrypt(edk.subarray(12)),
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
    hkdf(sha512, dataKey, messageId, join(ID, utf8(label)), length);
  return { key: derive("DERIVEKEY", 32), commitment: derive("COMMITKEY", 28) };
}

/** Opens an object. Throws on anything unexpected. */
export function readObject(metadata: Metadata, body: Uint8Array, { code, unwrap }: ObjectKey): Uint8Array {
  if (metadata["x-amz-c"] !== "115") throw new Error("another content cipher");
  if (metadata["x-amz-w"] !== code) throw new Error("another wrap");
  const messageId = bytesOf(metadata, "x-amz-i");
  if (messageId.length !== 28) throw new Error("another length of the message id");
  const { key, commitment } = schedule(unwrap(bytesOf(metadata, "x-amz-3")), messageId);
  if (Buffer.compare(bytesOf(metadata, "x-amz-d"), commitment) !== 0) throw new Error("another commitment");
  return gcm(key, CONTENT_IV, ID).decrypt(body);
}

/** Writes an object; `pairs` are the stored context under `12`, else the label. */
export function writeObject(
  plaintext: Uint8Array,
  { code, wrap }: ObjectKey,
  pairs?: Metadata,
): { metadata: Record<string, string>; body: Uint8Array } {
  const dataKey = random(32);
  const messageId = random(28);
  const { key, commitment } = schedule(dataKey, messageId);
  const metadata: Record<string, string> = {
    "x-amz-c": "115",
    "x-amz-w": code,
    "x-amz-3": base64(wrap(dataKey)),
    "x-amz-d": base64(commitment),
    "x-amz-i": base64(messageId),
  };
  if (pairs !== undefined) metadata[code === "12" ? "x-amz-t" : "x-amz-m"] = JSON.stringify(pairs);
  return { metadata, body: gcm(key, CONTENT_IV, ID).encrypt(plaintext) };
}
