import { invalidArgument, optionsOf } from "../arguments.ts";
import type { Observer } from "../observer.ts";
import type { EncryptionContext } from "../types.ts";
import { BRANCH_KEY_ID, type BranchKeyStore, isBranchKeyId } from "./branch-key-store.ts";
import {
  type HierarchyCacheConfig,
  type HierarchyCacheOptions,
  hierarchyCacheConfig,
} from "./key-cache-options.ts";

/** Which branch key: one for all messages, or one for each tenant. */
export type BranchKeyChoice =
  | {
      /** The branch key of all messages. */
      readonly branchKeyId: string;
      /** Not beside `branchKeyId`. */
      readonly branchKeyIdFrom?: never;
    }
  | {
      /**
       * Answers the id of the branch key for a message, by its whole encryption context. When reading, that is what the
       * message says: a reader that serves one tenant names the pair it expects, as it does with every keyring.
       */
      readonly branchKeyIdFrom: (encryptionContext: EncryptionContext) => string;
      /** Not beside `branchKeyIdFrom`. */
      readonly branchKeyId?: never;
    };

/** Options of {@link hierarchicalKeyring}: which branch key, how long it is kept, and these. */
export type HierarchicalKeyringOptions = BranchKeyChoice &
  Omit<HierarchyCacheOptions, "observer"> & {
    /** Where branch keys are kept, such as a `dynamoDbKeyStore`. */
    readonly keyStore: BranchKeyStore;
    /**
     * Principals that must not share a branch key in clear: the name of one, or a function of the encryption context.
     * Default: all callers of this keyring share. Keyrings never share.
     */
    readonly partition?: string | ((encryptionContext: EncryptionContext) => string);
    /**
     * Hears of hits, misses and evictions. Of the calls that a key store makes, its own observer hears. Default:
     * nobody.
     */
    readonly observer?: Observer;
  };

/** The same, checked and complete. */
export interface HierarchicalKeyringConfig {
  readonly name: string;
  readonly keyStore: BranchKeyStore;
  readonly cache: HierarchyCacheConfig;
  /** @throws what the caller's functions throw; `TypeError` if their answers are of no use. */
  placeOf(encryptionContext: EncryptionContext): { readonly id: string; readonly partition: string };
}

const CALLER = "hierarchicalKeyring";

/** Checks the options and fills in the defaults. */
export function hierarchicalKeyringConfig(options: HierarchicalKeyringOptions): HierarchicalKeyringConfig {
  const { keyStore } = optionsOf(CALLER, options);
  const isStore =
    typeof keyStore?.name === "string" &&
    typeof keyStore.active === "function" &&
    typeof keyStore.version === "function";
  if (!isStore)
    throw invalidArgument(`${CALLER}: keyStore must be a branch key store: name, active, version.`);
  const idOf = branchKeyIdOf(options);
  const partitionOf = partitionsOf(options);
  const { branchKeyId } = options;
  return {
    name: `hierarchy ${branchKeyId === undefined ? "by context" : branchKeyId} of ${keyStore.name}`,
    keyStore,
    cache: hierarchyCacheConfig(CALLER, options),
    placeOf: (context) => ({ id: idOf(context), partition: partitionOf(context) }),
  };
}

function branchKeyIdOf({
  branchKeyId,
  branchKeyIdFrom,
}: HierarchicalKeyringOptions): (context: EncryptionContext) => string {
  if ((branchKeyId === undefined) === (branchKeyIdFrom === undefined)) {
    throw invalidArgument(`${CALLER}: either branchKeyId or branchKeyIdFrom is needed, and not both.`);
  }
  if (branchKeyIdFrom === undefined) {
    if (isBranchKeyId(branchKeyId)) return () => branchKeyId;
    throw invalidArgument(`${CALLER}: branchKeyId must be ${BRANCH_KEY_ID}.`);
  }
  if (typeof branchKeyIdFrom !== "function") {
    throw invalidArgument(`${CALLER}: branchKeyIdFrom must be a function of the encryption context.`);
  }
  return (context) => {
    const id: unknown = branchKeyIdFrom(context);
    if (isBranchKeyId(id)) return id;
    throw invalidArgument(`${CALLER}: branchKeyIdFrom must answer ${BRANCH_KEY_ID}.`);
  };
}

function partitionsOf({
  partition = "",
}: HierarchicalKeyringOptions): (context: EncryptionContext) => string {
  const check = (name: unknown): string => {
    if (typeof name === "string") return name;
    throw invalidArgument(`${CALLER}: partition must be a string, or a function that answers one.`);
  };
  if (typeof partition === "function") return (context) => check(partition(context));
  const only = check(partition);
  return () => only;
}
