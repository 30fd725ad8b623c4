import type { Awaitable } from "../types.ts";
import type { Caller } from "./caller.ts";
import { KmsFailure } from "./errors.ts";
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

/** One call while it runs. Keys that it touches end up in the audit log. */
export class Call implements Scope {
  readonly operation: string;
  readonly caller: Caller;
  readonly region: string;
  readonly store: KeyStore;
  readonly now: number;
  readonly resources = new Set<string>();
  keyMaterialId: string | undefined;
  readonly #grantTokens: ReadonlySet<string>;

  constructor(of: {
    operation: string;
    caller: Caller;
    region: string;
    store: KeyStore;
    now: number;
    grantTokens: ReadonlySet<string>;
  }) {
    this.operation = of.operation;
    this.caller = of.caller;
    this.region = of.region;
    this.store = of.store;
    this.now = of.now;
    this.#grantTokens = of.grantTokens;
  }

  get accountId(): string {
    return this.caller.accountId;
  }

  key(reference: string): KmsKey {
    return this.touch(this.store.resolve(reference, this));
  }

  keyWithoutAlias(reference: string): KmsKey {
    return this.touch(this.store.resolveWithoutAlias(reference, this));
  }

  touch(key: KmsKey): KmsKey {
    this.resources.add(key.arn);
    return key;
  }

  /** Throws unless every token was issued by this KMS. There are no policies that a token could add to. */
  checkGrantTokens(tokens: readonly string[] | undefined): void {
    for (const token of tokens ?? []) {
      if (!this.#grantTokens.has(token))
        throw new KmsFailure("InvalidGrantTokenException", "Invalid grant token");
    }
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
