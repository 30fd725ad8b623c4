import { andThen } from "../awaitable.ts";
import { EMPTY } from "../bytes/arrays.ts";
import { KeyCache, type KeyCacheEvents, type KeyCacheFigures } from "../cache/key-cache.ts";
import { Secret } from "../cache/secret.ts";
import { isKeyfoldError } from "../errors.ts";
import { notify } from "../observer.ts";
import type { Awaitable } from "../types.ts";
import type { HierarchyCacheConfig } from "./key-cache-options.ts";

/** A key of a hierarchy in clear, or whatever opens by it. */
export interface HierarchyKey {
  readonly secret: Secret;
}

/** What a hierarchy's keys are read from. A head is what is stored of the version that writes. */
export interface KeySource<Head, Key extends HierarchyKey> {
  readHead(id: string, signal: AbortSignal): Awaitable<Head>;
  versionOf(head: Head): string;
  /** Unwraps the version that writes. */
  unwrapHead(id: string, head: Head, signal: AbortSignal): Awaitable<Key>;
  /** Unwraps any version. `head` answers what was read of the key lately, and reads it if nothing was. */
  unwrapVersion(
    id: string,
    version: string,
    head: () => Awaitable<Head>,
    signal: AbortSignal,
  ): Awaitable<Key>;
}

interface KeptHead<Head> extends HierarchyKey {
  readonly head: Head;
}

/** One use of a key of a hierarchy. */
export interface KeyUse {
  readonly id: string;
  /** Callers of different partitions share no key. */
  readonly partition?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Figures of a hierarchy's cache since it was made; the last three are those of now. */
export interface HierarchyCacheStats extends Omit<KeyCacheFigures, "oldestAgeMs"> {
  /** Null: there is no key. */
  readonly oldestAgeSeconds: number | null;
}

/**
 * The keys of a hierarchy, by id and version, each in memory for one period: what is stored is read once and unwrapped
 * once, however many callers come at once. Which version writes is known for a period too. Whoever is given a key holds
 * its secret, and releases it once.
 */
export class VersionedKeys<Head, Key extends HierarchyKey> {
  readonly #source: KeySource<Head, Key>;
  readonly #keys: KeyCache<Key>;
  // Not secret, but as old at most as the keys, and asked for as they are: once for all.
  readonly #heads: KeyCache<KeptHead<Head>>;

  constructor(
    name: string,
    cache: "mailbox key" | "branch key",
    { maxAgeMs, capacity, clocks, observer }: HierarchyCacheConfig,
    source: KeySource<Head, Key>,
  ) {
    this.#source = source;
    const secretOf = ({ secret }: HierarchyKey) => secret;
    const shared = { name, maxAgeMs, capacity, clocks, secretOf };
    const events: KeyCacheEvents = {
      hit: (keyId, ageMs) => notify(observer, { type: "cacheHit", cache, keyId, ageMs }),
      miss: (keyId) => notify(observer, { type: "cacheMiss", cache, keyId }),
      evicted: (keyId, reason, ageMs) =>
        notify(observer, { type: "cacheEvict", cache, keyId, reason, ageMs }),
      renewalFailed: (keyId, error) => {
        const code = isKeyfoldError(error) ? error.code : undefined;
        notify(observer, { type: "cacheRenewalFailed", cache, keyId, error: code });
      },
    };
    this.#keys = new KeyCache<Key>(observer === undefined ? shared : { ...shared, events });
    this.#heads = new KeyCache<KeptHead<Head>>(shared);
  }

  /** What is stored of the version that writes. */
  head({ id, partition = "", signal }: KeyUse): Awaitable<Head> {
    const obtained = this.#heads.obtain({
      id: cacheId(partition, id),
      partition: id,
      signal,
      load: (signal) =>
        andThen(this.#source.readHead(id, signal), (head) => ({ head, secret: new Secret(EMPTY) })),
      book: () => true,
    });
    return andThen(obtained, ({ head, secret }) => {
      secret.release();
      return head;
    });
  }

  /** The key that writes, and its version. */
  forWriting(use: KeyUse): Awaitable<{ readonly version: string; readonly key: Key }> {
    return andThen(this.head(use), (head) => {
      const version = this.#source.versionOf(head);
      return andThen(this.ofHead(use, head), (key) => ({ version, key }));
    });
  }

  /** The key that writes by a head which the caller has: meanwhile another version may write. */
  ofHead(use: KeyUse, head: Head): Awaitable<Key> {
    const version = this.#source.versionOf(head);
    return this.#obtain(use, version, (signal) => this.#source.unwrapHead(use.id, head, signal));
  }

  /** The key of this version. */
  forReading(use: KeyUse, version: string): Awaitable<Key> {
    return this.#obtain(use, version, (signal) =>
      this.#source.unwrapVersion(use.id, version, () => this.head({ ...use, signal }), signal),
    );
  }

  get stats(): HierarchyCacheStats {
    const { oldestAgeMs, ...figures } = this.#keys.figures;
    return { ...figures, oldestAgeSeconds: oldestAgeMs === null ? null : oldestAgeMs / 1000 };
  }

  /** Forgets which version of this id writes: a newer one may be stored. Keys stay. */
  reread(id: string): void {
    this.#heads.clear(id);
  }

  /** Forgets all keys, or those of one id. */
  clear(id?: string): void {
    this.#keys.clear(id);
    this.#heads.clear(id);
  }

  /** Forgets all keys, and serves none from now on. */
  dispose(): void {
    this.#keys.dispose();
    this.#heads.dispose();
  }

  #obtain(
    { id, partition = "", signal }: KeyUse,
    version: string,
    load: (signal: AbortSignal) => Awaitable<Key>,
  ): Awaitable<Key> {
    return this.#keys.obtain({
      id: cacheId(partition, id, version),
      partition: id,
      signal,
      load,
      book: () => true,
    });
  }
}

/** Each part behind its length, so that no two lists of parts read the same. */
function cacheId(...parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join("");
}
