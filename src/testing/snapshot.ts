import { toBase64 } from "../bytes/base64.ts";
import type { Grant } from "./grant.ts";
import type { KmsKey } from "./key.ts";
import type { Alias, KeyStore } from "./key-store.ts";

// What of a local KMS outlives it, as text: keys in every state, with aliases, principals and grants. Not the audit log,
// and not the faults. `read-snapshot.ts` reads it.

export const FORMAT = "keyfold local KMS";
export const VERSION = 1;

const WARNING =
  "Throw-away keys for development and tests, in the clear. Whoever reads this file has them: keep it out of " +
  "production and version control, and seal nothing with them that matters.";

export function writeSnapshot(store: KeyStore): string {
  const keys = store.keys();
  // The Regions of a multi-Region key share what it is, and have states of their own.
  const primaries = keys.filter((key) => key.group === undefined || firstOf(key.group.members) === key);
  const snapshot = {
    format: FORMAT,
    version: VERSION,
    warning: WARNING,
    keys: primaries.map(keyRecord),
    aliases: store.aliases().map(aliasRecord),
  };
  return `${JSON.stringify(snapshot, null, 2)}\n`;
}

function firstOf(members: ReadonlyMap<string, KmsKey>): KmsKey | undefined {
  return members.values().next().value;
}

function keyRecord(key: KmsKey): object {
  const { material, group } = key;
  return {
    id: key.id,
    accountId: key.accountId,
    spec: key.spec,
    usage: key.usage,
    material:
      material === undefined
        ? null
        : { bytes: toBase64(material.root), id: material.backingKey(0).id, rotations: material.rotations },
    primaryRegion: group?.primaryRegion ?? null,
    regions: [...(group?.members.values() ?? [key])].map(regionRecord),
  };
}

function regionRecord(key: KmsKey): object {
  const { deletion } = key;
  return {
    region: key.region,
    description: key.description,
    createdAt: key.createdAt,
    enabled: key.enabled,
    deletion:
      deletion === undefined ? null : { windowDays: deletion.windowDays, dueAt: deletion.dueAt ?? null },
    principals: key.principals ?? null,
    grants: [...key.grants.values()].map(grantRecord),
  };
}

function grantRecord({ constraints, ...grant }: Grant): object {
  return {
    ...grant,
    name: grant.name ?? null,
    retiring: grant.retiring ?? null,
    constraints: {
      subset: constraints.EncryptionContextSubset ?? null,
      equals: constraints.EncryptionContextEquals ?? null,
    },
    tokens: [...grant.tokens],
  };
}

function aliasRecord(alias: Alias): object {
  return { name: alias.name, key: alias.target.arn, createdAt: alias.createdAt, updatedAt: alias.updatedAt };
}
