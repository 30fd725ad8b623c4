import { isMisuse } from "../arguments.ts";
import { andThen, attempt, firstAnswer, lastly } from "../awaitable.ts";
import { fromUtf8 } from "../bytes/utf8.ts";
import type { Secret } from "../cache/secret.ts";
import { KeyringError } from "../errors.ts";
import type { Keyring, KeyringRequest, UnwrapRequest } from "../keyrings/keyring.ts";
import type { Awaitable, EncryptedDataKey } from "../types.ts";
import {
  ciphertextLength,
  HIERARCHY_PROVIDER,
  unwrapDataKey,
  versionOf,
  wrapDataKey,
} from "./branch-key-edk.ts";
import { branchKeySource } from "./branch-key-source.ts";
import {
  type HierarchicalKeyringOptions,
  hierarchicalKeyringConfig,
} from "./hierarchical-keyring-options.ts";
import { type HierarchyCacheStats, VersionedKeys } from "./versioned-keys.ts";

/** A keyring over branch keys. Made by {@link hierarchicalKeyring}. */
export interface HierarchicalKeyring extends Keyring {
  /** Figures of the branch keys in memory. */
  stats(): HierarchyCacheStats;
  /** Forgets all branch keys, or one, and wipes each as soon as no message uses it. */
  clear(branchKeyId?: string): void;
  /** Forgets all branch keys and refuses to serve from now on. */
  dispose(): void;
}

/**
 * Wraps data keys under a branch key, in AWS's own format (framework/aws-kms/aws-kms-hierarchical-keyring), which every
 * official client with a hierarchical keyring reads. The branch key lies wrapped by KMS in a key store; in clear it stays
 * in memory for one period. So one read of the store and one KMS call serve any number of messages, and callers that
 * come at once wait for the same call. Messages of earlier versions stay readable; a new version is noticed within a
 * period. Whoever may no longer use the KMS key goes on for the rest of a period, too.
 *
 * S3 objects have no place for such data keys: they are neither written nor read.
 *
 * @throws `TypeError` for options out of range. At use: `HierarchyError` if the branch key is not there or not as it
 * must be; `StoreError` and `KmsError` with a remedy; `NoDataKeyError` if nothing opens, with these as its `cause`.
 *
 * @example
 * ```ts
 * import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { createEncryptionClient } from "keyfold";
 * import { dynamoDbKeyStore } from "keyfold/dynamodb";
 * import { hierarchicalKeyring } from "keyfold/hierarchy";
 *
 * const keyArn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const kms = { client: new KMSClient({}), keyArn };
 * const keyStore = dynamoDbKeyStore({ client: new DynamoDBClient({}), tableName: "branch-keys", kms });
 * const keyring = hierarchicalKeyring({ keyStore, branchKeyIdFrom: ({ tenant }) => `tenant-${tenant}` });
 * const client = createEncryptionClient({ keyring });
 * ```
 */
export function hierarchicalKeyring(options: HierarchicalKeyringOptions): HierarchicalKeyring {
  const { name, keyStore, cache, placeOf } = hierarchicalKeyringConfig(options);
  const keys = new VersionedKeys("The hierarchical keyring", "branch key", cache, branchKeySource(keyStore));

  const open = (edk: EncryptedDataKey, request: UnwrapRequest): Awaitable<Uint8Array | null> => {
    const { encryptionContext, keyLength, signal } = request;
    const note = (status: "skipped" | "failed", reason: string, cause?: unknown): null => {
      request.note(edk, status, reason, cause);
      return null;
    };
    const failed = (error: unknown): null => {
      signal?.throwIfAborted();
      return note("failed", error instanceof Error ? error.message : String(error), error);
    };
    if (!isHierarchical(edk, request)) return note("skipped", "not wrapped under a branch key");
    let place: ReturnType<typeof placeOf>;
    try {
      place = placeOf(encryptionContext);
    } catch (error) {
      // A message that names no tenant is none of ours, and no misuse: another keyring may open it.
      return failed(error);
    }
    const { id } = place;
    const named = fromUtf8(edk.providerInfo);
    if (named !== id) return note("skipped", `wrapped under branch key ${quoted(named)}, not ${quoted(id)}`);
    const needed = ciphertextLength(keyLength);
    const { length } = edk.ciphertext;
    if (length !== needed) return note("failed", `it has ${length} bytes; ${needed} are needed`);

    const version = versionOf(edk);
    const binding = { branchKeyId: id, version, encryptionContext };
    const key = attempt(
      () => keys.forReading({ ...place, signal }, version),
      (error) => {
        if (isMisuse(error)) throw error;
        return failed(error);
      },
    );
    return andThen(key, (key) => {
      if (key === null) return null;
      const opened = using(key.secret, (branchKey) => unwrapDataKey(branchKey, edk, binding));
      return andThen(
        opened,
        (dataKey) => dataKey ?? note("failed", "does not open: another context, or altered bytes"),
      );
    });
  };

  return {
    name,

    wrap(dataKey, { purpose, encryptionContext, signal }) {
      if (purpose.kind === "object") {
        throw new KeyringError(name, "S3 objects have no place for data keys under a branch key.");
      }
      const place = placeOf(encryptionContext);
      return andThen(keys.forWriting({ ...place, signal }), ({ version, key }) => {
        const binding = { branchKeyId: place.id, version, encryptionContext };
        const edk = using(key.secret, (branchKey) => wrapDataKey(branchKey, dataKey, binding));
        return andThen(edk, (edk) => [edk]);
      });
    },

    unwrap: (edks, request) =>
      firstAnswer(edks, (edk) =>
        andThen(open(edk, request), (dataKey) => (dataKey === null ? null : { dataKey, opened: edk })),
      ),

    isCurrent(edks, request) {
      const [edk] = edks;
      if (edk === undefined || edks.length > 1 || !isHierarchical(edk, request)) return false;
      const place = placeOf(request.encryptionContext);
      if (fromUtf8(edk.providerInfo) !== place.id) return false;
      return andThen(
        keys.head({ ...place, signal: request.signal }),
        ({ version }) => versionOf(edk) === version,
      );
    },

    stats: () => keys.stats,
    clear: (branchKeyId) => keys.clear(branchKeyId),
    dispose: () => keys.dispose(),
  };
}

/** Whether a hierarchical keyring made this. */
function isHierarchical({ providerId }: EncryptedDataKey, { purpose }: KeyringRequest): boolean {
  return providerId === HIERARCHY_PROVIDER && purpose.kind !== "object";
}

/** Uses a key that is held, and lets go of it. */
function using<T>(secret: Secret, use: (key: Uint8Array) => Awaitable<T>): Awaitable<T> {
  return lastly(
    () => use(secret.bytes),
    () => secret.release(),
  );
}

function quoted(id: string | null): string {
  return id === null ? "of another kind" : JSON.stringify(id);
}
