import { backend } from "#crypto";
import { utf8 } from "../bytes/utf8.ts";
import { serializeEdks } from "../message/edks.ts";
import type { EncryptionContext } from "../types.ts";
import type { DecryptionMaterialsRequest, EncryptionMaterialsRequest } from "./manager.ts";

/** Longer ids are hashed, so that the cache's memory is bounded. */
const MAX_LENGTH = 256;

/** What a data key for sealing depends on. */
export function encryptId(partition: string, request: EncryptionMaterialsRequest): string {
  return bounded(facts(partition, request, request.encryptionContext));
}

/** What an opened data key depends on. `expected`: the pairs of the caller's expectation that may matter. */
export function decryptId(
  partition: string,
  request: DecryptionMaterialsRequest,
  expected: EncryptionContext,
): string {
  const edks = backend.fingerprint(serializeEdks(request.encryptedDataKeys));
  const rest = facts(partition, request, request.encryptionContext) + pairs(expected) + labels(request);
  return edks + bounded(rest);
}

/** Of S3 objects: not authenticated, but a keyring may look at them. */
function labels({ encryptedDataKeys }: DecryptionMaterialsRequest): string {
  let joined = "";
  for (const [i, { label }] of encryptedDataKeys.entries()) {
    if (label !== undefined) joined += `${i};${pairs(label)}`;
  }
  return joined;
}

function facts(
  partition: string,
  { suite, commitmentPolicy, requiredKeys = [] }: EncryptionMaterialsRequest | DecryptionMaterialsRequest,
  context: EncryptionContext,
): string {
  const fixed = `${suite.format} ${suite.id} ${commitmentPolicy} `;
  return fixed + text(partition) + texts(requiredKeys) + pairs(context);
}

function pairs(context: EncryptionContext): string {
  const keys = Object.keys(context);
  if (keys.length > 1) keys.sort();
  let joined = `${keys.length};`;
  for (const key of keys) joined += text(key) + text(context[key]!);
  return joined;
}

function texts(list: readonly string[]): string {
  return `${list.length};${list.map(text).join("")}`;
}

/** Behind its length, so that no two lists of texts read the same. */
function text(value: string): string {
  return `${value.length}:${value}`;
}

function bounded(id: string): string {
  return id.length <= MAX_LENGTH ? id : backend.fingerprint(utf8(id));
}
