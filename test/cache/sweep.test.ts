import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClocks } from "../../src/cache/clocks.ts";
import { MAX_AGE, testCache } from "./helpers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const timed = (options = {}) => testCache({ clocks: systemClocks, ...options });

describe("without any further call", () => {
  it("a key is wiped when it expires, and not before", async () => {
    const { use, cache } = timed();
    const key = await use();
    vi.advanceTimersByTime(MAX_AGE - 1);
    expect(key.isWiped).toBe(false);
    vi.advanceTimersByTime(1);
    expect(key.isWiped).toBe(true);
    expect(cache.figures).toMatchObject({ entries: 0, evictions: 1 });
  });

  it("each of several keys is wiped at its own time", async () => {
    const { use, keys } = timed();
    for (const id of ["a", "b", "c"]) {
      await use(id);
      vi.advanceTimersByTime(100);
    }
    const wiped = () => keys.map(({ isWiped }) => isWiped);
    vi.advanceTimersByTime(MAX_AGE - 301);
    expect(wiped()).toEqual([false, false, false]);
    for (const [i, state] of [
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ].entries()) {
      vi.advanceTimersByTime(i === 0 ? 1 : 100);
      expect(wiped()).toEqual(state);
    }
  });

  it("a key that was asked for first and came last is wiped in its turn", async () => {
    const { use, cache, request, loads } = timed();
    const slow = cache.obtain(request("slow"));
    vi.advanceTimersByTime(600);
    const quick = await use("quick");
    const late = loads[0]!.land();
    (await slow).secret.release();
    expect(cache.figures.oldestAgeMs).toBe(600);
    vi.advanceTimersByTime(400);
    expect([late.isWiped, quick.isWiped]).toEqual([true, false]);
    vi.advanceTimersByTime(599);
    expect(quick.isWiped).toBe(false);
    vi.advanceTimersByTime(1);
    expect(quick.isWiped).toBe(true);
  });

  it("a key in use is wiped when its user lets go", async () => {
    const { take } = timed();
    const held = await take();
    vi.advanceTimersByTime(10 * MAX_AGE);
    expect(held.isWiped).toBe(false);
    held.secret.release();
    expect(held.isWiped).toBe(true);
  });

  it("a key that came after all others had gone is wiped as well", async () => {
    const { use, cache } = timed();
    await use("a");
    vi.advanceTimersByTime(5 * MAX_AGE);
    const second = await use("b");
    cache.clear();
    const third = await use("c");
    expect([second.isWiped, third.isWiped]).toEqual([true, false]);
    vi.advanceTimersByTime(MAX_AGE);
    expect(third.isWiped).toBe(true);
  });
});

describe("timers", () => {
  it("number one at most, and none once nothing is left", async () => {
    const { use } = timed();
    expect(vi.getTimerCount()).toBe(0);
    for (let i = 0; i < 50; i++) await use(`${i}`);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(MAX_AGE);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("number none after dispose", async () => {
    const { use, cache } = timed();
    await use();
    cache.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that never fire leave the wiping to the next use", async () => {
    const { use, cache, keys, clocks } = testCache();
    for (const id of ["a", "b"]) await use(id);
    clocks.advance(MAX_AGE);
    const wiped = () => keys.map(({ isWiped }) => isWiped);
    expect(wiped()).toEqual([false, false]);
    await use("c");
    expect(wiped()).toEqual([true, true, false]);
    clocks.advance(MAX_AGE);
    expect(cache.figures).toMatchObject({ entries: 0, oldestAgeMs: null });
    expect(wiped()).toEqual([true, true, true]);
  });

  it("of the longest period fit", async () => {
    const maxAgeMs = 86_400_000;
    const { use } = timed({ maxAgeMs });
    const key = await use();
    vi.advanceTimersByTime(maxAgeMs - 1);
    expect(key.isWiped).toBe(false);
    vi.advanceTimersByTime(1);
    expect(key.isWiped).toBe(true);
  });
});
