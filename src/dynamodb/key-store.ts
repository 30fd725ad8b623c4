import { invalidArgument, optionsOf } from "../arguments.ts";
import { parseUuid } from "../bytes/uuid.ts";
import {
  BRANCH_KEY_ID,
  type BranchKeyStore,
  type BranchKeyStoreOptions,
  isBranchKeyId,
} from "../hierarchy/branch-key-store.ts";
import { checkedContext } from "../message/context.ts";
import { assertObserver, type Observer } from "../observer.ts";
import type { EncryptionContext } from "../types.ts";
import { ACTIVE, type BranchKeyItem, customContext, typeOf } from "./branch-key-item.ts";
import { assertDynamoDbClient, type DynamoDbClient } from "./client.ts";
import { findItem, getItem, keyError, newUuid } from "./key-store-items.ts";
import { type KeyStoreKms, kmsConfiguration } from "./key-store-kms.ts";
import { type KeyStoreParts, unwrapItem } from "./key-store-wrapping.ts";
import { makeKey, makeVersion } from "./key-store-writing.ts";

/** Options of {@link dynamoDbKeyStore}. */
export interface DynamoDbKeyStoreOptions {
  /** A `DynamoDBClient`. */
  readonly client: DynamoDbClient;
  /** The table's name. {@link keyStoreTable} has its schema. */
  readonly tableName: string;
  /**
   * The name of the store that is bound to each key. It stays what it was when a table is restored under another name;
   * no two stores may share one. Default: `tableName`.
   */
  readonly logicalName?: string;
  /** Which KMS keys it uses, and how it asks for them. */
  readonly kms: KeyStoreKms;
  /** Hears of every call to DynamoDB and KMS. Default: nobody. */
  readonly observer?: Observer;
}

/**
 * What is known of one version of a branch key. Nothing in it is secret; of what is read, nothing is proven before the key
 * was unwrapped.
 */
export interface BranchKeyFacts {
  /** The branch key's id. */
  readonly branchKeyId: string;
  /** A UUID. */
  readonly version: string;
  /** The KMS key that wraps it. */
  readonly keyArn: string;
  /** ISO 8601, UTC. */
  readonly createTime: string;
  /** The pairs that the key was made with. */
  readonly encryptionContext: EncryptionContext;
}

/** One version of a branch key as it lies in the table. */
export interface DynamoDbBranchKey extends BranchKeyFacts {
  /** The 32 bytes of the key, which the caller owns and wipes: one KMS call. */
  unwrap(options?: BranchKeyStoreOptions): Promise<Uint8Array>;
}

/** What a new branch key is made with. */
export interface NewBranchKeyOptions extends BranchKeyStoreOptions {
  /** Default: a random UUID. A chosen id needs an encryption context. */
  readonly branchKeyId?: string;
  /** Pairs that KMS binds to the key, such as the tenant whose key it is. Not secret. Default: none. */
  readonly encryptionContext?: EncryptionContext;
}

/** AWS's branch key store. Made by {@link dynamoDbKeyStore}. */
export interface DynamoDbKeyStore extends BranchKeyStore {
  /** The version that writes. One GetItem. */
  active(branchKeyId: string, options?: BranchKeyStoreOptions): Promise<DynamoDbBranchKey>;
  /** This version, for reading. One GetItem. */
  version(branchKeyId: string, version: string, options?: BranchKeyStoreOptions): Promise<DynamoDbBranchKey>;
  /**
   * Makes a branch key, with its first version and its beacon key: three KMS calls, one transaction. If there is one of
   * this id it is `ERR_HIERARCHY_EXISTS`.
   */
  createKey(options?: NewBranchKeyOptions): Promise<BranchKeyFacts>;
  /**
   * Makes a new version, which writes from now on, and keeps the others for reading: three KMS calls, one transaction.
   * Of two calls at once one wins; the other is `ERR_HIERARCHY_CONFLICT`, and has written nothing. Keyrings notice the new
   * version within their reuse period.
   */
  versionKey(branchKeyId: string, options?: BranchKeyStoreOptions): Promise<BranchKeyFacts>;
}

const CALLER = "dynamoDbKeyStore";

