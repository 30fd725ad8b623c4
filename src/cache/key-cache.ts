import { invalidArgument } from "../arguments.ts";
import { isPromise } from "../awaitable.ts";
import { KeyringError } from "../errors.ts";
import type { Awaitable } from "../types.ts";
import { ageOf, type Clocks, inOrder, type Moment, now } from "./clocks.ts";
import { Flight } from "./flight.ts";
import type { Secret } from "./secret.ts";

/** Why an entry left the cache. */
export type EvictReason = "age" | "limit" | "capacity" | "renewed" | "cleared";

/** What a cache of keys is made with. Ages are milliseconds. */
export interface KeyCacheOptions<Key> {
  /** For errors. */
  readonly name: string;
  /** The most entries. */
  readonly capacity: number;
  /** A key of this age is not used any more. */
  readonly maxAgeMs: number;
  /** A use at this age, or up to an eighth earlier, renews the key in the background; undefined: never. */
  readonly softAgeMs?: number | undefined;
  readonly clocks: Clocks;
  secretOf(key: Key): Secret;
  readonly events?: KeyCacheEvents;
}

/** What a cache tells of, and the partition that it is about. */
export interface KeyCacheEvents {
  hit(partition: string, ageMs: number): void;
  miss(partition: string): void;
  evicted(partition: string, reason: EvictReason, ageMs: number): void;
  renewalFailed(partition: string, error: unknown): void;
}

/** How to get one key. */
export interface KeyRequest<Key> {
  readonly id: string;
  readonly partition: string;
  readonly signal?: AbortSignal | undefined;
  /** Makes or unwraps the key; the cache takes over the hold that it comes with. */
  load(signal: AbortSignal): Awaitable<Key>;
  /** Books one use. False: it would pass a limit of this key. Never false for the first use of a key. */
  book(key: Key): boolean;
}

/** Counts since the cache was made; the last three are those of now. */
export interface KeyCacheFigures {
  /** Calls that found a key. */
  readonly hits: number;
  /** Calls for which a key had to be made or unwrapped. */
  readonly misses: number;
  /** Calls that waited for the miss of another caller. */
  readonly joined: number;
  /** Keys that left, for whatever reason. */
  readonly evictions: number;
  /** Keys in memory. */
  readonly entries: number;
  /** Keys that are being made or unwrapped. */
  readonly inFlight: number;
  /** Null: there is no entry. */
  readonly oldestAgeMs: number | null;
}

interface Entry<Key> {
  readonly id: string;
  readonly partition: string;
  readonly key: Key;
  /** When its making began: it is no older than that. */
  readonly made: Moment;
  softAgeMs: number;
}

interface Departure<Key> {
  readonly partition: string;
  readonly flight: Flight<KeyRequest<Key>, Entry<Key> | null>;
}

/** The share of the soft age that is left to chance, so that many processes do not renew at once. */
const JITTER = 1 / 8;
/** After a failed renewal the next one waits for this share of the time that is left, and for that of the whole. */
const BACK_OFF = 1 / 8;
const LEAST_PAUSE = 1 / 64;

/**
 * Keys by id, each for a time. The least recently used go first; one load runs for any number of callers; a key is
 * wiped when the cache and all callers have let go of it. Whoever obtains a key holds its secret, and releases it once.
 */
export class KeyCache<Key> {
  readonly #options: KeyCacheOptions<Key>;
  /** In order of use. */
  readonly #entries = new Map<string, Entry<Key>>();
  /** The last of them. */
  #latest: Entry<Key> | undefined;
  /** In order of age. */
  #byAge = new Set<Entry<Key>>();
  readonly #departures = new Map<string, Departure<Key>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The entry that the timer is for. */
  #awaited: Entry<Key> | undefined;
  #youngest: Moment = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };
  #disposed = false;
  #hits = 0;
  #misses = 0;
  #joined = 0;
  #evictions = 0;

  constructor(options: KeyCacheOptions<Key>) {
    this.#options = options;
  }

