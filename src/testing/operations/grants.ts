import { backend } from "#crypto";
import { isPrincipal, isService } from "../caller.ts";
import { accessDenied, KmsFailure } from "../errors.ts";
import type { Grant } from "../grant.ts";
import { isNoWider, isSameGrant } from "../grant.ts";
import { GRANT_OPERATIONS, isGrantable } from "../grant-operations.ts";
import type { KmsKey } from "../key.ts";
import { requireEnabled } from "../key.ts";
import { toHex } from "../material.ts";
import type { Call, Output } from "../operation.ts";
import { endDryRun, grantTokensField, keyIdField, operation } from "../operation.ts";
import { flag, integer, list, map, required, structure, text } from "../shape.ts";
import { page } from "./page.ts";

const principalField = text({ min: 1, max: 256, pattern: /^[\w+=,.@:/-]+$/ });
const grantIdField = text({ min: 1, max: 128 });
const tokenField = text({ min: 1, max: 8192, hidden: true });
const contextField = map({ max: 8 });

export const createGrant = operation(
  "CreateGrant",
  false,
  {
    KeyId: required(keyIdField),
    GranteePrincipal: required(principalField),
    RetiringPrincipal: principalField,
    Operations: required(list({ min: 1, values: GRANT_OPERATIONS })),
    Constraints: structure({ EncryptionContextSubset: contextField, EncryptionContextEquals: contextField }),
    GrantTokens: grantTokensField,
    Name: text({ min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ }),
    DryRun: flag(),
  },
  (call, input) => {
    const { GranteePrincipal, RetiringPrincipal, Operations, Constraints = {} } = input;
    call.useGrantTokens(input.GrantTokens);
    const key = call.findWithoutAlias(input.KeyId);
    const asked = {
      name: input.Name,
      grantee: checkedPrincipal(GranteePrincipal),
      retiring: RetiringPrincipal === undefined ? undefined : checkedPrincipal(RetiringPrincipal),
      operations: [...new Set(Operations)],
      constraints: Constraints,
    };
    checkGrant(key, asked);
    const parents = call.grantsFor(key);
    if (!call.isPrincipalOf(key) && !parents.some((parent) => isNoWider(asked, parent))) {
      throw accessDenied(call.caller.arn, call.operation, key.arn, "resource");
    }
    requireEnabled(key);
    endDryRun(input.DryRun);
    const grant = grantOfName(key, asked) ?? addGrant(call, key, asked);
    const token = toHex(backend.randomBytes(64));
    grant.tokens.add(token);
    call.elements = { GrantId: grant.id, KeyId: key.arn };
    return { GrantId: grant.id, GrantToken: token };
  },
);

const listShape = { Limit: integer({ min: 1, max: 100 }), Marker: text({ min: 1, max: 1024 }) };

export const listGrants = operation(
  "ListGrants",
  true,
  { ...listShape, KeyId: required(keyIdField), GrantId: grantIdField, GranteePrincipal: principalField },
  (call, { KeyId, GrantId, GranteePrincipal, Limit, Marker }) => {
    if (GrantId !== undefined) checkGrantId(GrantId);
    const key = call.keyWithoutAlias(KeyId);
    return listing(
      grantsOf(call, key).filter(
        ({ grant }) =>
          grant.id === (GrantId ?? grant.id) && grant.grantee === (GranteePrincipal ?? grant.grantee),
      ),
      Limit,
      Marker,
    );
  },
);

export const listRetirableGrants = operation(
  "ListRetirableGrants",
  true,
  { ...listShape, RetiringPrincipal: required(principalField) },
  (call, { RetiringPrincipal, Limit, Marker }) => {
    const keys = call.store.keys().filter((key) => key.region === call.region);
    const grants = keys.flatMap((key) => grantsOf(call, key));
    return listing(
      grants.filter(({ grant }) => grant.retiring === RetiringPrincipal),
      Limit,
      Marker,
    );
  },
);

export const revokeGrant = operation(
  "RevokeGrant",
  false,
  { KeyId: required(keyIdField), GrantId: required(grantIdField), DryRun: flag() },
  (call, { KeyId, GrantId, DryRun }) => {
    checkGrantId(GrantId);
    const key = call.keyWithoutAlias(KeyId);
    const grant = existingGrant(call, key, GrantId);
    endDryRun(DryRun);
    key.grants.delete(grant.id);
    return {};
  },
);

export const retireGrant = operation(
  "RetireGrant",
  false,
  { GrantToken: tokenField, KeyId: keyIdField, GrantId: grantIdField, DryRun: flag() },
  (call, { GrantToken, KeyId, GrantId, DryRun }) => {
    const { key, grant } = grantToRetire(call, GrantToken, KeyId, GrantId);
    if (!mayRetire(call, call.touch(key), grant)) {
      throw accessDenied(call.caller.arn, call.operation, key.arn, "resource");
    }
    endDryRun(DryRun);
    key.grants.delete(grant.id);
    call.retiredGrantId = grant.id;
    return {};
  },
);

