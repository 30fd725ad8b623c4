import { backend, objectCiphers } from "#crypto";
import { EMPTY } from "../bytes/arrays.ts";
import { AuthenticationError, LimitError, TruncatedError } from "../errors.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import { withoutPadding } from "./padding.ts";

export const TAG_LENGTH = 16;
export const BLOCK = 16;
/** The most plaintext that AES-GCM may seal under one IV. */
const MAX_PLAINTEXT = 2 ** 36 - 32;

/** What it takes to seal or open the content of one object. Whoever made `key` wipes it. */
export interface ContentKey {
  readonly suite: AlgorithmSuite;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** Seals the body of an object: ciphertext, then the tag (s3-encryption/encryption). */
export async function sealContent(content: ContentKey, plaintext: Uint8Array): Promise<Uint8Array> {
  assertPlaintextLength(plaintext.length);
  const body = new Uint8Array(plaintext.length + TAG_LENGTH);
  await backend.aesGcm(content.key).seal(content.iv, plaintext, aadOf(content), body, 0);
  return body;
}

/** Opens the body of an object, whole. */
export async function openContent(content: ContentKey, body: Uint8Array): Promise<Uint8Array> {
  if (content.suite.cipher === "cbc") return openCbc(content, body);
  if (body.length < TAG_LENGTH) throw new TruncatedError("the object's body");
  const plaintext = await backend.aesGcm(content.key).open(content.iv, body, aadOf(content));
  if (plaintext === null) throw new AuthenticationError();
  return plaintext;
}

/** Additional data of the content: the suite's id in V3, none in V2. Ranges are read under the whole object's id. */
export function aadOf({ suite }: ContentKey): Uint8Array {
  return suite.commitmentLength === 0 ? EMPTY : Uint8Array.of(suite.id >> 8, suite.id & 0xff);
}

/** Checked before anything is sealed. */
export function assertPlaintextLength(length: number): void {
  if (length <= MAX_PLAINTEXT) return;
  throw new LimitError("MAX_PLAINTEXT", length, MAX_PLAINTEXT, "Bytes of one object");
}

/** Bytes of plaintext in a body of this many bytes; undefined: only its padding tells (CBC). */
export function plaintextLengthOf(suite: AlgorithmSuite, bodyLength: number): number | undefined {
  return suite.cipher === "cbc" ? undefined : Math.max(0, bodyLength - TAG_LENGTH);
}

/** Nothing authenticates CBC: whatever is wrong with it looks alike, so that nobody learns about its padding. */
async function openCbc({ key, iv }: ContentKey, body: Uint8Array): Promise<Uint8Array> {
  if (body.length === 0 || body.length % BLOCK !== 0) throw new AuthenticationError();
  const padded = await objectCiphers.cbcDecryptor(key, iv).update(body);
  const plaintext = withoutPadding(padded);
  if (plaintext !== null) return plaintext;
  padded.fill(0);
  throw new AuthenticationError();
}
