import { describe, expect, it } from "vitest";
import { failure, outcome } from "../support/failure.ts";
import { settled } from "../support/virtual.ts";
import { MAX_AGE, TestKey, testCache } from "./helpers.ts";

const numbers = (keys: readonly TestKey[]) => keys.map(({ number }) => number);

describe("the age of a key", () => {
  it.each([
    [MAX_AGE - 1, 1],
    [MAX_AGE, 2],
    [MAX_AGE + 1, 2],
  ])("of %i ms lets key %i serve, where 1000 ms are the most", async (age, number) => {
    const { use, clocks } = testCache();
    await use();
    clocks.advance(age);
    expect((await use()).number).toBe(number);
  });

  it("that no clock tells lets nothing serve twice", () => {
    const clocks = { monotonic: () => Number.NaN, wall: () => Number.NaN };
    const { cache, request } = testCache({ clocks });
    let made = 0;
    for (let i = 0; i < 2; i++) cache.obtain(request("a", { load: () => new TestKey(++made) }));
    expect(made).toBe(2);
  });

  it("is not made less by use", async () => {
    const { use, clocks, keys } = testCache();
    for (let i = 0; i < 40; i++) {
      await use();
      clocks.advance(MAX_AGE / 10);
    }
    expect(numbers(keys)).toEqual([1, 2, 3, 4]);
  });

  it("goes on while the monotonic clock stands still, and while the wall clock is set back", async () => {
    const { use, clocks } = testCache();
    await use();
    clocks.sleep(MAX_AGE);
    expect((await use()).number).toBe(2);
    clocks.setBack(MAX_AGE, 1_000_000);
    expect((await use()).number).toBe(3);
    clocks.sleep(500_000);
    expect((await use()).number).toBe(4);
  });

  it("counts from when the key was asked for", async () => {
    const { cache, request, loads, use, clocks } = testCache();
    const obtained = cache.obtain(request());
    clocks.advance(MAX_AGE - 1);
    loads[0]!.land();
    (await obtained).secret.release();
    expect(cache.figures.oldestAgeMs).toBe(MAX_AGE - 1);
    clocks.advance(1);
    expect((await use()).number).toBe(2);
  });

  it("is looked at again once the key has come: what took too long is wiped and asked for once more", async () => {
    const { cache, request, loads, clocks } = testCache();
    const obtained = cache.obtain(request());
    clocks.advance(MAX_AGE);
    const late = loads[0]!.land();
    await settled();
    expect(late.isWiped).toBe(true);
    expect(loads.length).toBe(2);
    clocks.advance(MAX_AGE - 1);
    loads[1]!.land();
    expect((await obtained).number).toBe(2);
    expect(cache.figures).toMatchObject({ entries: 1, oldestAgeMs: MAX_AGE - 1, misses: 1 });
  });

  it("passed twice on the way is a typed error, and neither key is kept or left unwiped", async () => {
    const { cache, request, loads, keys, clocks } = testCache();
    const obtained = [cache.obtain(request()), cache.obtain(request())];
    for (const wait of obtained) void Promise.resolve(wait).catch(() => {});
    for (const i of [0, 1]) {
      clocks.sleep(MAX_AGE);
      loads[i]!.land();
      await settled();
    }
    for (const wait of obtained) {
      const error = await failure(Promise.resolve(wait), "ERR_KEYRING");
      expect(error.message).toMatch(/took longer to arrive than it may be used, twice/);
    }
    expect(loads.length).toBe(2);
    expect(keys.map(({ isWiped }) => isWiped)).toEqual([true, true]);
    expect(cache.figures).toMatchObject({ entries: 0, inFlight: 0 });
  });

  it("is looked at a last time when the waiter wakes", async () => {
    const { cache, request, loads, clocks } = testCache();
    const slow = request("a", {
      book() {
        clocks.advance(MAX_AGE);
        return true;
      },
    });
    const obtained = Promise.resolve(cache.obtain(slow));
    const first = loads[0]!.land();
    await settled();
    expect(first.isWiped).toBe(true);
    expect(loads.length).toBe(2);
    obtained.catch(() => {});
  });
});

