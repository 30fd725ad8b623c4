import { KeyCache, type KeyCacheOptions, type KeyRequest } from "../../src/cache/key-cache.ts";
import { Secret } from "../../src/cache/secret.ts";
import { type Deferred, deferred, VirtualClocks } from "../support/virtual.ts";

/** A key of a test: which one it is, and how often it was used. */
export class TestKey {
  readonly bytes: Uint8Array;
  readonly secret: Secret;
  readonly number: number;
  uses = 0;

  constructor(number: number) {
    this.number = number;
    this.bytes = new Uint8Array(4).fill(number);
    this.secret = new Secret(this.bytes);
  }

  get isWiped(): boolean {
    return this.bytes.every((byte) => byte === 0);
  }
}

/** The most that a test key may be used, in requests of {@link testCache}. */
export const MAX_AGE = 1000;

/** A cache of numbered keys under virtual clocks, whose loads the test settles. */
export function testCache(options: Partial<KeyCacheOptions<TestKey>> = {}) {
  const clocks = new VirtualClocks();
  const keys: TestKey[] = [];
  const loads: (Deferred<TestKey> & { readonly signal: AbortSignal; land(): TestKey })[] = [];
  const cache = new KeyCache<TestKey>({
    name: "The test",
    capacity: 10,
    maxAgeMs: MAX_AGE,
    clocks,
    secretOf: ({ secret }) => secret,
    ...options,
  });
  const newKey = () => {
    const key = new TestKey(keys.length + 1);
    keys.push(key);
    return key;
  };
  const request = (id = "a", more: Partial<KeyRequest<TestKey>> = {}): KeyRequest<TestKey> => ({
    id,
    partition: "",
    load(signal) {
      const load = deferred<TestKey>();
      const land = () => {
        const key = newKey();
        load.resolve(key);
        return key;
      };
      loads.push({ ...load, signal, land });
      return load.promise;
    },
    book(key) {
      key.uses++;
      return true;
    },
    ...more,
  });
  /** Asks, and has the load (if there is one) landed at once. */
  const take = async (id = "a", more: Partial<KeyRequest<TestKey>> = {}): Promise<TestKey> => {
    const before = loads.length;
    const obtained = cache.obtain(request(id, more));
    if (loads.length > before) loads.at(-1)!.land();
    return obtained;
  };
  /** The same, and lets go of the key. */
  const use = async (id = "a", more: Partial<KeyRequest<TestKey>> = {}): Promise<TestKey> => {
    const key = await take(id, more);
    key.secret.release();
    return key;
  };
  return { cache, clocks, keys, loads, newKey, request, take, use };
}
