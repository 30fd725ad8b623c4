// Opens any object with node:crypto and KMS alone, by the text of the formats: neither keyfold nor an official client.

import * as crypto from "node:crypto";
import { DecryptCommand } from "@aws-sdk/client-kms";
import { kmsClient } from "../../interop/keyrings.ts";
import type { PeerKeyring } from "../clients.ts";
import type { WrittenObjectVector } from "./format.ts";

export type Envelope = Readonly<Record<string, string>>;

const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? "", "base64");

/** The metadata of the object, and those in its instruction file. */
export const envelopeOf = ({
  metadata,
  instructionFile,
}: Pick<WrittenObjectVector, "metadata" | "instructionFile">): Envelope => ({
  ...metadata,
  ...(instructionFile === undefined ? {} : JSON.parse(instructionFile.body)),
});

export async function openIndependently(
  envelope: Envelope,
  body: Uint8Array,
  keyring: PeerKeyring,
): Promise<Buffer> {
  const wrapped = bytes(envelope["x-amz-3"] ?? envelope["x-amz-key-v2"] ?? envelope["x-amz-key"]);
  const dataKey = await unwrap(envelope, wrapped, keyring);
  if ("x-amz-c" in envelope) return openV3(envelope, body, dataKey);
  if (envelope["x-amz-cek-alg"] === "AES/GCM/NoPadding")
    return gcm(dataKey, bytes(envelope["x-amz-iv"]), body);
  const cbc = crypto.createDecipheriv("aes-256-cbc", dataKey, bytes(envelope["x-amz-iv"]));
  return Buffer.concat([cbc.update(body), cbc.final()]);
}

function openV3(envelope: Envelope, body: Uint8Array, dataKey: Buffer): Buffer {
  const suite = Buffer.of(0, 0x73);
  const derive = (label: string, length: number): Buffer => {
    const info = Buffer.concat([suite, Buffer.from(label)]);
    return Buffer.from(crypto.hkdfSync("sha512", dataKey, bytes(envelope["x-amz-i"]), info, length));
  };
  if (!derive("COMMITKEY", 28).equals(bytes(envelope["x-amz-d"]))) throw new Error("another commitment");
  return gcm(derive("DERIVEKEY", 32), Buffer.alloc(12, 1), body, suite);
}

function gcm(key: Buffer, iv: Buffer, body: Uint8Array, aad?: Buffer): Buffer {
  const name = `aes-${key.length * 8}-gcm` as crypto.CipherGCMTypes;
  const decipher = crypto.createDecipheriv(name, key, iv);
  if (aad !== undefined) decipher.setAAD(aad);
  decipher.setAuthTag(body.subarray(-16));
  return Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]);
}

async function unwrap(envelope: Envelope, wrapped: Buffer, keyring: PeerKeyring): Promise<Buffer> {
  if (keyring.type === "kms") return unwrapByKms(envelope, wrapped, keyring);
  if (keyring.type === "raw-aes") return unwrapByAes(envelope, wrapped, bytes(keyring.key));
  if (keyring.type !== "raw-rsa") throw new Error(`no such keyring: ${keyring.type}`);
  const block = crypto.privateDecrypt(
    { key: keyring.privateKey!, padding: crypto.constants.RSA_NO_PADDING },
    wrapped,
  );
  switch (envelope["x-amz-w"] ?? envelope["x-amz-wrap-alg"]) {
    case undefined:
      // PKCS#1 v1.5: nothing but the last 32 bytes is needed of it.
      return block.subarray(-32);
    case "RSA/ECB/OAEPWithSHA-256AndMGF1Padding":
      return oaep(block, "sha256", "sha1") ?? oaep(block, "sha256", "sha256")!;
    default: {
      const framed = oaep(block, "sha1", "sha1")!;
      if (framed.subarray(33).toString() !== bound(envelope)) throw new Error("bound to another algorithm");
      return framed.subarray(1, 33);
    }
  }
}

/** What the wraps of V2 and V3 are bound to. In V2 it is this name for CBC too, where a file was re-encrypted. */
const bound = (envelope: Envelope): string => ("x-amz-c" in envelope ? "115" : "AES/GCM/NoPadding");

function unwrapByAes(envelope: Envelope, wrapped: Buffer, key: Buffer): Buffer {
  const bits = key.length * 8;
  switch (envelope["x-amz-w"] ?? envelope["x-amz-wrap-alg"]) {
    case undefined: {
      const ecb = crypto.createDecipheriv(`aes-${bits}-ecb`, key, null);
      return Buffer.concat([ecb.update(wrapped), ecb.final()]);
    }
    case "AESWrap": {
      const unwrapping = crypto.createDecipheriv(`id-aes${bits}-wrap`, key, Buffer.alloc(8, 0xa6));
      return Buffer.concat([unwrapping.update(wrapped), unwrapping.final()]);
    }
    default:
      return gcm(key, wrapped.subarray(0, 12), wrapped.subarray(12), Buffer.from(bound(envelope)));
  }
}

async function unwrapByKms(
  envelope: Envelope,
  wrapped: Buffer,
  keyring: PeerKeyring & { type: "kms" },
): Promise<Buffer> {
  const context = JSON.parse(decoded(envelope["x-amz-t"] ?? envelope["x-amz-matdesc"]!));
  const command = new DecryptCommand({
    CiphertextBlob: wrapped,
    KeyId: keyring.keyId,
    EncryptionContext: context,
  });
  return Buffer.from((await kmsClient(keyring.endpoint).send(command)).Plaintext!);
}

/** Undoes what S3 does to UTF-8 in headers. */
function decoded(value: string): string {
  const word = /^=\?UTF-8\?Q\?(.*)\?=$/.exec(value)?.[1];
  if (word === undefined) return value;
  const utf8 = Buffer.from(
    word.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  ).toString("utf8");
  return Buffer.from(utf8, "latin1").toString("utf8");
}

/** RFC 8017, section 7.1.2, with a hash of its own for MGF1. */
function oaep(block: Buffer, hash: string, maskHash: string): Buffer | undefined {
  const length = crypto.createHash(hash).digest().length;
  const masked = block.subarray(1 + length);
  const seed = xor(block.subarray(1, 1 + length), mgf1(masked, length, maskHash));
  const data = xor(masked, mgf1(seed, masked.length, maskHash));
  if (!data.subarray(0, length).equals(crypto.createHash(hash).digest())) return undefined;
  return data.subarray(data.indexOf(1, length) + 1);
}

function mgf1(seed: Buffer, length: number, hash: string): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; Buffer.concat(blocks).length < length; counter++) {
    const index = Buffer.alloc(4);
    index.writeUInt32BE(counter);
    blocks.push(crypto.createHash(hash).update(seed).update(index).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, index) => byte ^ b[index]!));
