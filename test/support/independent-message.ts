// A second reader and writer of AWS Encryption SDK messages, written from the specification over noble and
// OpenSSL's own DER signatures. It shares no code with keyfold, and checks nothing that a test does not ask for.

import { createPublicKey, createSign, createVerify, type KeyObject } from "node:crypto";
import { gcm } from "@noble/ciphers/aes.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { hex, join, random, u16, u32, u64, utf8 } from "./bytes.ts";

export interface Edk {
  providerId: string;
  providerInfo: Uint8Array;
  ciphertext: Uint8Array;
}

export interface ReadMessage {
  suite: number;
  version: number;
  messageId: Uint8Array;
  context: Record<string, string>;
  edks: Edk[];
  frameLength: number;
  plaintext: Uint8Array;
  /** Plaintext bytes of each frame. */
  frames: number[];
  ivs: Uint8Array[];
}

const SIGNED: Record<number, { hash: string; spki: string; curve: string }> = {
  532: { hash: "sha256", spki: "3039301306072a8648ce3d020106082a8648ce3d030107032200", curve: "P-256" },
  838: { hash: "sha384", spki: "3046301006072a8648ce3d020106052b81040022033200", curve: "P-384" },
  888: { hash: "sha384", spki: "3046301006072a8648ce3d020106052b81040022033200", curve: "P-384" },
  1400: { hash: "sha384", spki: "3046301006072a8648ce3d020106052b81040022033200", curve: "P-384" },
};
export const curveOf = (suite: number) => SIGNED[suite]?.curve;

export function contentKeys(suite: number, dataKey: Uint8Array, messageId: Uint8Array) {
  const info = join(u16(suite), messageId);
  switch (suite) {
    case 0x0014:
    case 0x0046:
    case 0x0078:
      return { key: dataKey, commitment: new Uint8Array(0) };
    case 0x0346:
    case 0x0378:
      return { key: hkdf(sha384, dataKey, undefined, info, dataKey.length), commitment: new Uint8Array(0) };
    case 0x0478:
    case 0x0578:
      return {
        key: hkdf(sha512, dataKey, messageId, join(u16(suite), utf8("DERIVEKEY")), 32),
        commitment: hkdf(sha512, dataKey, messageId, utf8("COMMITKEY"), 32),
      };
    default:
      return { key: hkdf(sha256, dataKey, undefined, info, dataKey.length), commitment: new Uint8Array(0) };
  }
}

export function contextBytes(context: Record<string, string>, sort?: (a: string, b: string) => number) {
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const keys = Object.keys(context).sort(sort ?? byBytes);
  if (keys.length === 0) return new Uint8Array(0);
  const field = (text: string) => join(u16(utf8(text).length), utf8(text));
  return join(u16(keys.length), ...keys.flatMap((key) => [field(key), field(context[key]!)]));
}

/** Opens a framed message under a data key that the test knows, or unwraps itself. Throws on anything unexpected. */
export function readMessage(
  message: Uint8Array,
  unwrap: (edks: Edk[], context: Uint8Array) => Uint8Array,
  requiredContext: Uint8Array = new Uint8Array(0),
): ReadMessage {
  let at = 0;
  const take = (length: number) => {
    if (at + length > message.length) throw new Error("the message is too short");
    at += length;
    return message.slice(at - length, at);
  };
  const number = (length: number) => Number(`0x${Buffer.from(take(length)).toString("hex")}`);
  const expect = (what: string, value: number, expected: number) => {
    if (value !== expected) throw new Error(`${what} is ${value}, not ${expected}`);
  };

  const version = number(1);
  if (version === 1) expect("type", number(1), 0x80);
  const suite = number(2);
  const messageId = take(version === 1 ? 16 : 32);
  const contextRaw = take(number(2));
  // Without a prototype: a key may be called __proto__.
  const context: Record<string, string> = Object.create(null);
  const edks: Edk[] = [];
  if (contextRaw.length > 0) {
    const end = at;
    at -= contextRaw.length;
    for (let pairs = number(2); pairs > 0; pairs--) {
      const key = new TextDecoder().decode(take(number(2)));
      context[key] = new TextDecoder().decode(take(number(2)));
    }
    expect("end of context", at, end);
  }
  for (let count = number(2); count > 0; count--) {
    const providerId = new TextDecoder().decode(take(number(2)));
    edks.push({ providerId, providerInfo: take(number(2)), ciphertext: take(number(2)) });
  }
  expect("content type", number(1), 2);
  if (version === 1) {
    expect("reserved", number(4), 0);
    expect("IV length", number(1), 12);
  }
  const frameLength = number(4);
  const stored = take(version === 2 ? 32 : 0);
  const headerBody = message.slice(0, at);
  const headerIv = version === 1 ? take(12) : new Uint8Array(12);
  expect(
    "header IV",
    headerIv.findIndex((byte) => byte !== 0),
    -1,
  );
  const headerTag = take(16);

  const { key, commitment } = contentKeys(suite, unwrap(edks, contextRaw), messageId);
  if (Buffer.compare(stored, commitment) !== 0) throw new Error("another commitment");
  gcm(key, headerIv, join(headerBody, requiredContext)).decrypt(headerTag);

  const parts: Uint8Array[] = [];
  const ivs: Uint8Array[] = [];
  for (let sequence = 1, final = false; !final; sequence++) {
    final = Buffer.compare(message.slice(at, at + 4), u32(0xffffffff)) === 0;
    if (final) take(4);
    expect("sequence", number(4), sequence);
    const iv = take(12);
    const length = final ? number(4) : frameLength;
    const text = `AWSKMSEncryptionClient ${final ? "Final " : ""}Frame`;
    const aad = join(messageId, utf8(text), u32(sequence), u64(length));
    parts.push(gcm(key, iv, aad).decrypt(take(length + 16)));
    ivs.push(iv);
  }
  const signedEnd = at;
  const signed = SIGNED[suite];
  if (signed !== undefined) {
    const signature = take(number(2));
    const point = Buffer.from(context["aws-crypto-public-key"]!, "base64");
    const der = Buffer.concat([hex(signed.spki), point]);
    const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
    const verify = createVerify(signed.hash).update(message.subarray(0, signedEnd));
    if (!verify.verify({ key: publicKey, dsaEncoding: "der" }, signature))
      throw new Error("another signature");
  }
  expect("end", at, message.length);
  const frames = parts.map((part) => part.length);
  return { suite, version, messageId, context, edks, frameLength, plaintext: join(...parts), frames, ivs };
}

