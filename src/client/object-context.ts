import { EncryptionContextError } from "../errors.ts";
import { assertExpectedContext } from "../message/context.ts";
import type { ObjectEnvelope } from "../object/envelope.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { EncryptionContext } from "../types.ts";

/** The reserved pair that binds the content algorithm to a data key under `kms+context`. */
const CONTENT_ALGORITHM = "aws:x-amz-cek-alg";
/** Legacy writers kept the KMS key id among the pairs. */
const LEGACY_KEY_ID = "kms_cmk_id";

/** The caller's pairs, with the reserved one that KMS wrapping adds. */
export function boundContext(
  context: EncryptionContext,
  suite: AlgorithmSuite,
  byKms: boolean,
): EncryptionContext {
  for (const key of [CONTENT_ALGORITHM, LEGACY_KEY_ID]) {
    if (!Object.hasOwn(context, key)) continue;
    throw new EncryptionContextError(
      `The encryption context's key "${key}" is reserved in S3 objects: choose another one.`,
      key,
    );
  }
  return byKms ? { ...context, [CONTENT_ALGORITHM]: suite.contentAlgorithm! } : context;
}

/** The pairs that the writer gave. */
export function callerPairs(stored: EncryptionContext): EncryptionContext {
  const own = ([key]: [string, string]) => key !== CONTENT_ALGORITHM && key !== LEGACY_KEY_ID;
  return Object.fromEntries(Object.entries(stored).filter(own));
}

/**
 * Compares what an object stores with what the caller expects: exact equality, as the official clients have it, and
 * the reserved pair must name the object's own algorithm (s3-encryption, materials/s3-kms-keyring).
 */
export function assertStoredContext(
  { wrap, suite, encryptionContext: stored }: ObjectEnvelope,
  expected: EncryptionContext,
): void {
  // Whoever can write metadata can name the older wrap; what binds its algorithm was not wrapped so, and is held to it.
  if (wrap === "kms" && !Object.hasOwn(stored, CONTENT_ALGORITHM)) {
    // Older writers bound a map of their own choice: it is compared with what the caller names, if anything.
    if (Object.keys(expected).length > 0) assertSamePairs(callerPairs(stored), expected);
    return;
  }
  if (!Object.hasOwn(stored, CONTENT_ALGORITHM) || stored[CONTENT_ALGORITHM] !== suite.contentAlgorithm) {
    throw new EncryptionContextError(
      `The object's encryption context does not bind its content algorithm (${CONTENT_ALGORITHM}).`,
    );
  }
  assertSamePairs(callerPairs(stored), expected);
}

function assertSamePairs(pairs: EncryptionContext, expected: EncryptionContext): void {
  assertExpectedContext(pairs, expected);
  const surplus = Object.keys(pairs).length - Object.keys(expected).length;
  if (surplus !== 0) {
    throw new EncryptionContextError(
      `The object is bound to ${surplus} pair(s) that were not named. S3 objects must be read with exactly the encryption context that they were written with: inspectObject shows it.`,
    );
  }
}

/** Raw keys authenticate no context in this format: naming pairs would promise what is not held. */
export function assertNoPairs(context: EncryptionContext): void {
  const [key] = Object.keys(context);
  if (key === undefined) return;
  throw new EncryptionContextError(
    "S3 objects under a raw key bind no encryption context; only KMS wrapping does, and a mailbox. Leave it out, or use such a keyring.",
    key,
  );
}
