import { backend } from "#crypto";
import { invalidArgument } from "../arguments.ts";
import { EMPTY } from "../bytes/arrays.ts";
import { AlgorithmSuiteError } from "../errors.ts";
import { isObjectEdk } from "../keyrings/purpose.ts";
import type { ContentKey } from "../object/content.ts";
import { FIXED_IV, type ObjectEnvelope, type ObjectMetadata } from "../object/envelope.ts";
import { formatV2 } from "../object/v2.ts";
import { formatV3 } from "../object/v3.ts";
import { deriveKeys } from "../suites/derive.ts";
import { assertMayEncrypt } from "../suites/policy.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { EncryptionContext } from "../types.ts";
import { assertNoPairs, boundContext } from "./object-context.ts";
import type { ObjectConfig } from "./object-options.ts";

/** What sealing one object needs; the context has been checked. */
export interface BeginObjectRequest {
  readonly encryptionContext: EncryptionContext;
  /** Bytes, where they are known. */
  readonly plaintextLength: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** An object that is being written: its data key is wrapped, its content is to be sealed under `content`. */
export interface BegunObject {
  readonly suite: AlgorithmSuite;
  readonly metadata: ObjectMetadata;
  readonly content: ContentKey;
  /** Hears of plaintext, where the request did not say how much it would be. */
  readonly countBytes: ((bytes: number) => void) | undefined;
  /** Wipes the content key. */
  close(): void;
}

const IV_LENGTH = 12;

/** Obtains a data key and derives what seals one object. The caller closes it. */
export async function beginObject(config: ObjectConfig, request: BeginObjectRequest): Promise<BegunObject> {
  const { manager, commitmentPolicy, suite } = config;
  assertMayEncrypt(commitmentPolicy, suite);
  const { objectWrap: wrap } = manager;
  if (wrap === undefined) {
    throw invalidArgument(
      'This keyring cannot write S3 objects. They hold one data key: use one KMS key, a raw AES key, a raw RSA key with "oaep-sha1", or a symmetric mailbox.',
    );
  }
  if (suite.kdf === null && manager.reusesDataKeys) {
    throw invalidArgument(
      "Format V2 (policy forbid-encrypt-allow-decrypt) derives no key for each object, so that no data key may be reused: leave the caching manager out, or write V3.",
    );
  }
  const bound = wrap === "kms+context";
  if (!bound && !manager.bindsObjectContext) assertNoPairs(request.encryptionContext);
  const encryptionContext = boundContext(request.encryptionContext, suite, bound);
  const materials = await manager.encryptionMaterials({
    suite,
    commitmentPolicy,
    encryptionContext,
    plaintextLength: request.plaintextLength,
    signal: request.signal,
  });
  const { dataKey, encryptedDataKeys } = materials;
  try {
    assertSameSuite(materials.suite, suite);
    const [edk, ...others] = encryptedDataKeys;
    if (edk === undefined || others.length > 0 || !isObjectEdk(edk, wrap)) {
      throw invalidArgument(`S3 objects: the keyring must make one encrypted data key, wrapped as ${wrap}.`);
    }
    const messageId = backend.randomBytes(suite.messageIdLength);
    const { contentKey: key, commitment } = deriveKeys(suite, dataKey.bytes, messageId);
    const iv = suite.kdf === null ? backend.randomBytes(IV_LENGTH) : FIXED_IV;
    const stored = bound ? encryptionContext : {};
    const envelope: ObjectEnvelope = {
      format: suite.version === 3 ? "V3" : "V2",
      suite,
      iv,
      messageId: suite.version === 3 ? messageId : EMPTY,
      commitment,
      wrap,
      edk,
      encryptionContext: stored,
      declaredLength: undefined,
    };
    return {
      suite,
      metadata: suite.version === 3 ? formatV3(envelope) : formatV2(envelope),
      content: { suite, key, iv },
      countBytes: request.plaintextLength === undefined ? materials.countBytes : undefined,
      close: () => void key.fill(0),
    };
  } finally {
    dataKey.release();
  }
}

/** A manager must answer for what it was asked. */
export function assertSameSuite(answered: AlgorithmSuite, asked: AlgorithmSuite): void {
  if (answered === asked) return;
  throw new AlgorithmSuiteError(answered.id, "The materials manager answered for another suite.");
}