describe("one load", () => {
  it("serves all who come while it is on its way", async () => {
    const { cache, request, loads } = testCache();
    const obtained = Array.from({ length: 500 }, () => cache.obtain(request()));
    expect(loads.length).toBe(1);
    const key = loads[0]!.land();
    for (const own of await Promise.all(obtained)) expect(own).toBe(key);
    expect(key.uses).toBe(500);
    expect(cache.figures).toMatchObject({ hits: 0, misses: 1, joined: 499, entries: 1, inFlight: 0 });
  });

  it("is not joined by another id", async () => {
    const { cache, request, loads } = testCache();
    for (const id of ["a", "b", "a "]) void cache.obtain(request(id));
    expect(loads.length).toBe(3);
    expect(cache.figures).toMatchObject({ misses: 3, joined: 0, inFlight: 3 });
  });

  it("that fails is not kept: the next caller begins a new one", async () => {
    const { cache, request, loads, use } = testCache();
    const obtained = [cache.obtain(request()), cache.obtain(request())];
    loads[0]!.reject(new Error("no"));
    const errors = await Promise.all(obtained.map((wait) => outcome(Promise.resolve(wait))));
    expect(errors.map(String)).toEqual(["Error: no", "Error: no"]);
    expect(errors[0]).not.toBe(errors[1]);
    expect(cache.figures).toMatchObject({ entries: 0, inFlight: 0 });
    expect((await use()).number).toBe(1);
    expect(loads.length).toBe(2);
  });

  it("that throws at once is no flight either", async () => {
    const { cache, request, use } = testCache();
    const load = () => {
      throw new Error("at once");
    };
    for (let i = 0; i < 2; i++) expect(() => cache.obtain(request("a", { load }))).toThrow("at once");
    expect(cache.figures).toMatchObject({ misses: 2, entries: 0, inFlight: 0 });
    expect((await use()).number).toBe(1);
  });

  it("that answers at once is answered at once", () => {
    const { cache, request, newKey } = testCache();
    const load = () => newKey();
    for (let i = 0; i < 3; i++) {
      expect(cache.obtain(request("a", { load }))).toMatchObject({ number: 1, uses: i + 1 });
    }
    expect(cache.figures).toMatchObject({ misses: 1, hits: 2, entries: 1 });
  });

  it("whose last waiter leaves is aborted, and the next caller begins a new one", async () => {
    const { cache, request, loads } = testCache();
    const controllers = [new AbortController(), new AbortController()];
    const waits = controllers.map(({ signal }) => Promise.resolve(cache.obtain(request("a", { signal }))));
    for (const wait of waits) wait.catch(() => {});
    controllers[0]!.abort();
    expect(loads[0]!.signal.aborted).toBe(false);
    controllers[1]!.abort();
    expect(loads[0]!.signal.aborted).toBe(true);
    const next = cache.obtain(request());
    expect(loads.length).toBe(2);
    const stray = loads[0]!.land();
    await settled();
    expect(stray.isWiped).toBe(true);
    const key = loads[1]!.land();
    expect(await next).toBe(key);
    expect(key.isWiped).toBe(false);
  });

  it("is not begun for a signal that is aborted already", () => {
    const { cache, request, loads } = testCache();
    const signal = AbortSignal.abort(new Error("too late"));
    expect(() => cache.obtain(request("a", { signal }))).toThrow("too late");
    expect(loads.length).toBe(0);
  });

  it("that was cleared away and then given up leaves the load that came after it", async () => {
    const { cache, request, loads } = testCache();
    const controller = new AbortController();
    const given = Promise.resolve(cache.obtain(request("a", { signal: controller.signal })));
    given.catch(() => {});
    cache.clear();
    const waits = [cache.obtain(request())];
    controller.abort();
    waits.push(cache.obtain(request()));
    expect(loads.length).toBe(2);
    const key = loads[1]!.land();
    expect(await Promise.all(waits)).toEqual([key, key]);
    expect(cache.figures).toMatchObject({ entries: 1, inFlight: 0 });
  });
});

describe("the limit of a key", () => {
  const atMost = (limit: number) => ({
    book(key: TestKey) {
      if (key.uses >= limit) return false;
      key.uses++;
      return true;
    },
  });

  it("is kept by every user, in the cache and in flight", async () => {
    const { cache, request, loads, keys, use } = testCache();
    const obtained = Array.from({ length: 10 }, () => cache.obtain(request("a", atMost(3))));
    for (let i = 0; i < 4; i++) {
      expect(loads.length).toBe(i + 1);
      loads[i]!.land();
      await settled();
    }
    expect(numbers(await Promise.all(obtained))).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4]);
    for (let i = 0; i < 3; i++) await use("a", atMost(3));
    expect(keys.map(({ uses }) => uses)).toEqual([3, 3, 3, 3, 1]);
  });

  it("evicts the key that has reached it, which is wiped when its last user lets go", async () => {
    const { take, cache } = testCache();
    const first = await take("a", atMost(1));
    const second = await take("a", atMost(1));
    expect(second).not.toBe(first);
    expect(cache.figures).toMatchObject({ evictions: 1, entries: 1 });
    expect(first.isWiped).toBe(false);
    first.secret.release();
    expect(first.isWiped).toBe(true);
  });
});

describe("capacity", () => {
  it("evicts who was used least recently", async () => {
    const { use, cache } = testCache({ capacity: 3 });
    for (const id of ["a", "b", "c", "a", "d"]) await use(id);
    expect(cache.figures).toMatchObject({ entries: 3, evictions: 1 });
    for (const id of ["a", "c", "d"]) await use(id);
    expect(cache.figures).toMatchObject({ hits: 4, misses: 4 });
    expect((await use("b")).number).toBe(5);
  });

  it("of one keeps the newest, and wipes nothing under a user's feet", async () => {
    const { cache, request, loads, keys } = testCache({ capacity: 1 });
    const obtained = Array.from({ length: 400 }, (_, i) => cache.obtain(request(`${i % 8}`)));
    for (const load of loads) load.land();
    const held = await Promise.all(obtained);
    expect(cache.figures).toMatchObject({ entries: 1, evictions: 7, misses: 8, joined: 392 });
    expect(keys.some(({ isWiped }) => isWiped)).toBe(false);
    for (const key of held) key.secret.release();
    expect(keys.filter(({ isWiped }) => isWiped).length).toBe(7);
    cache.clear();
    expect(keys.every(({ isWiped }) => isWiped)).toBe(true);
  });

  it("takes expired keys before living ones", async () => {
    const { use, cache, clocks } = testCache({ capacity: 2 });
    await use("old");
    clocks.advance(MAX_AGE - 1);
    await use("young");
    await use("old");
    clocks.advance(1);
    await use("new");
    expect(cache.figures).toMatchObject({ entries: 2, evictions: 1 });
    expect((await use("young")).number).toBe(2);
  });
});

