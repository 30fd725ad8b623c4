import { fromBase64 } from "../bytes/base64.ts";
import type { EncryptionContext } from "../types.ts";
import type { Grant } from "./grant.ts";
import { GRANT_OPERATIONS } from "./grant-operations.ts";
import { KEY_SPECS, type KmsKey, type MultiRegionGroup, usagesOf } from "./key.ts";
import { formatArn, isKeyId, isMultiRegionId } from "./key-id.ts";
import type { Alias } from "./key-store.ts";
import { createMaterial, type Material } from "./material.ts";
import { FORMAT, VERSION } from "./snapshot.ts";

export interface Snapshot {
  readonly keys: readonly KmsKey[];
  readonly aliases: readonly Alias[];
}

/** Why a text is no snapshot that can be read. Never quotes it. */
export class SnapshotError extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Throws a `SnapshotError`. */
export function readSnapshot(text: string): Snapshot {
  const content = parse(text);
  const { version } = content;
  if (typeof version === "number" && version > VERSION) {
    throw new SnapshotError(
      `it is of version ${version}, and this keyfold reads version ${VERSION}`,
      "Use the newer keyfold that wrote it, or name another file.",
    );
  }
  if (version !== VERSION) throw damaged("version");
  const keys = list(content.keys, "keys").flatMap(readKey);
  const byArn = new Map(keys.map((key) => [key.arn, key]));
  if (byArn.size !== keys.length) throw damaged("keys");
  return { keys, aliases: list(content.aliases, "aliases").map((alias) => readAlias(alias, byArn)) };
}

type Fields = { readonly [member in Member]?: unknown };

type Member =
  | "format"
  | "version"
  | "keys"
  | "aliases"
  // Of a key.
  | "id"
  | "accountId"
  | "spec"
  | "usage"
  | "material"
  | "bytes"
  | "rotations"
  | "primaryRegion"
  | "regions"
  // Of a key in a Region.
  | "region"
  | "description"
  | "createdAt"
  | "enabled"
  | "deletion"
  | "windowDays"
  | "dueAt"
  | "principals"
  | "grants"
  // Of a grant.
  | "name"
  | "grantee"
  | "retiring"
  | "operations"
  | "constraints"
  | "subset"
  | "equals"
  | "issuingAccount"
  | "knownAt"
  | "tokens"
  // Of an alias.
  | "key"
  | "updatedAt";

function parse(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A file that was cut short still begins as one of ours.
    if (text.includes(FORMAT)) throw damaged("format");
  }
  if (isFields(value) && value.format === FORMAT) return value;
  throw new SnapshotError(
    "it is not a file of a local KMS",
    "Name another file, or remove this one if nobody needs it: it is left as it is.",
  );
}

function readKey(value: unknown): KmsKey[] {
  const of = fields(value, "keys");
  const id = text(of.id, "id");
  const spec = oneOf(KEY_SPECS, of.spec, "spec");
  const usage = oneOf(usagesOf(spec), of.usage, "usage");
  const primaryRegion = orNull(of.primaryRegion, "primaryRegion", text);
  const regions = list(of.regions, "regions");
  if (!isKeyId(id) || isMultiRegionId(id) !== (primaryRegion !== undefined)) throw damaged("id");
  if (regions.length === 0 || (regions.length > 1 && primaryRegion === undefined)) throw damaged("regions");
  const material = orNull(of.material, "material", readMaterial);
  if ((material === undefined) === (spec === "SYMMETRIC_DEFAULT")) throw damaged("material");
  const group: MultiRegionGroup | undefined =
    primaryRegion === undefined ? undefined : { primaryRegion, members: new Map() };
  const accountId = text(of.accountId, "accountId");
  return regions.map((entry) => {
    const there = fields(entry, "regions");
    const region = text(there.region, "region");
    const grants = list(there.grants, "grants").map(readGrant);
    return {
      id,
      arn: formatArn(region, accountId, `key/${id}`),
      region,
      accountId,
      spec,
      usage,
      description: text(there.description, "description"),
      createdAt: date(there.createdAt, "createdAt"),
      material,
      group,
      principals: orNull(there.principals, "principals", texts),
      grants: new Map(grants.map((grant) => [grant.id, grant])),
      enabled: flag(there.enabled, "enabled"),
      deletion: orNull(there.deletion, "deletion", readDeletion),
    };
  });
}