type AskedGrant = Pick<Grant, "name" | "grantee" | "retiring" | "operations" | "constraints">;

function checkGrant({ arn, ...key }: KmsKey, { operations, constraints }: AskedGrant): void {
  const strangers = operations.filter((name) => !isGrantable(name, key));
  if (strangers.length > 0) {
    throw new KmsFailure(
      "ValidationException",
      `Operations [${strangers.join(", ")}] are not supported by ${arn} of key spec ${key.spec} and key usage ${key.usage}.`,
    );
  }
  const contexts = Object.values(constraints).filter((context) => context !== undefined);
  const tooLong = contexts.flatMap(Object.values).some((value) => value.length > 384);
  if (contexts.length > 0 && (key.material === undefined || tooLong)) {
    throw new KmsFailure(
      "ValidationException",
      tooLong
        ? "An encryption context value of a grant constraint has more than 384 characters."
        : "Encryption context constraints are for symmetric encryption keys only.",
    );
  }
}

function checkedPrincipal(principal: string): string {
  if (/^arn:aws[a-z-]*:(iam|sts)::\d{12}:.+$/.test(principal) || isService(principal)) return principal;
  throw new KmsFailure("InvalidArnException", `ARN does not refer to a valid principal: ${principal}`);
}

function checkGrantId(id: string): void {
  if (!/^[0-9a-f]{64}$/.test(id)) throw new KmsFailure("InvalidGrantIdException", "Invalid grant ID");
}

/** A request that is repeated with the same name is answered with the grant that is there. */
function grantOfName(key: KmsKey, asked: AskedGrant): Grant | undefined {
  if (asked.name === undefined) return undefined;
  return [...key.grants.values()].find((grant) => isSameGrant(grant, asked));
}

function addGrant(call: Call, key: KmsKey, asked: AskedGrant): Grant {
  const grant: Grant = {
    ...asked,
    id: toHex(backend.randomBytes(32)),
    issuingAccount: call.accountId,
    createdAt: new Date(call.now),
    knownAt: call.now + call.grantDelayMs,
    tokens: new Set(),
  };
  key.grants.set(grant.id, grant);
  return grant;
}

interface KeyGrant {
  readonly key: KmsKey;
  readonly grant: Grant;
}

/** Those of which word has spread. */
function grantsOf(call: Call, key: KmsKey): readonly KeyGrant[] {
  return [...key.grants.values()].filter((grant) => call.knows(grant)).map((grant) => ({ key, grant }));
}

function existingGrant(call: Call, key: KmsKey, id: string): Grant {
  const grant = key.grants.get(id);
  if (grant !== undefined && call.knows(grant)) return grant;
  throw new KmsFailure("NotFoundException", `Grant ID ${id} not found`);
}

function grantToRetire(
  call: Call,
  token: string | undefined,
  keyId: string | undefined,
  grantId: string | undefined,
): KeyGrant {
  if (token !== undefined && keyId === undefined && grantId === undefined) return call.grantOfToken(token);
  if (token === undefined && keyId !== undefined && grantId !== undefined) {
    checkGrantId(grantId);
    const key = call.findWithoutAlias(keyId);
    return { key, grant: existingGrant(call, key, grantId) };
  }
  throw new KmsFailure(
    "ValidationException",
    "Specify either a grant token, or a grant ID together with a key ID.",
  );
}

/** The grant itself says who may retire it, and not the key; the account in which it was made always may. */
function mayRetire({ caller }: Call, key: KmsKey, grant: Grant): boolean {
  if (key.principals === undefined) return true;
  if (grant.retiring !== undefined && isPrincipal(grant.retiring, caller)) return true;
  if (caller.identity.type === "Root" && caller.accountId === grant.issuingAccount) return true;
  return grant.operations.includes("RetireGrant") && isPrincipal(grant.grantee, caller);
}

function listing(grants: readonly KeyGrant[], limit = 50, marker: string | undefined): Output {
  const { items, ...rest } = page(grants, ({ grant }) => grant.id, limit, marker);
  return { Grants: items.map(grantEntry), ...rest };
}

function grantEntry({ key, grant }: KeyGrant): Record<string, unknown> {
  const { retiring, constraints } = grant;
  const contexts = Object.entries(constraints).filter(([, context]) => context !== undefined);
  return {
    KeyId: key.arn,
    GrantId: grant.id,
    Name: grant.name ?? "",
    CreationDate: new Date(grant.createdAt),
    GranteePrincipal: grant.grantee,
    ...(retiring === undefined ? {} : { RetiringPrincipal: retiring }),
    IssuingAccount: formatAccount(key.arn, grant.issuingAccount),
    Operations: [...grant.operations],
    ...(contexts.length === 0
      ? {}
      : { Constraints: Object.fromEntries(contexts.map(([name, context]) => [name, { ...context }])) }),
  };
}

function formatAccount(keyArn: string, accountId: string): string {
  return `arn:${keyArn.split(":")[1]}:iam::${accountId}:root`;
}
