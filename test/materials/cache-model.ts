// What a caching manager must do, written down a second time and as plainly as possible: lists, no promises, no reuse
// of the library's code. The test runs both and compares after each step.

export interface ModelOptions {
  readonly period: number;
  /** Undefined: keys are not renewed ahead of time. */
  readonly soft: number | undefined;
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly capacity: number;
  readonly verify: boolean;
}

/** A data key in memory that the keyring has handed out. */
interface Copy {
  readonly number: number;
  /** Messages in work, the cache, and a load that is not over. */
  holders: number;
}

interface Entry {
  readonly id: string;
  readonly partition: string;
  readonly copy: Copy;
  readonly monotonic: number;
  readonly wall: number;
  softAge: number;
  messages: number;
  bytes: number;
}

export interface Caller {
  readonly direction: "seal" | "open";
  readonly id: string;
  readonly partition: string;
  readonly context: number;
  /** The key to open. */
  readonly number: number;
  readonly length: number;
  state: string;
  copy: Copy | null;
  entry: Entry | null;
}

interface Load {
  readonly direction: "seal" | "open";
  readonly id: string;
  readonly partition: string;
  readonly number: number;
  readonly background: boolean;
  /** For one message that is over the limit alone. */
  readonly solo: boolean;
  waiters: Caller[];
  monotonic: number;
  wall: number;
  attempt: number;
  /** The new key, while it is being verified. */
  made: Copy | null;
}

class Side {
  /** The least recently used first. */
  entries: Entry[] = [];
  loads: Load[] = [];
  hits = 0;
  misses = 0;
  joined = 0;
  evictions = 0;
}

export class CacheModel {
  monotonic = 0;
  wall = 0;
  readonly asked = { generate: 0, unwrap: 0 };
  readonly pending: Load[] = [];
  readonly callers: Caller[] = [];
  readonly handed: Copy[] = [];
  readonly #sides = { seal: new Side(), open: new Side() };
  readonly #options: ModelOptions;
  #keys = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  /** A caller comes. */
  ask(caller: Caller): void {
    this.callers.push(caller);
    const { direction, length } = caller;
    if (direction === "seal" && length > this.#options.maxBytes) this.#load(caller, [caller], false, true);
    else this.#obtain(caller);
  }

  /** The keyring answers its pending call. */
  answer(at: number): void {
    const [load] = this.pending.splice(at, 1) as [Load];
    const unwraps = load.direction === "open" || load.made !== null;
    const number = load.made?.number ?? (load.direction === "open" ? load.number : ++this.#keys);
    const copy: Copy = { number, holders: 1 };
    this.handed.push(copy);
    if (load.direction === "seal" && this.#options.verify) {
      if (!unwraps) {
        load.made = copy;
        this.#call(load, "unwrap");
        return;
      }
      copy.holders--;
      this.#arrived(load, load.made!);
    } else this.#arrived(load, copy);
  }

  /** The keyring fails its pending call. */
  fail(at: number, state = "failed"): void {
    const [load] = this.pending.splice(at, 1) as [Load];
    this.#failed(load, state);
  }

  /** A caller has no patience any more. */
  abort(caller: Caller): void {
    if (caller.state !== "waiting") return;
    caller.state = "aborted";
    const load = this.pending.find(({ waiters }) => waiters.includes(caller))!;
    load.waiters = load.waiters.filter((waiter) => waiter !== caller);
    if (load.waiters.length > 0 || load.background) return;
    this.fail(this.pending.indexOf(load));
  }

  /** A caller is done with its message. */
  release(caller: Caller): void {
    caller.copy!.holders--;
    caller.copy = null;
    caller.state = "done";
  }

  clear(partition: string | undefined): void {
    for (const side of Object.values(this.#sides)) {
      const stays = (item: { partition: string }) => partition !== undefined && item.partition !== partition;
      for (const entry of side.entries.filter((entry) => !stays(entry))) this.#evict(side, entry);
      side.loads = side.loads.filter(stays);
    }
  }

  figures(direction: "seal" | "open") {
    const side = this.#sides[direction];
    this.#sweep(side);
    const [oldest] = byAge(side.entries);
    return {
      hits: side.hits,
      misses: side.misses,
      joined: side.joined,
      evictions: side.evictions,
      entries: side.entries.length,
      inFlight: side.loads.length,
      oldestAgeSeconds: oldest === undefined ? null : this.#age(oldest) / 1000,
    };
  }

  #obtain(caller: Caller): void {
    const { period } = this.#options;
    const side = this.#sides[caller.direction];
    const entry = side.entries.find(({ id }) => id === caller.id);
    if (entry !== undefined) {
      const age = this.#age(entry);
      if (age < period && this.#fits(entry, caller)) {
        this.#give(entry, caller);
        side.entries = [...side.entries.filter((other) => other !== entry), entry];
        side.hits++;
        if (age >= entry.softAge && !side.loads.some(({ id }) => id === caller.id)) {
          entry.softAge = age + (period - age) / 8;
          this.#load(caller, [], true);
        }
        return;
      }
      this.#evict(side, entry);
    }
    const load = side.loads.find(({ id }) => id === caller.id);
    if (load !== undefined) {
      side.joined++;
      load.waiters.push(caller);
      return;
    }
    side.misses++;
    this.#load(caller, [caller], false);
  }

  #load(
    { direction, id, partition, number }: Caller,
    waiters: Caller[],
    background: boolean,
    solo = false,
  ): void {
    const { monotonic, wall } = this;
    const load: Load = {
      ...{ direction, id, partition, number, background, solo },
      ...{ waiters, monotonic, wall, attempt: 1, made: null },
    };
    if (!solo) this.#sides[direction].loads.push(load);
    this.#call(load, direction === "seal" ? "generate" : "unwrap");
  }

  #call(load: Load, operation: "generate" | "unwrap"): void {
    this.asked[operation]++;
    this.pending.push(load);
  }

