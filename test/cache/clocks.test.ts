import { describe, expect, it } from "vitest";
import { ageOf, now, systemClocks } from "../../src/cache/clocks.ts";
import { VirtualClocks } from "../support/virtual.ts";

describe("the age of a key", () => {
  it.each<[string, number, (clocks: VirtualClocks) => void]>([
    ["nothing at once", 0, () => {}],
    ["what both clocks say", 700, (clocks) => clocks.advance(700)],
    [
      "what the monotonic clock says after the wall clock was set back",
      700,
      (c) => c.setBack(700, 9_000_000),
    ],
    ["what the wall clock says after the monotonic one stood still", 700, (clocks) => clocks.sleep(700)],
    [
      "the larger one, whatever came before",
      700,
      (clocks) => {
        clocks.setBack(300, 200);
        clocks.sleep(900);
      },
    ],
  ])("is %s", (_, age, passes) => {
    const clocks = new VirtualClocks();
    const then = now(clocks);
    passes(clocks);
    expect(ageOf(then, clocks)).toBe(age);
  });
});

it("the system's clocks count milliseconds", async () => {
  const then = now(systemClocks);
  expect(Math.abs(then.wall - Date.now())).toBeLessThan(1000);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(ageOf(then, systemClocks)).toBeGreaterThan(15);
});
