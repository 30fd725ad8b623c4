import { utf8Length } from "../bytes/utf8.ts";

/** What a call to a branch key store may be given. */
export interface BranchKeyStoreOptions {
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** One version of a branch key, as it is stored: wrapped. */
export interface StoredBranchKey {
  /** A UUID, in lower case. */
  readonly version: string;
  /** The 32 bytes of the key, which the caller owns and wipes. */
  unwrap(options: BranchKeyStoreOptions): Promise<Uint8Array>;
}

/**
 * Where branch keys are kept: `dynamoDbKeyStore` of `keyfold/dynamodb` reads AWS's own tables. Bring your own by writing
 * an object with these methods. Reading and unwrapping are two steps, so that a key that is still in memory need not be
 * unwrapped again when its successor is looked for. What a method throws comes out as the cause of a `StoreError`,
 * keyfold's own errors as they are.
 */
export interface BranchKeyStore {
  /** For errors and events. */
  readonly name: string;
  /** The version that writes. Throws a `HierarchyError`, `ERR_HIERARCHY_UNKNOWN`, if there is no such key. */
  active(branchKeyId: string, options: BranchKeyStoreOptions): Promise<StoredBranchKey>;
  /** This version, for reading. Throws likewise. */
  version(branchKeyId: string, version: string, options: BranchKeyStoreOptions): Promise<StoredBranchKey>;
}

/** Bytes of a branch key, always. */
export const BRANCH_KEY_LENGTH = 32;

/** As many bytes as a partition key of DynamoDB has, at most. */
const MAX_ID = 2048;

/** Whether this can name a branch key. */
export function isBranchKeyId(id: unknown): id is string {
  return typeof id === "string" && id !== "" && id.isWellFormed() && utf8Length(id) <= MAX_ID;
}

/** What {@link isBranchKeyId} asks for, for errors. */
export const BRANCH_KEY_ID = `a non-empty string of at most ${MAX_ID} bytes`;