export interface MessageToWrite {
  suite: number;
  dataKey: Uint8Array;
  edks: Edk[];
  /** A list: order and doubles are the test's to choose. Default: no pairs. */
  context?: Uint8Array;
  requiredContext?: Uint8Array;
  /** The pieces of plaintext, frame by frame; one piece that is not framed if `frameLength` is 0. */
  pieces: Uint8Array[];
  frameLength: number;
  /** The IV of each part. Default: the sequence number. */
  iv?: (sequence: number) => Uint8Array;
  headerIv?: Uint8Array;
  /** The key of the trailing signature. */
  signingKey?: KeyObject;
}

/** Writes any message that the specification allows, also such as keyfold never writes. */
export function writeMessage(what: MessageToWrite): Uint8Array {
  const { suite, dataKey, edks, pieces, frameLength, headerIv = new Uint8Array(12) } = what;
  const { context = new Uint8Array(0), requiredContext = new Uint8Array(0) } = what;
  const version = suite >= 0x0400 ? 2 : 1;
  const messageId = random(version === 1 ? 16 : 32);
  const { key, commitment } = contentKeys(suite, dataKey, messageId);
  const field = (bytes: Uint8Array) => join(u16(bytes.length), bytes);
  const body = join(
    version === 1 ? hex("0180") : hex("02"),
    u16(suite),
    messageId,
    field(context),
    u16(edks.length),
    ...edks.flatMap((edk) => [utf8(edk.providerId), edk.providerInfo, edk.ciphertext].map(field)),
    Uint8Array.of(frameLength === 0 ? 1 : 2),
    version === 1 ? hex("000000000c") : hex(""),
    u32(frameLength),
    commitment,
  );
  const iv0 = version === 1 ? headerIv : new Uint8Array(12);
  const tag = gcm(key, iv0, join(body, requiredContext)).encrypt(new Uint8Array(0));
  const parts = [body, version === 1 ? headerIv : hex(""), tag];
  for (const [i, piece] of pieces.entries()) {
    const sequence = i + 1;
    const last = sequence === pieces.length;
    const kind = frameLength === 0 ? "Single Block" : last ? "Final Frame" : "Frame";
    const iv = what.iv?.(sequence) ?? join(new Uint8Array(8), u32(sequence));
    const aad = join(messageId, utf8(`AWSKMSEncryptionClient ${kind}`), u32(sequence), u64(piece.length));
    const sealed = gcm(key, iv, aad).encrypt(piece);
    if (frameLength === 0) parts.push(iv, u64(piece.length), sealed);
    else if (last) parts.push(u32(0xffffffff), u32(sequence), iv, u32(piece.length), sealed);
    else parts.push(u32(sequence), iv, sealed);
  }
  const message = join(...parts);
  const signed = SIGNED[suite];
  if (signed === undefined) return message;
  const signature = createSign(signed.hash).update(message).sign(what.signingKey!);
  return join(message, field(new Uint8Array(signature)));
}
