import { objectCiphers } from "#crypto";
import type { Secret } from "../cache/secret.ts";
import { S3ObjectError } from "../errors.ts";
import type { LegacyUnwrapping } from "../keyrings/keyring.ts";
import type { ContentKey } from "../object/content.ts";
import type { ObjectEnvelope } from "../object/envelope.ts";
import { isLegacyWrap } from "../object/wraps.ts";
import { openContentKey } from "../suites/derive.ts";
import { assertMayDecrypt } from "../suites/policy.ts";
import type { EncryptionContext } from "../types.ts";
import { assertSameSuite } from "./begin-object.ts";
import { assertNoPairs, assertStoredContext, callerPairs } from "./object-context.ts";
import type { ObjectConfig } from "./object-options.ts";

/** What opening one object needs; the context has been checked. */
export interface UnlockRequest {
  readonly encryptionContext: EncryptionContext;
  readonly signal: AbortSignal | undefined;
}

/** An object whose data key has been opened, and is the one that its writer committed to. */
export interface UnlockedObject {
  readonly content: ContentKey;
  /** The pairs that are bound to the object. */
  readonly encryptionContext: EncryptionContext;
  /** Wipes the content key. */
  close(): void;
}

/**
 * Checks what an envelope says against policy, options and expected context; then obtains its data key, and checks that
 * it is the one the writer committed to. The caller closes it.
 */
export async function unlockObject(
  config: ObjectConfig,
  envelope: ObjectEnvelope,
  request: UnlockRequest,
): Promise<UnlockedObject> {
  const { suite, iv, messageId, commitment, edk } = envelope;
  const dataKey = await unlockDataKey(config, envelope, request);
  try {
    const key = openContentKey(suite, dataKey.bytes, messageId, commitment);
    const bound = edk.label === undefined ? envelope.encryptionContext : request.encryptionContext;
    return {
      content: { suite, key, iv },
      encryptionContext: callerPairs(bound),
      close: () => void key.fill(0),
    };
  } finally {
    dataKey.release();
  }
}

/** The data key of an envelope that may be opened. The caller releases it. */
export async function unlockDataKey(
  config: ObjectConfig,
  envelope: ObjectEnvelope,
  { encryptionContext: expectedContext, signal }: UnlockRequest,
): Promise<Secret> {
  const { manager, commitmentPolicy, legacy } = config;
  const { suite, edk } = envelope;
  assertMayDecrypt(commitmentPolicy, suite);
  assertLegacy(config, envelope);
  const isKms = edk.label === undefined;
  if (isKms) assertStoredContext(envelope, expectedContext);
  else if (!manager.bindsObjectContext) assertNoPairs(expectedContext);
  const materials = await manager.decryptionMaterials({
    suite,
    commitmentPolicy,
    encryptedDataKeys: [edk],
    // Raw wraps store no pairs; a keyring that binds them has them from the caller.
    encryptionContext: isKms ? envelope.encryptionContext : expectedContext,
    expectedContext,
    legacy: unwrapping(legacy),
    signal,
  });
  try {
    assertSameSuite(materials.suite, suite);
    return materials.dataKey;
  } catch (error) {
    materials.dataKey.release();
    throw error;
  }
}

/** What keyrings are given for older wraps. */
function unwrapping({
  wrappingAlgorithms,
  rewrappedCbc,
}: ObjectConfig["legacy"]): LegacyUnwrapping | undefined {
  if (!wrappingAlgorithms && !rewrappedCbc) return undefined;
  const { unwrapAes, decryptEcb, decryptLegacyOaep } = objectCiphers;
  return { unwrapAes, decryptEcb, decryptLegacyOaep, rewrappedCbc };
}

function assertLegacy({ legacy }: ObjectConfig, { wrap, suite }: ObjectEnvelope): void {
  if (isLegacyWrap(wrap) && !legacy.wrappingAlgorithms) {
    throw new S3ObjectError(
      "ERR_S3_LEGACY",
      `The object's data key is wrapped as older writers did (${wrap}). To read it set legacy.wrappingAlgorithms, until all such objects are written anew.`,
    );
  }
  if (suite.cipher === "cbc" && !legacy.unauthenticatedModes) {
    throw new S3ObjectError(
      "ERR_S3_LEGACY",
      "The object's content is under AES-CBC, which nothing authenticates: whoever can write the object can change what it says. To read it all the same set legacy.unauthenticatedModes.",
    );
  }
}