  /** The key of this id: from the cache, from a load on its way, or from a load of its own. */
  obtain(request: KeyRequest<Key>): Awaitable<Key> {
    this.assertServes();
    request.signal?.throwIfAborted();
    const cached = this.#take(request);
    if (cached !== null) return cached;
    const onItsWay = this.#departures.get(request.id);
    if (onItsWay !== undefined) {
      this.#joined++;
      return this.#wait(onItsWay, request);
    }
    this.#misses++;
    this.#options.events?.miss(request.partition);
    const departed = this.#depart(request, false);
    return "flight" in departed ? this.#wait(departed, request) : departed.key;
  }

  /** Throws once the cache was disposed of. */
  assertServes(): void {
    if (this.#disposed) throw invalidArgument(`${this.#options.name} was disposed of.`);
  }

  /** Forgets every key, or those of one partition. Loads on their way serve who waits for them, and are not kept. */
  clear(partition?: string): void {
    const concerns = (item: { readonly partition: string }) =>
      (partition ?? item.partition) === item.partition;
    for (const entry of [...this.#entries.values()]) if (concerns(entry)) this.#drop(entry, "cleared");
    for (const [id, departure] of [...this.#departures]) if (concerns(departure)) this.#departures.delete(id);
  }

  /** Forgets every key, and gives none from now on. */
  dispose(): void {
    this.#disposed = true;
    this.clear();
    clearTimeout(this.#timer);
  }

  get figures(): KeyCacheFigures {
    this.#sweep();
    const [oldest] = this.#byAge;
    return {
      hits: this.#hits,
      misses: this.#misses,
      joined: this.#joined,
      evictions: this.#evictions,
      entries: this.#entries.size,
      inFlight: this.#departures.size,
      oldestAgeMs: oldest === undefined ? null : this.#age(oldest),
    };
  }

  /** A key of the cache, if there is one that may be used. */
  #take(request: KeyRequest<Key>): Key | null {
    const entry = this.#entries.get(request.id);
    if (entry === undefined) return null;
    const age = this.#age(entry);
    if (!this.#isYoung(age)) return this.#drop(entry, "age");
    if (this.#serve(entry, request) === null) return this.#drop(entry, "limit");
    if (entry !== this.#latest) {
      this.#entries.delete(entry.id);
      this.#entries.set(entry.id, entry);
      this.#latest = entry;
    }
    this.#hits++;
    this.#options.events?.hit(entry.partition, age);
    if (age >= entry.softAgeMs) this.#renew(entry, age, request);
    return entry.key;
  }

  /** Books one use, and holds the key for it. */
  #serve(entry: Entry<Key>, request: KeyRequest<Key>): Entry<Key> | null {
    if (!request.book(entry.key)) return null;
    this.#options.secretOf(entry.key).retain();
    return entry;
  }

  async #wait({ flight }: Departure<Key>, request: KeyRequest<Key>): Promise<Key> {
    const entry = await flight.wait(request);
    if (entry !== null) {
      if (!this.#isOld(entry)) return entry.key;
      this.#release(entry);
    }
    // Others have used it up, or time has: once more.
    return this.obtain(request);
  }

  /** Begins a load. An answer at once is an entry already. */
  #depart(request: KeyRequest<Key>, background: boolean): Departure<Key> | Entry<Key> {
    const { id, partition } = request;
    const leave = () => {
      // After a clear another load may have departed for this id.
      if (this.#departures.get(id) === departure) this.#departures.delete(id);
    };
    const departure: Departure<Key> = { partition, flight: new Flight(background ? null : leave) };
    const made = now(this.#options.clocks);
    const answer = request.load(departure.flight.signal);
    if (!isPromise(answer)) {
      const entry = this.#entry(request, answer, made);
      if (!background) this.#serve(entry, request);
      return this.#keep(entry);
    }
    this.#departures.set(id, departure);
    this.#land(departure, request, answer, made).catch((error) => {
      leave();
      departure.flight.fail(error);
      if (background) this.#options.events?.renewalFailed(partition, error);
    });
    return departure;
  }

  async #land({ flight }: Departure<Key>, request: KeyRequest<Key>, answer: Promise<Key>, made: Moment) {
    let entry = this.#entry(request, await answer, made);
    if (this.#isOld(entry)) {
      // The machine slept, or the service took its time: once more.
      this.#release(entry);
      const madeAgain = now(this.#options.clocks);
      entry = this.#entry(request, await request.load(flight.signal), madeAgain);
    }
    if (this.#isOld(entry)) {
      this.#release(entry);
      throw new KeyringError(this.#options.name, "a key took longer to arrive than it may be used, twice.");
    }
    const isKept = this.#departures.get(request.id)?.flight === flight;
    if (isKept) this.#departures.delete(request.id);
    flight.land((ask) => this.#serve(entry, ask));
    if (isKept) this.#keep(entry);
    else this.#release(entry);
  }

  /** Gets a new key while callers go on with this one. */
  #renew(entry: Entry<Key>, ageMs: number, request: KeyRequest<Key>): void {
    if (this.#departures.has(entry.id)) return;
    const { maxAgeMs } = this.#options;
    entry.softAgeMs = ageMs + Math.max((maxAgeMs - ageMs) * BACK_OFF, maxAgeMs * LEAST_PAUSE);
    try {
      this.#depart(request, true);
    } catch (error) {
      this.#options.events?.renewalFailed(entry.partition, error);
    }
  }

  #entry({ id, partition }: KeyRequest<Key>, key: Key, made: Moment): Entry<Key> {
    const { softAgeMs = Number.POSITIVE_INFINITY } = this.#options;
    return { id, partition, key, made, softAgeMs: softAgeMs * (1 - JITTER * Math.random()) };
  }

  /** Whoever is to use the key holds it already: an observer that hears of evictions may clear the cache. */
  #keep(entry: Entry<Key>): Entry<Key> {
    const before = this.#entries.get(entry.id);
    this.#entries.delete(entry.id);
    this.#entries.set(entry.id, entry);
    this.#latest = entry;
    this.#addByAge(entry);
    if (before !== undefined) this.#drop(before, "renewed");
    this.#sweep();
    for (const eldest of this.#entries.values()) {
      if (this.#entries.size <= this.#options.capacity) break;
      this.#drop(eldest, "capacity");
    }
    this.#schedule();
    return entry;
  }

  /** Whoever was asked for first may come last. */
  #addByAge(entry: Entry<Key>): void {
    this.#byAge.add(entry);
    if (inOrder(this.#youngest, entry.made) <= 0) this.#youngest = entry.made;
    else this.#byAge = new Set([...this.#byAge].sort((a, b) => inOrder(a.made, b.made)));
  }

  #drop(entry: Entry<Key>, reason: EvictReason): null {
    if (!this.#byAge.delete(entry)) return null;
    if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id);
    if (entry === this.#latest) this.#latest = undefined;
    this.#evictions++;
    this.#options.events?.evicted(entry.partition, reason, this.#age(entry));
    this.#release(entry);
    return null;
  }

  #sweep(): void {
    for (const entry of this.#byAge) {
      if (!this.#isOld(entry)) return;
      this.#drop(entry, "age");
    }
  }

  /** Wakes when the oldest key expires. Keeps no process alive; where there are no timers, uses sweep. */
  #schedule(): void {
    const [oldest] = this.#byAge;
    if (oldest === this.#awaited || oldest === undefined) return;
    clearTimeout(this.#timer);
    this.#awaited = oldest;
    this.#timer = setTimeout(
      () => {
        this.#awaited = undefined;
        this.#sweep();
        this.#schedule();
      },
      Math.max(0, this.#options.maxAgeMs - this.#age(oldest)),
    );
    letProcessEnd(this.#timer);
  }

  #age({ made }: Entry<Key>): number {
    return ageOf(made, this.#options.clocks);
  }

  #isOld(entry: Entry<Key>): boolean {
    return !this.#isYoung(this.#age(entry));
  }

  /** Not so either if a clock tells no time. */
  #isYoung(ageMs: number): boolean {
    return ageMs < this.#options.maxAgeMs;
  }

  #release({ key }: Entry<Key>): void {
    this.#options.secretOf(key).release();
  }
}

/** Timers are objects with `unref` on Node and Bun, numbers on Deno, and keep nothing alive elsewhere. */
function letProcessEnd(timer: ReturnType<typeof setTimeout> | number): void {
  if (typeof timer === "object") return void timer.unref();
  const { Deno } = globalThis as { Deno?: { unrefTimer(id: number): void } };
  Deno?.unrefTimer(timer);
}
