import { KmsFailure } from "../errors.ts";
import type { KmsKey } from "../key.ts";
import { requireNotPendingDeletion } from "../key.ts";
import { formatArn, parseArn } from "../key-id.ts";
import type { Alias } from "../key-store.ts";
import type { Call } from "../operation.ts";
import { keyIdField, operation } from "../operation.ts";
import { integer, required, text } from "../shape.ts";
import { page } from "./page.ts";

const aliasNameField = required(text({ min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ }));

export const createAlias = operation(
  "CreateAlias",
  false,
  { AliasName: aliasNameField, TargetKeyId: required(keyIdField) },
  (call, { AliasName, TargetKeyId }) => {
    checkAliasName(AliasName);
    const target = targetKey(call, TargetKeyId);
    const arn = aliasArn(call, AliasName);
    if (call.store.alias(arn) !== undefined) {
      throw new KmsFailure("AlreadyExistsException", `An alias with the name ${arn} already exists`);
    }
    call.resources.add(arn);
    call.store.addAlias(newAlias(AliasName, target, call.accountId, call.now));
    return {};
  },
);

export const updateAlias = operation(
  "UpdateAlias",
  false,
  { AliasName: aliasNameField, TargetKeyId: required(keyIdField) },
  (call, { AliasName, TargetKeyId }) => {
    checkAliasName(AliasName);
    const alias = existingAlias(call, AliasName);
    const target = targetKey(call, TargetKeyId);
    if (
      target.usage !== alias.target.usage ||
      target.spec.split("_")[0] !== alias.target.spec.split("_")[0]
    ) {
      throw new KmsFailure(
        "ValidationException",
        `Alias ${alias.arn} cannot be changed from a ${alias.target.spec} key to a ${target.spec} key`,
      );
    }
    call.allow(alias.target);
    call.resources.add(alias.arn);
    alias.target = target;
    alias.updatedAt = new Date(call.now);
    return {};
  },
);

export const deleteAlias = operation(
  "DeleteAlias",
  false,
  { AliasName: aliasNameField },
  (call, { AliasName }) => {
    checkAliasName(AliasName);
    const alias = existingAlias(call, AliasName);
    call.allow(call.touch(alias.target));
    call.resources.add(alias.arn);
    call.store.removeAlias(alias);
    return {};
  },
);

export const listAliases = operation(
  "ListAliases",
  true,
  { KeyId: keyIdField, Limit: integer({ min: 1, max: 100 }), Marker: text({ min: 1, max: 1024 }) },
  (call, { KeyId, Limit, Marker }) => {
    const target = KeyId === undefined ? undefined : call.findWithoutAlias(KeyId);
    const aliases = call.store
      .aliases()
      .filter((alias) => alias.region === call.region && alias.accountId === call.accountId)
      .filter((alias) => target === undefined || alias.target === target);
    const { items, ...rest } = page(aliases, (alias) => alias.arn, Limit ?? 50, Marker);
    return { Aliases: items.map(aliasEntry), ...rest };
  },
);

/** The record of an alias in the account and the Region of its key. */
export function newAlias(name: string, target: KmsKey, accountId: string, now: number): Alias {
  const at = new Date(now);
  const arn = formatArn(target.region, accountId, name);
  return { name, arn, region: target.region, accountId, target, createdAt: at, updatedAt: at };
}

function aliasEntry(alias: Alias): Record<string, unknown> {
  return {
    AliasName: alias.name,
    AliasArn: alias.arn,
    TargetKeyId: alias.target.id,
    CreationDate: alias.createdAt,
    LastUpdatedDate: alias.updatedAt,
  };
}

function checkAliasName(name: string): void {
  if (!name.startsWith("alias/") || name === "alias/") {
    throw new KmsFailure("ValidationException", "Invalid identifier");
  }
  if (name.startsWith("alias/aws/")) throw new KmsFailure("NotAuthorizedException");
}

function aliasArn(call: Call, name: string): string {
  return formatArn(call.region, call.accountId, name);
}

function existingAlias(call: Call, name: string): Alias {
  const arn = aliasArn(call, name);
  const alias = call.store.alias(arn);
  if (alias === undefined) throw new KmsFailure("NotFoundException", `Alias ${arn} is not found.`);
  return alias;
}

// An alias stands in the account and the Region of its key.
function targetKey(call: Call, reference: string): KmsKey {
  if (reference.startsWith("alias/") || parseArn(reference)?.kind === "alias") {
    throw new KmsFailure("ValidationException", "Aliases must refer to keys. Not aliases");
  }
  const target = call.keyWithoutAlias(reference);
  if (target.accountId !== call.accountId) {
    throw new KmsFailure("NotFoundException", `Key '${target.arn}' does not exist`);
  }
  requireNotPendingDeletion(target);
  return target;
}
