import { KmsFailure } from "../errors.ts";
import type { KeySpec, KeyUsage } from "../key.ts";
import {
  KEY_SPECS,
  KEY_USAGES,
  keyMetadata,
  requireEnabled,
  requireNotPendingDeletion,
  scheduleDeletion,
  stateOf,
  usagesOf,
} from "../key.ts";
import { makeKey, replicate } from "../make-key.ts";
import { grantTokensField, keyIdField, operation } from "../operation.ts";
import { flag, integer, oneOf, or, required, text } from "../shape.ts";
import { page } from "./page.ts";

const descriptionField = or(text({ max: 8192 }), "");
const hiddenText = text({ hidden: true });

export const createKey = operation(
  "CreateKey",
  false,
  {
    Description: descriptionField,
    KeyUsage: oneOf(KEY_USAGES),
    CustomerMasterKeySpec: oneOf(KEY_SPECS),
    KeySpec: oneOf(KEY_SPECS),
    Origin: or(oneOf(["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"]), "AWS_KMS"),
    MultiRegion: or(flag(), false),
    Policy: hiddenText,
    BypassPolicyLockoutSafetyCheck: or(flag(), false),
  },
  (call, input) => {
    const spec = (input.KeySpec ?? input.CustomerMasterKeySpec ?? "SYMMETRIC_DEFAULT") as KeySpec;
    if (input.KeyUsage === undefined && spec !== "SYMMETRIC_DEFAULT") {
      throw new KmsFailure(
        "ValidationException",
        "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
      );
    }
    const usage = (input.KeyUsage ?? "ENCRYPT_DECRYPT") as KeyUsage;
    if (!usagesOf(spec).includes(usage)) {
      throw new KmsFailure("ValidationException", `KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
    }
    if (input.Origin !== "AWS_KMS") {
      throw new KmsFailure("UnsupportedOperationException", "The local KMS makes its own key material");
    }
    const key = makeKey(call.store, call.now, {
      region: call.region,
      accountId: call.accountId,
      spec,
      usage,
      description: input.Description,
      multiRegion: input.MultiRegion,
    });
    call.touch(key);
    return { KeyMetadata: keyMetadata(key) };
  },
);

export const describeKey = operation(
  "DescribeKey",
  true,
  { KeyId: required(keyIdField), GrantTokens: grantTokensField },
  (call, input) => {
    call.useGrantTokens(input.GrantTokens);
    return { KeyMetadata: keyMetadata(call.key(input.KeyId)) };
  },
);

export const listKeys = operation(
  "ListKeys",
  true,
  { Limit: integer({ min: 1, max: 1000 }), Marker: text({ min: 1, max: 1024 }) },
  (call, { Limit, Marker }) => {
    const keys = call.store
      .keys()
      .filter((key) => key.region === call.region && key.accountId === call.accountId);
    const { items, ...rest } = page(keys, (key) => key.arn, Limit ?? 100, Marker);
    return { Keys: items.map((key) => ({ KeyId: key.id, KeyArn: key.arn })), ...rest };
  },
);

export const enableKey = operation("EnableKey", false, { KeyId: required(keyIdField) }, (call, { KeyId }) => {
  const key = call.keyWithoutAlias(KeyId);
  requireNotPendingDeletion(key);
  key.enabled = true;
  return {};
});

export const disableKey = operation(
  "DisableKey",
  false,
  { KeyId: required(keyIdField) },
  (call, { KeyId }) => {
    const key = call.keyWithoutAlias(KeyId);
    requireNotPendingDeletion(key);
    key.enabled = false;
    return {};
  },
);

export const scheduleKeyDeletion = operation(
  "ScheduleKeyDeletion",
  false,
  { KeyId: required(keyIdField), PendingWindowInDays: or(integer({ min: 7, max: 30 }), 30) },
  (call, { KeyId, PendingWindowInDays: windowDays }) => {
    const key = call.keyWithoutAlias(KeyId);
    requireNotPendingDeletion(key);
    scheduleDeletion(key, windowDays, call.now);
    const dueAt = key.deletion?.dueAt;
    return {
      KeyId: key.arn,
      ...(dueAt === undefined ? {} : { DeletionDate: new Date(dueAt) }),
      KeyState: stateOf(key),
      PendingWindowInDays: windowDays,
    };
  },
);

export const cancelKeyDeletion = operation(
  "CancelKeyDeletion",
  false,
  { KeyId: required(keyIdField) },
  (call, { KeyId }) => {
    const key = call.keyWithoutAlias(KeyId);
    if (key.deletion === undefined) {
      throw new KmsFailure("KMSInvalidStateException", `${key.arn} is not pending deletion.`);
    }
    key.deletion = undefined;
    key.enabled = false;
    return { KeyId: key.arn };
  },
);

export const rotateKeyOnDemand = operation(
  "RotateKeyOnDemand",
  false,
  { KeyId: required(keyIdField) },
  (call, { KeyId }) => {
    const key = call.keyWithoutAlias(KeyId);
    if (key.material === undefined) throw new KmsFailure("UnsupportedOperationException");
    if (key.group !== undefined && key.group.primaryRegion !== key.region) {
      throw new KmsFailure(
        "UnsupportedOperationException",
        `${key.arn} is a replica key. Rotate its primary key.`,
      );
    }
    requireEnabled(key);
    key.material.rotate();
    return { KeyId: key.arn };
  },
);

export const replicateKey = operation(
  "ReplicateKey",
  false,
  {
    KeyId: required(keyIdField),
    ReplicaRegion: required(text({ min: 1, max: 32, pattern: /^([a-z]+-){2,3}\d+$/ })),
    Description: descriptionField,
    Policy: hiddenText,
    BypassPolicyLockoutSafetyCheck: or(flag(), false),
  },
  (call, input) => {
    const key = call.keyWithoutAlias(input.KeyId);
    requireEnabled(key);
    if (key.group === undefined || key.group.primaryRegion !== key.region) {
      throw new KmsFailure("UnsupportedOperationException", `${key.arn} is not a multi-Region primary key.`);
    }
    if (key.group.members.has(input.ReplicaRegion)) {
      throw new KmsFailure("AlreadyExistsException", `${key.id} already exists in ${input.ReplicaRegion}.`);
    }
    const replica = replicate(call.store, call.now, key, key.group, input.ReplicaRegion, input.Description);
    return { ReplicaKeyMetadata: keyMetadata(replica), ReplicaPolicy: "", ReplicaTags: [] };
  },
);
