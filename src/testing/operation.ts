import type { Awaitable, EncryptionContext } from "../types.ts";
import type { Caller } from "./caller.ts";
import { isPrincipal } from "./caller.ts";
import { accessDenied, KmsFailure } from "./errors.ts";
import type { Grant } from "./grant.ts";
import { fitsContext } from "./grant.ts";
import type { KmsKey } from "./key.ts";
import type { KeyStore, Scope } from "./key-store.ts";
import type { Field, InputOf, Shape } from "./shape.ts";
import { list, text } from "./shape.ts";

export type Output = Readonly<Record<string, unknown>>;

/** One operation of KMS: what it takes, whether CloudTrail calls it read-only, and what it does. */
export interface Operation {
  readonly name: string;
  readonly readOnly: boolean;
  readonly shape: Shape;
  run(call: Call, input: never): Awaitable<Output>;
}

export function operation<S extends Shape>(
  name: string,
  readOnly: boolean,
  shape: S,
  run: (call: Call, input: InputOf<S>) => Awaitable<Output>,
): Operation {
  return { name, readOnly, shape, run };
}

/** What a call does with a key, in the words of permissions; default: its operation. */
interface Use {
  readonly action?: string | undefined;
  readonly context?: EncryptionContext | undefined;
}

/** One call while it runs: what it may do, and what it leaves in the audit log. */
export class Call implements Scope {
  readonly operation: string;
  readonly caller: Caller;
  readonly region: string;
  readonly store: KeyStore;
  readonly now: number;
  /** How long a new grant is known by its tokens only. */
  readonly grantDelayMs: number;
  /** ARNs of the keys that it touched. */
  readonly resources = new Set<string>();
  /** What the log shows of the reply, where that is not all of it. */
  elements: Output | undefined;
  keyMaterialId: string | undefined;
  retiredGrantId: string | undefined;
  readonly #brought = new Set<Grant>();

  constructor(of: {
    operation: string;
    caller: Caller;
    region: string;
    store: KeyStore;
    now: number;
    grantDelayMs: number;
  }) {
    this.operation = of.operation;
    this.caller = of.caller;
    this.region = of.region;
    this.store = of.store;
    this.now = of.now;
    this.grantDelayMs = of.grantDelayMs;
  }

  get accountId(): string {
    return this.caller.accountId;
  }

  /** The key of a request, once the caller may do this with it. `context`: the one of the request, if it takes one. */
  key(reference: string, { action = this.operation, context }: Use = {}): KmsKey {
    const key = this.touch(this.store.resolve(reference, this));
    this.allow(key, { action, context });
    return key;
  }

  /** As `key`, for operations that take no alias. */
  keyWithoutAlias(reference: string): KmsKey {
    const key = this.findWithoutAlias(reference);
    this.allow(key);
    return key;
  }

  /** For operations whose permission is not the key's to give. */
  findWithoutAlias(reference: string): KmsKey {
    return this.touch(this.store.resolveWithoutAlias(reference, this));
  }

  touch(key: KmsKey): KmsKey {
    this.resources.add(key.arn);
    return key;
  }

  /** From here on the grants of these tokens count, however new. Throws unless every token is of a grant that exists. */
  useGrantTokens(tokens: readonly string[] | undefined): void {
    for (const token of tokens ?? []) this.#brought.add(this.grantOfToken(token).grant);
  }

  grantOfToken(token: string): { readonly key: KmsKey; readonly grant: Grant } {
    const found = this.store.grantOfToken(token, this.region);
    if (found === undefined) throw new KmsFailure("InvalidGrantTokenException", "Invalid grant token");
    return found;
  }

  /** Throws unless the caller is one of the key's principals, or has a grant for this. */
  allow(key: KmsKey, { action = this.operation, context }: Use = {}): void {
    if (!this.may(key, { action, context })) {
      throw accessDenied(this.caller.arn, action, key.arn, "resource");
    }
  }

  may(key: KmsKey, use: Use): boolean {
    return this.isPrincipalOf(key) || this.grantsFor(key, use).length > 0;
  }

  /** Whether the caller may do everything with the key. */
  isPrincipalOf({ principals }: KmsKey): boolean {
    return principals === undefined || principals.some((principal) => isPrincipal(principal, this.caller));
  }

  /** The grants that allow the caller this. */
  grantsFor(key: KmsKey, { action = this.operation, context }: Use = {}): readonly Grant[] {
    return [...key.grants.values()].filter(
      (grant) =>
        this.knows(grant) &&
        isPrincipal(grant.grantee, this.caller) &&
        grant.operations.includes(action) &&
        fitsContext(grant.constraints, context),
    );
  }

  /** Whether word of the grant has spread, or the call brings its token. */
  knows(grant: Grant): boolean {
    return grant.knownAt <= this.now || this.#brought.has(grant);
  }
}

/** Throws if the caller only wanted to know whether it could. */
export function endDryRun(dryRun: boolean | undefined): void {
  if (dryRun === true) {
    throw new KmsFailure(
      "DryRunOperationException",
      "The request would have succeeded, but the DryRun option is set.",
    );
  }
}

export const keyIdField: Field<string | undefined> = text({ min: 1, max: 2048 });
export const grantTokensField: Field<readonly string[] | undefined> = list({ max: 10, hidden: true });