  #arrived(load: Load, copy: Copy): void {
    const { direction, id, partition, monotonic, wall, solo } = load;
    const side = this.#sides[direction];
    const softAge = this.#options.soft ?? Number.POSITIVE_INFINITY;
    const entry: Entry = { id, partition, copy, monotonic, wall, softAge, messages: 0, bytes: 0 };
    if (!solo && this.#age(entry) >= this.#options.period) {
      copy.holders--;
      load.made = null;
      load.attempt++;
      if (load.attempt > 2) {
        this.#failed(load, "late");
        return;
      }
      load.monotonic = this.monotonic;
      load.wall = this.wall;
      this.#call(load, direction === "seal" ? "generate" : "unwrap");
      return;
    }
    const kept = side.loads.includes(load);
    side.loads = side.loads.filter((other) => other !== load);
    const unserved = load.waiters.filter((caller) => {
      if (!solo && !this.#fits(entry, caller)) return true;
      this.#give(entry, caller);
      return false;
    });
    if (kept) this.#keep(side, entry);
    else copy.holders--;
    for (const caller of unserved) this.#obtain(caller);
  }

  #failed(load: Load, state: string): void {
    const side = this.#sides[load.direction];
    side.loads = side.loads.filter((other) => other !== load);
    if (load.made !== null) load.made.holders--;
    for (const caller of load.waiters) caller.state = state;
  }

  #keep(side: Side, entry: Entry): void {
    const before = side.entries.find(({ id }) => id === entry.id);
    if (before !== undefined) this.#evict(side, before);
    side.entries.push(entry);
    this.#sweep(side);
    while (side.entries.length > this.#options.capacity) this.#evict(side, side.entries[0]!);
  }

  #evict(side: Side, entry: Entry): void {
    side.entries = side.entries.filter((other) => other !== entry);
    side.evictions++;
    entry.copy.holders--;
  }

  /** What has expired goes, from the first that was asked for on, up to the first that has not. */
  #sweep(side: Side): void {
    for (const entry of byAge(side.entries)) {
      if (this.#age(entry) < this.#options.period) return;
      this.#evict(side, entry);
    }
  }

  #fits(entry: Entry, { direction, length }: Caller): boolean {
    const { maxMessages, maxBytes } = this.#options;
    return direction === "open" || (entry.messages < maxMessages && entry.bytes + length <= maxBytes);
  }

  #give(entry: Entry, caller: Caller): void {
    entry.messages++;
    entry.bytes += caller.length;
    entry.copy.holders++;
    caller.entry = entry;
    caller.copy = entry.copy;
    caller.state = `key ${entry.copy.number}`;
  }

  #age({ monotonic, wall }: Entry): number {
    return Math.max(this.monotonic - monotonic, this.wall - wall);
  }
}

function byAge(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => a.monotonic - b.monotonic || a.wall - b.wall);
}
