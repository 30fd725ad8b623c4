import { backend } from "#crypto";
import { concat, copy, EMPTY } from "../bytes/arrays.ts";
import { utf8 } from "../bytes/utf8.ts";
import { hkdfExpand, hkdfExtract } from "../crypto/hkdf.ts";
import { AuthenticationError } from "../errors.ts";
import type { AlgorithmSuite } from "./table.ts";

const DERIVE_LABEL = utf8("DERIVEKEY");
const COMMIT_LABEL = utf8("COMMITKEY");

/**
 * The key schedule of one message or object (AWS Encryption SDK, framework/transitive-requirements; S3 Encryption
 * Client, key-derivation). The caller wipes `contentKey`, which is a copy also where the suite derives nothing.
 */
export function deriveKeys(
  suite: AlgorithmSuite,
  dataKey: Uint8Array,
  messageId: Uint8Array,
): { contentKey: Uint8Array; commitment: Uint8Array } {
  const secret = extract(suite, dataKey, messageId);
  try {
    return { commitment: commit(suite, secret), contentKey: expand(suite, secret, messageId) };
  } finally {
    secret.fill(0);
  }
}

/** The content key for reading. The commitment is compared before anything else is derived. The caller wipes the key. */
export function openContentKey(
  suite: AlgorithmSuite,
  dataKey: Uint8Array,
  messageId: Uint8Array,
  commitment: Uint8Array,
): Uint8Array {
  const secret = extract(suite, dataKey, messageId);
  try {
    if (!backend.equal(commit(suite, secret), commitment)) throw new AuthenticationError();
    return expand(suite, secret, messageId);
  } finally {
    secret.fill(0);
  }
}

function extract(suite: AlgorithmSuite, dataKey: Uint8Array, messageId: Uint8Array): Uint8Array {
  if (suite.kdf === null) return copy(dataKey);
  return hkdfExtract(backend, suite.kdf, suite.commitmentLength > 0 ? messageId : EMPTY, dataKey);
}

function commit(suite: AlgorithmSuite, secret: Uint8Array): Uint8Array {
  if (suite.kdf === null || suite.commitmentLength === 0) return EMPTY;
  return hkdfExpand(backend, suite.kdf, secret, infosOf(suite).commit, suite.commitmentLength);
}

function expand(suite: AlgorithmSuite, secret: Uint8Array, messageId: Uint8Array): Uint8Array {
  if (suite.kdf === null) return copy(secret);
  const info = suite.commitmentLength > 0 ? infosOf(suite).derive : concat(idOf(suite), messageId);
  return hkdfExpand(backend, suite.kdf, secret, info, suite.keyLength);
}

interface Infos {
  readonly derive: Uint8Array;
  readonly commit: Uint8Array;
}
const infos = new Map<AlgorithmSuite, Infos>();

/** What a committing suite expands with. Objects bind the suite's id into the commitment as well; messages do not. */
function infosOf(suite: AlgorithmSuite): Infos {
  let found = infos.get(suite);
  if (found === undefined) {
    const commit = suite.format === "object" ? concat(idOf(suite), COMMIT_LABEL) : COMMIT_LABEL;
    found = { derive: concat(idOf(suite), DERIVE_LABEL), commit };
    infos.set(suite, found);
  }
  return found;
}

/** The id that stands in the key schedule: objects are read in ranges under the id of the whole object's suite. */
function idOf(suite: AlgorithmSuite): Uint8Array {
  return Uint8Array.of(suite.id >> 8, suite.cipher === "ctr" ? suite.id - 1 : suite.id & 0xff);
}
