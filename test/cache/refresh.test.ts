import { describe, expect, it, onTestFinished, vi } from "vitest";
import { failure, outcome } from "../support/failure.ts";
import { settled } from "../support/virtual.ts";
import { MAX_AGE, type TestKey, testCache } from "./helpers.ts";

const SOFT = 800;

/** A cache that renews from 800 ms on, or up to an eighth earlier by this chance; and what it told of. */
function refreshing(chance = 0) {
  const random = vi.spyOn(Math, "random").mockReturnValue(chance);
  onTestFinished(() => void random.mockRestore());
  const told: string[] = [];
  const events = {
    hit: (_: string, ageMs: number) => void told.push(`hit at ${ageMs}`),
    miss: () => void told.push("miss"),
    evicted: (_: string, reason: string, ageMs: number) => void told.push(`${reason} at ${ageMs}`),
    renewalFailed: (_: string, error: unknown) =>
      void told.push(`renewal failed: ${(error as Error).message}`),
  };
  const test = testCache({ softAgeMs: SOFT, events });
  /** A use that finds a key at once, and asks for none that it would have to wait for. */
  const hit = (): TestKey => {
    const key = test.cache.obtain(test.request()) as TestKey;
    key.secret.release();
    return key;
  };
  return { ...test, told, hit };
}

it("without a soft age nothing is renewed", async () => {
  const { use, clocks, loads } = testCache();
  await use();
  clocks.advance(MAX_AGE - 1);
  await use();
  expect(loads.length).toBe(1);
});

describe("past the soft age", () => {
  it.each([
    [0, 800],
    [0.5, 750],
    [1 - 2 ** -53, 700],
  ])("(by chance %f: from %i ms) one renewal begins", async (chance, from) => {
    const { use, hit, clocks, loads } = refreshing(chance);
    await use();
    clocks.advance(from - 1);
    hit();
    expect(loads.length).toBe(1);
    clocks.advance(1);
    for (let i = 0; i < 100; i++) expect(hit().number).toBe(1);
    expect(loads.length).toBe(2);
  });

  it("callers go on with the old key until the new one is there", async () => {
    const { use, hit, clocks, loads, keys, cache, told } = refreshing();
    await use();
    clocks.advance(SOFT);
    expect(hit().number).toBe(1);
    clocks.advance(100);
    expect(hit().number).toBe(1);
    loads[1]!.land();
    await settled();
    expect(keys[0]!.isWiped).toBe(true);
    expect(hit().number).toBe(2);
    expect(cache.figures).toMatchObject({ entries: 1, misses: 1, hits: 3, oldestAgeMs: 100, inFlight: 0 });
    expect(told).toEqual(["miss", "hit at 800", "hit at 900", "renewed at 900", "hit at 100"]);
  });

  it("a key that nobody uses is not renewed", async () => {
    const { use, clocks, loads } = refreshing();
    await use();
    clocks.advance(MAX_AGE - 1);
    await settled();
    expect(loads.length).toBe(1);
  });

  it("the caller whose use began the renewal may abort: that is not its work", async () => {
    const { use, cache, request, clocks, loads } = refreshing();
    await use();
    clocks.advance(SOFT);
    const controller = new AbortController();
    const key = cache.obtain(request("a", { signal: controller.signal })) as TestKey;
    controller.abort();
    expect(loads[1]!.signal.aborted).toBe(false);
    key.secret.release();
  });

  it("a key that answers at once takes the place of the old one, under whose users nothing is wiped", async () => {
    const { use, cache, request, newKey, clocks } = refreshing();
    await use();
    clocks.advance(SOFT);
    const load = () => newKey();
    const old = cache.obtain(request("a", { load })) as TestKey;
    expect(old).toMatchObject({ number: 1, isWiped: false });
    expect(cache.obtain(request("a", { load }))).toMatchObject({ number: 2 });
    old.secret.release();
    expect(old.isWiped).toBe(true);
  });

  it("a renewal that takes longer than the period is asked for once more, as any other", async () => {
    const { use, hit, clocks, loads, told } = refreshing();
    await use();
    clocks.advance(SOFT);
    hit();
    for (const i of [1, 2]) {
      clocks.advance(MAX_AGE);
      expect(loads[i]!.land().number).toBe(i + 1);
      await settled();
    }
    expect(loads.length).toBe(3);
    expect(told.at(-1)).toMatch(/^renewal failed: .*took longer/);
  });

  it("a cache that was cleared meanwhile does not keep the renewed key", async () => {
    const { use, hit, cache, clocks, loads } = refreshing();
    await use();
    clocks.advance(SOFT);
    hit();
    cache.clear();
    const renewed = loads[1]!.land();
    await settled();
    expect(renewed.isWiped).toBe(true);
    expect(cache.figures.entries).toBe(0);
  });
});