describe("clearing", () => {
  it("wipes what nobody uses, and the rest when its users let go", async () => {
    const { cache, take, use, clocks } = testCache();
    const held = await take("held");
    const idle = await use("idle");
    clocks.advance(1);
    cache.clear();
    expect([held.isWiped, idle.isWiped]).toEqual([false, true]);
    expect(cache.figures).toMatchObject({ entries: 0, evictions: 2, oldestAgeMs: null });
    held.secret.release();
    expect(held.isWiped).toBe(true);
  });

  it("one partition leaves the others", async () => {
    const { cache, use } = testCache();
    for (const partition of ["", "p", "q"]) await use(`in ${partition}`, { partition });
    cache.clear("p");
    expect(cache.figures.entries).toBe(2);
    cache.clear("");
    expect(cache.figures.entries).toBe(1);
    cache.clear("somebody else's");
    expect((await use("in q", { partition: "q" })).number).toBe(3);
  });

  it("while a load is on its way serves those who wait, and keeps nothing", async () => {
    const { cache, request, loads } = testCache();
    const waits = [cache.obtain(request("a", { partition: "p" })), cache.obtain(request("b"))];
    cache.clear("p");
    expect(cache.figures.inFlight).toBe(1);
    for (const load of loads) load.land();
    const [a, b] = await Promise.all(waits);
    expect(cache.figures.entries).toBe(1);
    expect(a!.isWiped).toBe(false);
    a!.secret.release();
    b!.secret.release();
    expect([a!.isWiped, b!.isWiped]).toEqual([true, false]);
  });

  it("and a failure of what was cleared leaves the load that came after it", async () => {
    const { cache, request, loads } = testCache();
    const before = Promise.resolve(cache.obtain(request()));
    cache.clear();
    const after = cache.obtain(request());
    loads[0]!.reject(new Error("no"));
    expect(String(await outcome(before))).toBe("Error: no");
    expect(cache.figures.inFlight).toBe(1);
    const key = loads[1]!.land();
    expect(await after).toBe(key);
  });
});

describe("a cache that was disposed of", () => {
  it("wipes, refuses, and keeps nothing that arrives later", async () => {
    const { cache, request, loads, use } = testCache();
    const idle = await use("idle");
    const waits = cache.obtain(request("a"));
    cache.dispose();
    cache.dispose();
    expect(idle.isWiped).toBe(true);
    const late = loads.at(-1)!.land();
    expect(await waits).toBe(late);
    late.secret.release();
    expect(late.isWiped).toBe(true);
    const error = await failure(() => cache.obtain(request()), "ERR_INVALID_ARGUMENT");
    expect(error.message).toBe("The test was disposed of.");
    expect(cache.figures).toMatchObject({ entries: 0, inFlight: 0 });
  });
});

describe("an observer of evictions", () => {
  const clearing = (what: "clear" | "dispose", capacity = 1) => {
    const test: ReturnType<typeof testCache> = testCache({
      capacity,
      events: {
        hit() {},
        miss() {},
        renewalFailed() {},
        evicted: () => test.cache[what](),
      },
    });
    return test;
  };

  it.each(["clear", "dispose"] as const)("may %s the cache that a load has just filled", async (what) => {
    const { take, use, cache, keys } = clearing(what);
    await use("a");
    const held = await take("b");
    expect(held.isWiped).toBe(false);
    held.secret.release();
    expect(cache.figures.entries).toBe(0);
    expect(keys.every(({ isWiped }) => isWiped)).toBe(true);
  });

  it("may clear it while it is being cleared", async () => {
    const { cache, keys, use } = clearing("clear", 3);
    for (const id of ["a", "b", "c"]) await use(id);
    cache.clear();
    expect(cache.figures).toMatchObject({ entries: 0, evictions: 3 });
    expect(keys.every(({ isWiped }) => isWiped)).toBe(true);
  });

  it.each(["clear", "dispose"] as const)("may %s it while a key is answered at once", (what) => {
    const { cache, request, newKey, keys } = clearing(what);
    const load = () => newKey();
    for (const id of ["a", "b"]) {
      const held = cache.obtain(request(id, { load })) as TestKey;
      expect(held.isWiped).toBe(false);
      held.secret.release();
    }
    expect(cache.figures.entries).toBe(0);
    expect(keys.every(({ isWiped }) => isWiped)).toBe(true);
  });
});
