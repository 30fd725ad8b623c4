import { BRANCH_KEY_LENGTH } from "../hierarchy/branch-key-store.ts";
import { newWrappedKey, rewrappedKey, type WrappingKey } from "../kms/wrapped-key.ts";
import type { EncryptionContext } from "../types.ts";
import {
  activeContext,
  type BranchKeyItem,
  beaconContext,
  itemOf,
  newVersionContext,
  nextVersionContext,
} from "./branch-key-item.ts";
import { keyError, newUuid, putItems } from "./key-store-items.ts";
import { type KeyStoreParts, proveItem, wrappingKey, wrappingKeyOf } from "./key-store-wrapping.ts";

// New keys and versions: KMS makes them, and re-wraps them, and nobody sees them (framework/branch-key-store, "CreateKey"
// and "VersionKey").

/** A key that is to be made. */
export interface KeyToMake {
  readonly branchKeyId: string;
  readonly keyArn: string;
  readonly encryptionContext: EncryptionContext;
}

/** What came to be. */
export interface MadeVersion {
  readonly version: string;
  readonly createTime: string;
}

/** A key with its first version and its beacon key. */
export async function makeKey(
  store: KeyStoreParts,
  made: KeyToMake,
  signal: AbortSignal | undefined,
): Promise<MadeVersion> {
  const { table } = store;
  const { logicalName, tableName } = table;
  const { branchKeyId } = made;
  const now = { version: newUuid(), createTime: timestamp() };
  const context = newVersionContext({ ...made, ...now, logicalName });
  const key = wrappingKey(store, made.keyArn, signal);
  const { version, active } = await newVersion(key, context);
  const forBeacon = beaconContext(context);
  const beacon = itemOf(forBeacon, await newWrappedKey(key, BRANCH_KEY_LENGTH, forBeacon));
  const puts = [version, active, beacon].map((item) => ({ item, inPlaceOf: null }));
  const outcome = await putItems(table, branchKeyId, puts, signal);
  if (outcome === "written") return now;
  if (outcome === "busy") throw overtaken(branchKeyId);
  throw keyError(
    "ERR_HIERARCHY_EXISTS",
    branchKeyId,
    `it exists in ${tableName}. versionKey makes a new version of it; another key needs another id.`,
  );
}

/** The next version of the key of this ACTIVE item. */
export async function makeVersion(
  store: KeyStoreParts,
  old: BranchKeyItem,
  signal: AbortSignal | undefined,
): Promise<MadeVersion> {
  const key = wrappingKeyOf(store, old, signal);
  // The new items take over its pairs.
  await proveItem(store, old, signal);
  const now = { version: newUuid(), createTime: timestamp() };
  const items = await newVersion(key, nextVersionContext(old.context, now.version, now.createTime));
  const puts = [
    { item: items.version, inPlaceOf: null },
    { item: items.active, inPlaceOf: old.enc },
  ];
  const outcome = await putItems(store.table, old.branchKeyId, puts, signal);
  if (outcome === "written") return now;
  throw overtaken(old.branchKeyId);
}

/** One key under two contexts: that of the version, and that of ACTIVE. */
async function newVersion(key: WrappingKey, context: EncryptionContext) {
  const enc = await newWrappedKey(key, BRANCH_KEY_LENGTH, context);
  const active = activeContext(context);
  const activeEnc = await rewrappedKey(key, enc, context, active);
  return { version: itemOf(context, enc), active: itemOf(active, activeEnc) };
}

function overtaken(keyId: string) {
  return keyError(
    "ERR_HIERARCHY_CONFLICT",
    keyId,
    "another writer changed it at the same time, and nothing was written. Look at what it has become before you call again.",
  );
}

/** ISO 8601 with microseconds, as the other clients write it. */
function timestamp(): string {
  return new Date().toISOString().replace("Z", "000Z");
}
