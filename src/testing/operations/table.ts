import type { Operation } from "../operation.ts";
import { createAlias, deleteAlias, listAliases, updateAlias } from "./aliases.ts";
import { generateDataKey, generateDataKeyWithoutPlaintext, generateRandom } from "./data-keys.ts";
import { decrypt, encrypt, reEncrypt } from "./encrypt.ts";
import { createGrant, listGrants, listRetirableGrants, retireGrant, revokeGrant } from "./grants.ts";
import {
  cancelKeyDeletion,
  createKey,
  describeKey,
  disableKey,
  enableKey,
  listKeys,
  replicateKey,
  rotateKeyOnDemand,
  scheduleKeyDeletion,
} from "./keys.ts";

/** The operations that the local KMS serves. */
export const KMS_OPERATIONS = [
  "CancelKeyDeletion",
  "CreateAlias",
  "CreateGrant",
  "CreateKey",
  "Decrypt",
  "DeleteAlias",
  "DescribeKey",
  "DisableKey",
  "EnableKey",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "GenerateRandom",
  "ListAliases",
  "ListGrants",
  "ListKeys",
  "ListRetirableGrants",
  "ReEncrypt",
  "ReplicateKey",
  "RetireGrant",
  "RevokeGrant",
  "RotateKeyOnDemand",
  "ScheduleKeyDeletion",
  "UpdateAlias",
] as const;

/** The name of an operation that the local KMS serves. */
export type KmsOperation = (typeof KMS_OPERATIONS)[number];

export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  [
    cancelKeyDeletion,
    createAlias,
    createGrant,
    createKey,
    decrypt,
    deleteAlias,
    describeKey,
    disableKey,
    enableKey,
    encrypt,
    generateDataKey,
    generateDataKeyWithoutPlaintext,
    generateRandom,
    listAliases,
    listGrants,
    listKeys,
    listRetirableGrants,
    reEncrypt,
    replicateKey,
    retireGrant,
    revokeGrant,
    rotateKeyOnDemand,
    scheduleKeyDeletion,
    updateAlias,
  ].map((operation) => [operation.name, operation]),
);
