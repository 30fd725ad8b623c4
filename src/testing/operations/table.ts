import type { Operation } from "../operation.ts";
import { createAlias, deleteAlias, listAliases, updateAlias } from "./aliases.ts";
import { generateDataKey, generateDataKeyWithoutPlaintext, generateRandom } from "./data-keys.ts";
import { decrypt, encrypt, reEncrypt } from "./encrypt.ts";
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
  "ListKeys",
  "ReEncrypt",
  "ReplicateKey",
  "RotateKeyOnDemand",
  "ScheduleKeyDeletion",
  "UpdateAlias",
] as const;

export type KmsOperation = (typeof KMS_OPERATIONS)[number];

export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  [
    cancelKeyDeletion,
    createAlias,
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
    listKeys,
    reEncrypt,
    replicateKey,
    rotateKeyOnDemand,
    scheduleKeyDeletion,
    updateAlias,
  ].map((operation) => [operation.name, operation]),
);
