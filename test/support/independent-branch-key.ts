// A second reader and writer of data keys under a branch key, written from the specification over node:crypto
// (framework/aws-kms/aws-kms-hierarchical-keyring; NIST SP 800-108). It shares no code with keyfold.
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { hex, join, random, u32, utf8 } from "./bytes.ts";
import { contextBytes, type Edk } from "./independent-message.ts";

export interface BranchKey {
  readonly id: string;
  /** A UUID. */
  readonly version: string;
  readonly key: Uint8Array;
}

const NAME = utf8("aws-kms-hierarchy");

export type Order = (a: string, b: string) => number;

/** Wraps as the specification says; `order` sorts the context, by UTF-8 bytes unless it is given. */
export function wrapUnderBranchKey(
  { id, version, key }: BranchKey,
  dataKey: Uint8Array,
  context: Record<string, string>,
  order?: Order,
): Edk {
  const [salt, iv] = [random(16), random(12)];
  const cipher = createCipheriv("aes-256-gcm", wrappingKey(key, salt), iv);
  cipher.setAAD(aad(id, uuidBytes(version), context, order));
  const wrapped = Buffer.concat([cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
  return {
    providerId: "aws-kms-hierarchy",
    providerInfo: utf8(id),
    ciphertext: join(salt, iv, uuidBytes(version), wrapped),
  };
}

/** The data key and the version it was wrapped under; throws if it does not open. */
export function unwrapUnderBranchKey(
  key: Uint8Array,
  { providerInfo, ciphertext }: Edk,
  context: Record<string, string>,
  order?: Order,
): { dataKey: Uint8Array; version: string } {
  const [salt, iv, version] = [
    ciphertext.subarray(0, 16),
    ciphertext.subarray(16, 28),
    ciphertext.subarray(28, 44),
  ];
  const decipher = createDecipheriv("aes-256-gcm", wrappingKey(key, salt), iv);
  decipher.setAAD(aad(new TextDecoder().decode(providerInfo), version, context, order));
  decipher.setAuthTag(ciphertext.subarray(-16));
  const dataKey = Buffer.concat([decipher.update(ciphertext.subarray(44, -16)), decipher.final()]);
  const text = Buffer.from(version).toString("hex");
  return {
    dataKey: new Uint8Array(dataKey),
    version: text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
  };
}

function wrappingKey(branchKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return createHmac("sha256", branchKey)
    .update(join(u32(1), NAME, Uint8Array.of(0), salt, u32(256)))
    .digest();
}

function aad(id: string, version: Uint8Array, context: Record<string, string>, order?: Order): Uint8Array {
  return join(NAME, utf8(id), version, contextBytes(context, order));
}

function uuidBytes(version: string): Uint8Array {
  return hex(version.replaceAll("-", ""));
}