function readMaterial(value: unknown): Material {
  const of = fields(value, "material");
  const bytes = fromBase64(text(of.bytes, "material"));
  const rotations = number(of.rotations, "rotations");
  const whole = Number.isInteger(rotations) && rotations >= 0 && rotations <= 0xffff_ffff;
  if (bytes?.length !== 32 || !whole) throw damaged("material");
  const material = createMaterial(bytes, rotations);
  // The id is public: KMS's own DescribeKey shows it.
  if (material.backingKey(0).id !== of.id) throw damaged("material");
  return material;
}

function readDeletion(value: unknown): NonNullable<KmsKey["deletion"]> {
  const of = fields(value, "deletion");
  return { windowDays: number(of.windowDays, "windowDays"), dueAt: orNull(of.dueAt, "dueAt", number) };
}

function readGrant(value: unknown): Grant {
  const of = fields(value, "grants");
  const constraints = fields(of.constraints, "constraints");
  const subset = orNull(constraints.subset, "constraints", context);
  const equals = orNull(constraints.equals, "constraints", context);
  return {
    id: text(of.id, "id"),
    name: orNull(of.name, "name", text),
    grantee: text(of.grantee, "grantee"),
    retiring: orNull(of.retiring, "retiring", text),
    operations: texts(of.operations, "operations").map((name) => oneOf(GRANT_OPERATIONS, name, "operations")),
    constraints: {
      ...(subset === undefined ? {} : { EncryptionContextSubset: subset }),
      ...(equals === undefined ? {} : { EncryptionContextEquals: equals }),
    },
    issuingAccount: text(of.issuingAccount, "issuingAccount"),
    createdAt: date(of.createdAt, "createdAt"),
    // What JSON makes of a delay without end.
    knownAt: orNull(of.knownAt, "knownAt", number) ?? Number.POSITIVE_INFINITY,
    tokens: new Set(texts(of.tokens, "tokens")),
  };
}

function readAlias(value: unknown, keys: ReadonlyMap<string, KmsKey>): Alias {
  const of = fields(value, "aliases");
  const name = text(of.name, "name");
  const target = keys.get(text(of.key, "key"));
  if (target === undefined || !name.startsWith("alias/")) throw damaged("aliases");
  const { region, accountId } = target;
  const [createdAt, updatedAt] = [date(of.createdAt, "createdAt"), date(of.updatedAt, "updatedAt")];
  return { name, arn: formatArn(region, accountId, name), region, accountId, target, createdAt, updatedAt };
}

type Read<T> = (value: unknown, name: Member) => T;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const fields: Read<Fields> = (value, name) => must(isFields(value), value, name);
const list: Read<readonly unknown[]> = (value, name) => must(Array.isArray(value), value, name);
const text: Read<string> = (value, name) => must(typeof value === "string", value, name);
const number: Read<number> = (value, name) => must(Number.isFinite(value), value, name);
const flag: Read<boolean> = (value, name) => must(typeof value === "boolean", value, name);
const texts: Read<readonly string[]> = (value, name) => list(value, name).map((each) => text(each, name));

const context: Read<EncryptionContext> = (value, name) =>
  Object.fromEntries(Object.entries(fields(value, name)).map(([key, each]) => [key, text(each, name)]));

function date(value: unknown, name: Member): Date {
  const at = new Date(text(value, name));
  return must(!Number.isNaN(at.getTime()), at, name);
}

function oneOf<T extends string>(values: readonly T[], value: unknown, name: Member): T {
  return must(values.includes(value as T), value, name);
}

const orNull = <T>(value: unknown, name: Member, read: Read<T>): T | undefined =>
  value === null ? undefined : read(value, name);

function must<T>(is: boolean, value: unknown, name: Member): T {
  if (!is) throw damaged(name);
  return value as T;
}

function damaged(where: Member): SnapshotError {
  return new SnapshotError(
    `it is damaged (${where})`,
    "Bring back an earlier copy, or remove the file and begin with new keys: it is left as it is.",
  );
}
