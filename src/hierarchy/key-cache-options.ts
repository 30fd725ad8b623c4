import { wholeNumber } from "../arguments.ts";
import { assertClocks, type Clocks, systemClocks } from "../cache/clocks.ts";
import { assertObserver, type Observer } from "../observer.ts";

/** How a hierarchy keeps its plaintext keys. */
export interface HierarchyCacheOptions {
  /** Seconds that a key stays in memory, from when it was asked for; use does not prolong it. 1 to 86,400. Default: 60. */
  readonly reusePeriodSeconds?: number;
  /** The most keys in memory. Default: 1,000. */
  readonly capacity?: number;
  /** Hears of hits, misses and evictions, and of every call to the store. Default: nobody. */
  readonly observer?: Observer;
  /** Where the time comes from. For tests. Default: the system's clocks. */
  readonly clocks?: Clocks;
}

/** The same, checked and complete. */
export interface HierarchyCacheConfig {
  readonly maxAgeMs: number;
  readonly capacity: number;
  readonly observer: Observer | undefined;
  readonly clocks: Clocks;
}

/** Checks the options and fills in the defaults. */
export function hierarchyCacheConfig(caller: string, options: HierarchyCacheOptions): HierarchyCacheConfig {
  const { observer, clocks = systemClocks } = options;
  assertObserver(caller, observer);
  assertClocks(caller, clocks);
  return {
    maxAgeMs: 1000 * wholeNumber(caller, "reusePeriodSeconds", options.reusePeriodSeconds, 60, 1, 86_400),
    capacity: wholeNumber(caller, "capacity", options.capacity, 1000),
    observer,
    clocks,
  };
}
