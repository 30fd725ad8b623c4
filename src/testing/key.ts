import { KmsFailure } from "./errors.ts";
import type { Grant } from "./grant.ts";
import type { Material } from "./material.ts";

/** What kind of key. Only `"SYMMETRIC_DEFAULT"` works; the others answer with KMS's errors. */
export type KeySpec = (typeof KEY_SPECS)[number];
/** What a key is for. */
export type KeyUsage = (typeof KEY_USAGES)[number];
/** Whether a key works. */
export type KeyState = "Enabled" | "Disabled" | "PendingDeletion" | "PendingReplicaDeletion";

/** Every {@link KeySpec}, in the order of KMS's own messages. */
export const KEY_SPECS = [
  "RSA_2048",
  "RSA_3072",
  "RSA_4096",
  "ECC_NIST_P256",
  "ECC_NIST_P384",
  "ECC_NIST_P521",
  "ECC_SECG_P256K1",
  "ECC_NIST_EDWARDS25519",
  "SYMMETRIC_DEFAULT",
  "HMAC_224",
  "HMAC_256",
  "HMAC_384",
  "HMAC_512",
  "SM2",
  "ML_DSA_44",
  "ML_DSA_65",
  "ML_DSA_87",
] as const;

/** Every {@link KeyUsage}. */
export const KEY_USAGES = ["SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"] as const;

/** The primary of a multi-Region key and its replicas, by Region. They share id and material, nothing else. */
export interface MultiRegionGroup {
  primaryRegion: string;
  readonly members: Map<string, KmsKey>;
}

export interface KmsKey {
  readonly id: string;
  readonly arn: string;
  readonly region: string;
  readonly accountId: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly description: string;
  readonly createdAt: Date;
  /** Absent: asymmetric and HMAC keys, which are kept as metadata only. */
  readonly material: Material | undefined;
  readonly group: MultiRegionGroup | undefined;
  /** ARNs of those who may do everything with it: what a key policy would say. Absent: everybody. */
  principals: readonly string[] | undefined;
  /** By id, oldest first. Replicas have their own. */
  readonly grants: Map<string, Grant>;
  enabled: boolean;
  deletion: { readonly windowDays: number; dueAt: number | undefined } | undefined;
}

/** The usages that a key spec allows; the first is the one that `createKey` assumes. */
export function usagesOf(spec: KeySpec): readonly KeyUsage[] {
  if (spec === "SYMMETRIC_DEFAULT") return ["ENCRYPT_DECRYPT"];
  if (spec.startsWith("HMAC_")) return ["GENERATE_VERIFY_MAC"];
  if (spec.startsWith("RSA_")) return ["ENCRYPT_DECRYPT", "SIGN_VERIFY"];
  if (spec === "SM2") return ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"];
  return spec.startsWith("ECC_NIST_P") ? ["SIGN_VERIFY", "KEY_AGREEMENT"] : ["SIGN_VERIFY"];
}

export function stateOf(key: KmsKey): KeyState {
  if (key.deletion !== undefined) {
    return key.deletion.dueAt === undefined ? "PendingReplicaDeletion" : "PendingDeletion";
  }
  return key.enabled ? "Enabled" : "Disabled";
}

/** Throws unless the key may be changed: it is not on its way out. */
export function requireNotPendingDeletion(key: KmsKey): void {
  const state = stateOf(key);
  if (state === "PendingDeletion") {
    throw new KmsFailure("KMSInvalidStateException", `${key.arn} is pending deletion.`);
  }
  if (state === "PendingReplicaDeletion") {
    throw new KmsFailure("KMSInvalidStateException", `${key.arn} is pending replica deletion.`);
  }
}

/** Throws unless the key may be used: usage first, then state, as KMS does. */
export function requireUsable(key: KmsKey, usage: KeyUsage, operation: string): void {
  if (key.usage !== usage) {
    throw new KmsFailure(
      "InvalidKeyUsageException",
      `${key.arn} key usage is ${key.usage} which is not valid for ${operation}.`,
    );
  }
  requireEnabled(key);
}

export function requireEnabled(key: KmsKey): void {
  requireNotPendingDeletion(key);
  if (!key.enabled) throw new KmsFailure("DisabledException", `${key.arn} is disabled.`);
}

/** A primary with replicas waits for them first: its time begins when the last one is gone. */
export function scheduleDeletion(key: KmsKey, windowDays: number, now: number): void {
  const waits = key.group?.primaryRegion === key.region && key.group.members.size > 1;
  key.deletion = { windowDays, dueAt: waits ? undefined : now + windowDays * DAY };
}

const DAY = 86_400_000;

/** What DescribeKey and CreateKey tell of a key. */
export function keyMetadata(key: KmsKey): Record<string, unknown> {
  const { group, deletion } = key;
  return {
    AWSAccountId: key.accountId,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: new Date(key.createdAt),
    Enabled: stateOf(key) === "Enabled",
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: stateOf(key),
    ...(deletion?.dueAt === undefined ? {} : { DeletionDate: new Date(deletion.dueAt) }),
    ...(deletion !== undefined && deletion.dueAt === undefined
      ? { PendingDeletionWindowInDays: deletion.windowDays }
      : {}),
    Origin: "AWS_KMS",
    KeyManager: "CUSTOMER",
    CustomerMasterKeySpec: key.spec,
    KeySpec: key.spec,
    ...(key.usage === "ENCRYPT_DECRYPT"
      ? { EncryptionAlgorithms: key.spec === "SYMMETRIC_DEFAULT" ? [key.spec] : RSA_ALGORITHMS }
      : {}),
    MultiRegion: group !== undefined,
    ...(group === undefined ? {} : { MultiRegionConfiguration: multiRegionConfiguration(key, group) }),
    ...(key.material === undefined ? {} : { CurrentKeyMaterialId: key.material.currentId() }),
  };
}

const RSA_ALGORITHMS: readonly string[] = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"];

function multiRegionConfiguration(key: KmsKey, group: MultiRegionGroup): Record<string, unknown> {
  const entry = (member: KmsKey) => ({ Arn: member.arn, Region: member.region });
  const members = [...group.members.values()];
  return {
    MultiRegionKeyType: key.region === group.primaryRegion ? "PRIMARY" : "REPLICA",
    PrimaryKey: members.filter((member) => member.region === group.primaryRegion).map(entry)[0],
    ReplicaKeys: members.filter((member) => member.region !== group.primaryRegion).map(entry),
  };
}