describe("a service that is out of order", () => {
  it("is not asked again at once, and hurts no caller before the key's end", async () => {
    const { use, hit, clocks, loads, told } = refreshing();
    await use();
    clocks.advance(SOFT);
    const asked: number[] = [];
    for (let age = SOFT; age < MAX_AGE; age++) {
      const before = loads.length;
      expect(hit().number).toBe(1);
      if (loads.length > before) {
        asked.push(age);
        loads.at(-1)!.reject(new Error("no KMS"));
        await settled();
      }
      clocks.advance(1);
    }
    expect(asked.slice(0, 4)).toEqual([800, 825, 847, 867]);
    expect(told.filter((event) => event === "renewal failed: no KMS").length).toBe(asked.length);
    const obtained = use();
    loads.at(-1)!.land();
    expect((await obtained).number).toBe(2);
  });

  it("is told of also where it throws at once", async () => {
    const { use, cache, request, clocks, told } = refreshing();
    await use();
    clocks.advance(SOFT);
    const load = () => {
      throw new Error("at once");
    };
    for (let i = 0; i < 5; i++) expect(cache.obtain(request("a", { load }))).toMatchObject({ number: 1 });
    expect(told.filter((event) => event.startsWith("renewal"))).toEqual(["renewal failed: at once"]);
  });
});

describe("past the hard age", () => {
  it("callers wait for the renewal that is on its way, and get nothing old", async () => {
    const { use, hit, cache, request, clocks, loads, keys } = refreshing();
    await use();
    clocks.advance(SOFT);
    hit();
    clocks.advance(MAX_AGE - SOFT);
    const waits = [cache.obtain(request()), cache.obtain(request())];
    expect(keys[0]!.isWiped).toBe(true);
    expect(loads.length).toBe(2);
    const renewed = loads[1]!.land();
    expect(await Promise.all(waits)).toEqual([renewed, renewed]);
    expect(cache.figures.oldestAgeMs).toBe(MAX_AGE - SOFT);
  });

  it("its failure is theirs, each one's own", async () => {
    const { use, hit, cache, request, clocks, loads } = refreshing();
    await use();
    clocks.advance(SOFT);
    hit();
    clocks.advance(MAX_AGE - SOFT);
    const waits = [cache.obtain(request()), cache.obtain(request())];
    const errors = Promise.all(waits.map((wait) => outcome(Promise.resolve(wait))));
    loads[1]!.reject(new Error("no KMS"));
    const [first, second] = await errors;
    expect([String(first), String(second)]).toEqual(["Error: no KMS", "Error: no KMS"]);
    expect(first).not.toBe(second);
  });

  it("waiters who leave do not end the renewal", async () => {
    const { use, hit, cache, request, clocks, loads } = refreshing();
    await use();
    clocks.advance(SOFT);
    hit();
    clocks.advance(MAX_AGE - SOFT);
    const controller = new AbortController();
    const wait = outcome(Promise.resolve(cache.obtain(request("a", { signal: controller.signal }))));
    controller.abort(new Error("no patience"));
    expect(String(await wait)).toBe("Error: no patience");
    expect(loads[1]!.signal.aborted).toBe(false);
    loads[1]!.land();
    await settled();
    expect(hit().number).toBe(2);
  });

  it("a cache that was disposed of renews nothing", async () => {
    const { use, cache, request, clocks, loads } = refreshing();
    await use();
    clocks.advance(SOFT);
    cache.dispose();
    await failure(() => cache.obtain(request()), "ERR_INVALID_ARGUMENT");
    expect(loads.length).toBe(1);
  });
});
