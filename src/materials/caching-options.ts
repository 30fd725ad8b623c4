import { invalidArgument, optionsOf, wholeNumber } from "../arguments.ts";
import { assertClocks, type Clocks, systemClocks } from "../cache/clocks.ts";
import { assertObserver, type Observer } from "../observer.ts";
import type { DecryptionMaterialsRequest, EncryptionMaterialsRequest, MaterialsManager } from "./manager.ts";
import { type MaterialsSource, managerOf } from "./source.ts";

/** A request to a materials manager, of either direction: what a `partition` is chosen by. */
export type MaterialsRequest = EncryptionMaterialsRequest | DecryptionMaterialsRequest;

/** Options of {@link cachingMaterialsManager}: a keyring or a materials manager, and these. */
export type CachingOptions = MaterialsSource & {
  /**
   * How long a data key may be used, in seconds: 60 to 86,400. A key is expired at this age, counted from the moment it
   * was asked for, by the larger of two clocks; use does not prolong it. Default: 300.
   */
  readonly reusePeriodSeconds?: number;
  /** In place of `reusePeriodSeconds`, any number above 0, up to 86,400: so that tests need not wait. Default: absent. */
  readonly reusePeriodSecondsForTests?: number;
  /** The most messages that are sealed under one data key. Default and limit: 2^32. */
  readonly maxMessages?: number;
  /**
   * The most bytes of plaintext that are sealed under one data key; a longer message has a key of its own. A stream of
   * unknown length is counted as it goes, and the key is not used for another message once it is over. Default: no limit.
   */
  readonly maxBytes?: number;
  /**
   * Principals that must not share a data key: the name of one, or a function of the request, such as
   * `({ encryptionContext }) => encryptionContext.tenant`. When reading, that holds the stored pairs; required ones that
   * are not stored stand in `expectedContext`. Default: all callers of this manager share.
   */
  readonly partition?: string | ((request: MaterialsRequest) => string);
  /**
   * Open each new data key once, before its first use, as SQS does: what cannot be read back is not written. Needs a
   * keyring that reads (for KMS, kms:Decrypt). Default: false.
   */
  readonly verifyNewKeys?: boolean;
  /** The most data keys in memory, for each direction. Default: 1,000. */
  readonly capacity?: number;
  /**
   * Renew a key that is still in use in the background before it expires: from four fifths of its period, or from
   * `afterSeconds`, a little earlier by chance. If that fails, callers go on with the key until its end. Default: false.
   */
  readonly refreshAhead?:
    | boolean
    | {
        /** Above 0, below the reuse period. */
        readonly afterSeconds: number;
      };
  /** Hears of hits, misses and evictions. Default: nobody. */
  readonly observer?: Observer;
  /** Where the time comes from. For tests. Default: the system's clocks. */
  readonly clocks?: Clocks;
};

/** The same, checked and complete. */
export interface CachingConfig {
  readonly manager: MaterialsManager;
  readonly maxAgeMs: number;
  readonly softAgeMs: number | undefined;
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly capacity: number;
  readonly verifyNewKeys: boolean;
  readonly observer: Observer | undefined;
  readonly clocks: Clocks;
  /** The manager comes from the caller: what it does with expected pairs is not known. */
  readonly isForeign: boolean;
  partitionOf(request: MaterialsRequest): string;
}

const CALLER = "cachingMaterialsManager";
const MAX_PERIOD = 86_400;
const SOFT_PART = 4 / 5;

/** Checks the options and fills in the defaults. */
export function cachingConfig(options: CachingOptions): CachingConfig {
  const manager = managerOf(CALLER, options);
  const { verifyNewKeys = false, observer, clocks = systemClocks, keyring } = optionsOf(CALLER, options);
  if (typeof verifyNewKeys !== "boolean") {
    throw invalidArgument(`${CALLER}: verifyNewKeys must be true or false.`);
  }
  if (verifyNewKeys && keyring !== undefined && keyring.unwrap === undefined) {
    throw invalidArgument(
      `${CALLER}: verifyNewKeys needs a keyring that reads, and ${keyring.name} only writes. Leave the option out, or give the keyring its unwrap.`,
    );
  }
  assertObserver(CALLER, observer);
  assertClocks(CALLER, clocks);
  const period = periodOf(options);
  return {
    manager,
    maxAgeMs: 1000 * period,
    softAgeMs: softAgeOf(options, period),
    maxMessages: wholeNumber(CALLER, "maxMessages", options.maxMessages, 2 ** 32, 1, 2 ** 32),
    maxBytes: wholeNumber(CALLER, "maxBytes", options.maxBytes, Number.MAX_SAFE_INTEGER),
    capacity: wholeNumber(CALLER, "capacity", options.capacity, 1000),
    verifyNewKeys,
    observer,
    clocks,
    isForeign: keyring === undefined,
    partitionOf: partitionOf(options),
  };
}

function periodOf({ reusePeriodSeconds, reusePeriodSecondsForTests: forTests }: CachingOptions): number {
  if (forTests === undefined) {
    return wholeNumber(CALLER, "reusePeriodSeconds", reusePeriodSeconds, 300, 60, MAX_PERIOD);
  }
  if (reusePeriodSeconds !== undefined) {
    throw invalidArgument(
      `${CALLER}: either reusePeriodSeconds or reusePeriodSecondsForTests can be given, not both.`,
    );
  }
  if (typeof forTests === "number" && forTests > 0 && forTests <= MAX_PERIOD) return forTests;
  throw invalidArgument(
    `${CALLER}: reusePeriodSecondsForTests must be a number above 0, at most ${MAX_PERIOD}.`,
  );
}

function softAgeOf({ refreshAhead = false }: CachingOptions, period: number): number | undefined {
  if (refreshAhead === false) return undefined;
  const seconds = refreshAhead === true ? SOFT_PART * period : refreshAhead?.afterSeconds;
  if (typeof seconds === "number" && seconds > 0 && seconds < period) return 1000 * seconds;
  throw invalidArgument(
    `${CALLER}: refreshAhead must be true, false, or { afterSeconds } above 0 and below the reuse period (${period}).`,
  );
}

function partitionOf({ partition = "" }: CachingOptions): CachingConfig["partitionOf"] {
  const check = (name: unknown): string => {
    if (typeof name === "string" && name.isWellFormed()) return name;
    throw invalidArgument(
      `${CALLER}: partition must be a string without lone surrogates, or a function that answers one.`,
    );
  };
  if (typeof partition === "function") return (request) => check(partition(request));
  const only = check(partition);
  return () => only;
}
