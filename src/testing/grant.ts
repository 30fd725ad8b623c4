import type { EncryptionContext } from "../types.ts";

/** A permission that hangs on a key: who may do what with it, and under which encryption contexts. */
export interface Grant {
  readonly id: string;
  readonly name: string | undefined;
  /** ARNs, or names of services. */
  readonly grantee: string;
  readonly retiring: string | undefined;
  readonly operations: readonly string[];
  readonly constraints: GrantConstraints;
  readonly issuingAccount: string;
  readonly createdAt: Date;
  /** Until then only its tokens make it known. Milliseconds since 1970. */
  readonly knownAt: number;
  /** All of them stand for this one grant. */
  readonly tokens: Set<string>;
}

export interface GrantConstraints {
  readonly EncryptionContextSubset?: EncryptionContext | undefined;
  readonly EncryptionContextEquals?: EncryptionContext | undefined;
}

/** Whether a grant speaks of requests with this encryption context; absent: of operations that take none. */
export function fitsContext(constraints: GrantConstraints, context: EncryptionContext | undefined): boolean {
  const { EncryptionContextSubset: subset, EncryptionContextEquals: equals } = constraints;
  if (context === undefined) return true;
  if (subset !== undefined && !includes(context, subset)) return false;
  return equals === undefined || isSame(context, equals);
}

/** Whether a grant that was made by the right of another allows no more than that one. */
export function isNoWider(child: Pick<Grant, "operations" | "constraints">, parent: Grant): boolean {
  if (!child.operations.every((operation) => parent.operations.includes(operation))) return false;
  const { EncryptionContextSubset: subset, EncryptionContextEquals: equals } = parent.constraints;
  const { EncryptionContextSubset: own, EncryptionContextEquals: exact } = child.constraints;
  if (equals !== undefined) return exact !== undefined && isSame(exact, equals);
  return subset === undefined || includes(exact ?? own ?? {}, subset);
}

/** Whether two requests ask for the same grant. */
export function isSameGrant(
  a: Pick<Grant, "name" | "grantee" | "retiring" | "operations" | "constraints">,
  b: typeof a,
): boolean {
  const pairs = (context: EncryptionContext | undefined) => context && Object.entries(context).sort();
  const facts = ({ name, grantee, retiring, operations, constraints }: typeof a) =>
    JSON.stringify([
      [name, grantee, retiring, [...operations].sort()],
      pairs(constraints.EncryptionContextSubset),
      pairs(constraints.EncryptionContextEquals),
    ]);
  return facts(a) === facts(b);
}

function includes(context: EncryptionContext, pairs: EncryptionContext): boolean {
  return Object.entries(pairs).every(([key, value]) => Object.hasOwn(context, key) && context[key] === value);
}

function isSame(a: EncryptionContext, b: EncryptionContext): boolean {
  return Object.keys(a).length === Object.keys(b).length && includes(a, b);
}
