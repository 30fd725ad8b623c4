import { expect, it } from "vitest";
import { Gathered } from "../../src/bytes/gathered.ts";
import { counting } from "../support/bytes.ts";

it("joins what fits, and says how much that was", () => {
  const all = new Gathered(10);
  expect(all.bytes).toHaveLength(0);
  expect(all.add(counting(4))).toBe(4);
  expect(all.add(counting(8).subarray(4))).toBe(4);
  expect(all.add(counting(12).subarray(8))).toBe(2);
  expect(all.add(counting(1))).toBe(0);
  expect(all.length).toBe(10);
  expect(all.bytes).toEqual(counting(10));
});

it("grows with what has come, and not beyond its limit", () => {
  const all = new Gathered(1000);
  const sizes = [1, 1, 1, 500, 500].map((length) => {
    all.add(counting(length));
    return all.bytes.buffer.byteLength;
  });
  expect(sizes).toEqual([1, 2, 4, 503, 1000]);
  expect(new Gathered(1000, 2000).bytes.buffer.byteLength).toBe(1000);
});

it("writes to the same memory again once it is cleared", () => {
  const all = new Gathered(10, 10);
  all.add(counting(10));
  const before = all.bytes;
  all.clear();
  expect(all.length).toBe(0);
  all.add(counting(3));
  expect(all.bytes).toEqual(counting(3));
  expect(all.bytes.buffer).toBe(before.buffer);
});