/**
 * AWS's branch key store in DynamoDB (framework/branch-key-store, hierarchy-version 1): tables of the official clients are
 * read and written as they do it. Branch keys come into being inside KMS, and are in clear only in the memory of who
 * opens messages. KMS binds all of an item to its wrapped key; an item that was altered, copied to another key or moved
 * to another store does not open.
 *
 * Needs dynamodb:GetItem and kms:Decrypt to read; to create and to version also dynamodb:PutItem,
 * kms:GenerateDataKeyWithoutPlaintext and kms:ReEncrypt*.
 *
 * @throws `TypeError` for malformed options. At use: `HierarchyError` if a key is not there or not as it must be;
 * `StoreError` and `KmsError` with a remedy.
 *
 * @example
 * ```ts
 * import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { dynamoDbKeyStore } from "keyfold/dynamodb";
 *
 * const keyArn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const kms = { client: new KMSClient({}), keyArn };
 * const keyStore = dynamoDbKeyStore({ client: new DynamoDBClient({}), tableName: "tenant-keys", kms });
 * const { branchKeyId } = await keyStore.createKey({ encryptionContext: { tenant: "t1" } });
 * await keyStore.versionKey(branchKeyId); // writes from now on; the first version reads
 * ```
 */
export function dynamoDbKeyStore(options: DynamoDbKeyStoreOptions): DynamoDbKeyStore {
  const { client, tableName, logicalName = tableName, observer } = optionsOf(CALLER, options);
  assertDynamoDbClient(CALLER, client);
  assertObserver(CALLER, observer);
  for (const [option, value] of Object.entries({ tableName, logicalName })) {
    if (typeof value === "string" && value !== "" && value.isWellFormed()) continue;
    throw invalidArgument(`${CALLER}: ${option} must be a non-empty string.`);
  }
  const kms = kmsConfiguration(options.kms);
  const name = `DynamoDB key store ${tableName}`;
  const store: KeyStoreParts = { table: { client, tableName, logicalName, name, observer }, kms };

  const read = async (
    branchKeyId: string,
    type: string,
    signal?: AbortSignal,
  ): Promise<DynamoDbBranchKey> => {
    const item = await findItem(store.table, { branchKeyId, type, signal });
    if (item === null) throw unknown(branchKeyId, type, tableName);
    return { ...factsOf(item), unwrap: ({ signal } = {}) => unwrapItem(store, item, signal) };
  };

  const writer = (method: string): string => {
    if (kms.writer !== null) return kms.writer;
    throw invalidArgument(
      `${CALLER}: ${method} needs a key store with kms.keyArn or kms.mrkArn; this one (${kms.choice}) only reads.`,
    );
  };

  return {
    name,

    async active(branchKeyId, { signal } = {}) {
      checkId(branchKeyId);
      return read(branchKeyId, ACTIVE, signal);
    },

    async version(branchKeyId, version, { signal } = {}) {
      checkId(branchKeyId);
      if (typeof version === "string" && parseUuid(version) !== null) {
        return read(branchKeyId, typeOf(version), signal);
      }
      throw invalidArgument(`${CALLER}: version must be a UUID in lower case.`);
    },

    async createKey(options = {}) {
      const { branchKeyId = newUuid(), signal } = optionsOf(`${CALLER}: createKey`, options);
      const keyArn = writer("createKey");
      checkId(branchKeyId);
      const encryptionContext = checkedContext(options.encryptionContext);
      if (options.branchKeyId !== undefined && Object.keys(encryptionContext).length === 0) {
        throw invalidArgument(
          `${CALLER}: createKey with a branchKeyId of your own needs an encryptionContext, such as { tenant }.`,
        );
      }
      const key = { branchKeyId, keyArn, encryptionContext };
      return { ...key, ...(await makeKey(store, key, signal)) };
    },

    async versionKey(branchKeyId, { signal } = {}) {
      writer("versionKey");
      checkId(branchKeyId);
      // As it was last written: what was overtaken could only lose the race.
      const old = await getItem(store.table, { branchKeyId, type: ACTIVE, signal }, true);
      if (old === null) throw unknown(branchKeyId, ACTIVE, tableName);
      return { ...factsOf(old), ...(await makeVersion(store, old, signal)) };
    },
  };
}

function factsOf({ branchKeyId, version, keyArn, createTime, context }: BranchKeyItem): BranchKeyFacts {
  return { branchKeyId, version, keyArn, createTime, encryptionContext: customContext(context) };
}

function checkId(id: unknown): void {
  if (!isBranchKeyId(id)) throw invalidArgument(`${CALLER}: branchKeyId must be ${BRANCH_KEY_ID}.`);
}

function unknown(keyId: string, type: string, tableName: string) {
  return keyError(
    "ERR_HIERARCHY_UNKNOWN",
    keyId,
    `there is no item ${JSON.stringify(type)} of it in table ${tableName}. Check id and table; createKey makes a new key.`,
  );
}
