import { backend } from "#crypto";
import { concat, copy, EMPTY } from "../bytes/arrays.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { DerivedKey } from "../crypto/backend.ts";
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
  const { kdf, keyLength, commitmentLength } = suite;
  if (kdf === null) return { contentKey: copy(dataKey), commitment: EMPTY };
  const [contentKey, commitment = EMPTY] =
    commitmentLength > 0
      ? backend.hkdf(kdf, messageId, dataKey, committingKeysOf(suite))
      : backend.hkdf(kdf, EMPTY, dataKey, [{ info: concat(idOf(suite), messageId), length: keyLength }]);
  return { contentKey: contentKey!, commitment };
}

/** The content key for reading, if the data key is the one that the writer committed to. The caller wipes the key. */
export function openContentKey(
  suite: AlgorithmSuite,
  dataKey: Uint8Array,
  messageId: Uint8Array,
  commitment: Uint8Array,
): Uint8Array {
  const derived = deriveKeys(suite, dataKey, messageId);
  if (backend.equal(derived.commitment, commitment)) return derived.contentKey;
  derived.contentKey.fill(0);
  throw new AuthenticationError();
}

const committingKeys = new Map<AlgorithmSuite, readonly DerivedKey[]>();

/** Content key and commitment. Objects bind the suite's id into the commitment as well; messages do not. */
function committingKeysOf(suite: AlgorithmSuite): readonly DerivedKey[] {
  let keys = committingKeys.get(suite);
  if (keys === undefined) {
    const commit = suite.format === "object" ? concat(idOf(suite), COMMIT_LABEL) : COMMIT_LABEL;
    keys = [
      { info: concat(idOf(suite), DERIVE_LABEL), length: suite.keyLength },
      { info: commit, length: suite.commitmentLength },
    ];
    committingKeys.set(suite, keys);
  }
  return keys;
}

/** The id that stands in the key schedule: objects are read in ranges under the id of the whole object's suite. */
function idOf(suite: AlgorithmSuite): Uint8Array {
  return Uint8Array.of(suite.id >> 8, suite.cipher === "ctr" ? suite.id - 1 : suite.id & 0xff);
}
