import { parseUuid } from "../bytes/uuid.ts";
import { HierarchyError } from "../errors.ts";
import { parseKmsArn } from "../kms/arn.ts";
import type { EncryptionContext } from "../types.ts";

// AWS's layout of a branch key in DynamoDB (framework/branch-key-store, "Record Format"), hierarchy-version 1. A key has
// an item for each version, `branch:version:<uuid>`; a copy of the one that writes, `branch:ACTIVE`; and
// `beacon:ACTIVE`, from which encrypted searches derive their keys.

export const ID = "branch-key-id";
export const TYPE = "type";
export const ENC = "enc";
const KEY_ARN = "kms-arn";
const CREATED = "create-time";
const HIERARCHY_VERSION = "hierarchy-version";
const ACTIVE_VERSION = "version";
/** Bound to every item as the logical name of its store, and stored in none. */
const TABLE = "tablename";
const CONTEXT_PREFIX = "aws-crypto-ec:";

export const ACTIVE = "branch:ACTIVE";
const BEACON = "beacon:ACTIVE";
const VERSION_PREFIX = "branch:version:";

/** The type of the item that holds this version. */
export function typeOf(version: string): string {
  return VERSION_PREFIX + version;
}

/** An attribute's value, as DynamoDB's API has it. */
export type Attribute = { readonly S: string } | { readonly N: string } | { readonly B: Uint8Array };
export type Item = Readonly<Record<string, Attribute>>;

/** An item, checked. */
export interface BranchKeyItem {
  readonly branchKeyId: string;
  /** A UUID: of an ACTIVE item, that of the version it is a copy of. */
  readonly version: string;
  readonly keyArn: string;
  readonly createTime: string;
  /** The wrapped key. */
  readonly enc: Uint8Array;
  /** What KMS binds to the wrapping: every attribute but `enc` as text, and the store's logical name. */
  readonly context: EncryptionContext;
}

/** The pairs that whoever made the key chose. */
export function customContext(context: EncryptionContext): EncryptionContext {
  return Object.fromEntries(
    Object.entries(context)
      .filter(([name]) => name.startsWith(CONTEXT_PREFIX))
      .map(([name, value]) => [name.slice(CONTEXT_PREFIX.length), value]),
  );
}

/** What a new key is made of. */
export interface NewBranchKey {
  readonly branchKeyId: string;
  readonly version: string;
  readonly keyArn: string;
  readonly logicalName: string;
  readonly createTime: string;
  readonly encryptionContext: EncryptionContext;
}

/** The context of a new key's version. */
export function newVersionContext(key: NewBranchKey): EncryptionContext {
  const custom = Object.entries(key.encryptionContext).map(([name, value]) => [CONTEXT_PREFIX + name, value]);
  return {
    ...Object.fromEntries(custom),
    [ID]: key.branchKeyId,
    [TYPE]: typeOf(key.version),
    [CREATED]: key.createTime,
    [TABLE]: key.logicalName,
    [KEY_ARN]: key.keyArn,
    [HIERARCHY_VERSION]: "1",
  };
}

/** The context of the next version, from that of the ACTIVE item. */
export function nextVersionContext(
  active: EncryptionContext,
  version: string,
  createTime: string,
): EncryptionContext {
  const { [ACTIVE_VERSION]: _, ...rest } = active;
  return { ...rest, [TYPE]: typeOf(version), [CREATED]: createTime };
}

/** The context of the ACTIVE item of a version. */
export function activeContext(version: EncryptionContext): EncryptionContext {
  return { ...version, [TYPE]: ACTIVE, [ACTIVE_VERSION]: version[TYPE]! };
}

/** The context of the beacon key that is made with a version. */
export function beaconContext(version: EncryptionContext): EncryptionContext {
  return { ...version, [TYPE]: BEACON };
}

/** The item of a wrapped key. */
export function itemOf(context: EncryptionContext, enc: Uint8Array): Item {
  const { [TABLE]: _, ...attributes } = context;
  const item: Record<string, Attribute> = { [ENC]: { B: enc } };
  for (const [name, value] of Object.entries(attributes)) {
    item[name] = name === HIERARCHY_VERSION ? { N: value } : { S: value };
  }
  return item;
}

/** Takes an item apart. Whether it says the truth, KMS knows: everything in it is bound to the wrapping. */
export function readItem(
  item: Readonly<Record<string, unknown>>,
  {
    branchKeyId,
    type,
    logicalName,
  }: { readonly branchKeyId: string; readonly type: string; readonly logicalName: string },
): BranchKeyItem {
  const bad = (what: string) =>
    new HierarchyError(
      "ERR_HIERARCHY_RECORD",
      { level: "branch key", keyId: branchKeyId },
      `its item ${JSON.stringify(type)} ${what}.`,
    );
  const text = (name: string, kind: "S" | "N" = "S"): string => {
    const value = item[name] as Partial<Record<string, unknown>> | undefined;
    if (value === undefined) throw bad(`has no attribute ${JSON.stringify(name)}`);
    if (typeof value?.[kind] === "string") return value[kind];
    throw bad(`has an attribute ${JSON.stringify(name)} that is no ${kind === "S" ? "string" : "number"}`);
  };

  // Version 2 would bind another context, and hold a digest in front of the key: its rows would part ways here.
  const hierarchyVersion = text(HIERARCHY_VERSION, "N");
  if (hierarchyVersion !== "1") {
    throw bad(`is of hierarchy-version ${JSON.stringify(hierarchyVersion)}; keyfold reads version 1 alone`);
  }
  if (text(ID) !== branchKeyId || text(TYPE) !== type) throw bad("is not the one that was asked for");
  if (Object.hasOwn(item, TABLE)) throw bad(`has an attribute ${JSON.stringify(TABLE)}, which none may have`);
  const keyArn = text(KEY_ARN);
  if (parseKmsArn(keyArn)?.type !== "key") {
    throw bad(`names no KMS key ARN in ${JSON.stringify(KEY_ARN)}; an alias may not stand there`);
  }
  const versionType = type === ACTIVE ? text(ACTIVE_VERSION) : type;
  const version = versionType.slice(VERSION_PREFIX.length);
  if (!versionType.startsWith(VERSION_PREFIX) || parseUuid(version) === null) {
    throw bad(`names no version in ${JSON.stringify(ACTIVE_VERSION)}`);
  }
  const enc = (item[ENC] as { readonly B?: unknown } | undefined)?.B;
  if (!(enc instanceof Uint8Array) || enc.length === 0) {
    throw bad(`has no wrapped key in ${JSON.stringify(ENC)}`);
  }
  const createTime = text(CREATED);
  const names = Object.keys(item).filter((name) => name !== ENC && name !== HIERARCHY_VERSION);
  const context = {
    ...Object.fromEntries(names.map((name) => [name, text(name)])),
    [HIERARCHY_VERSION]: hierarchyVersion,
    [TABLE]: logicalName,
  };
  return { branchKeyId, version, keyArn, createTime, enc, context };
}
