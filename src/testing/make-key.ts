import { backend } from "#crypto";
import type { KeySpec, KeyUsage, KmsKey, MultiRegionGroup } from "./key.ts";
import { formatArn, newMultiRegionId, newUuid } from "./key-id.ts";
import type { KeyStore } from "./key-store.ts";
import { createMaterial } from "./material.ts";

/** What a new key is to be. Checked by the caller. */
export interface NewKey {
  readonly region: string;
  readonly accountId: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly description: string;
  readonly multiRegion: boolean;
  /** Absent: a random one. */
  readonly id?: string | undefined;
  /** Absent: random. 32 bytes, copied. Symmetric keys only. */
  readonly material?: Uint8Array | undefined;
  /** ARNs. Absent: everybody may use it. */
  readonly principals?: readonly string[] | undefined;
}

export function makeKey(store: KeyStore, now: number, of: NewKey): KmsKey {
  const id = of.id ?? (of.multiRegion ? newMultiRegionId() : newUuid());
  const symmetric = of.spec === "SYMMETRIC_DEFAULT";
  const key: KmsKey = {
    id,
    arn: formatArn(of.region, of.accountId, `key/${id}`),
    region: of.region,
    accountId: of.accountId,
    spec: of.spec,
    usage: of.usage,
    description: of.description,
    createdAt: new Date(now),
    material: symmetric ? createMaterial(of.material ?? backend.randomBytes(32)) : undefined,
    group: of.multiRegion ? { primaryRegion: of.region, members: new Map() } : undefined,
    principals: of.principals,
    grants: new Map(),
    enabled: true,
    deletion: undefined,
  };
  store.addKey(key);
  return key;
}

/** The same key in another Region: id and material shared, state and description its own. */
export function replicate(
  store: KeyStore,
  now: number,
  primary: KmsKey,
  group: MultiRegionGroup,
  region: string,
  description: string,
): KmsKey {
  const replica: KmsKey = {
    ...primary,
    arn: formatArn(region, primary.accountId, `key/${primary.id}`),
    region,
    description,
    createdAt: new Date(now),
    group,
    grants: new Map(),
    enabled: true,
    deletion: undefined,
  };
  store.addKey(replica);
  return replica;
}
