import { describe, expect, it } from "vitest";
import { andThen, attempt, firstAnswer } from "../src/awaitable.ts";

const later = <T>(value: T) => Promise.resolve(value);
const broken = new Error("x");

describe("andThen", () => {
  it("goes on at once with a value, and later with a promise", async () => {
    expect(andThen(1, (n) => n + 1)).toBe(2);
    const answer = andThen(later(1), (n) => n + 1);
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toBe(2);
    expect(await andThen(1, (n) => later(n + 1))).toBe(2);
  });
});

describe("attempt", () => {
  const failed = (error: unknown): never => {
    throw new Error("failed", { cause: error });
  };

  it("passes an answer on", async () => {
    expect(attempt(() => 1, failed)).toBe(1);
    expect(await attempt(() => later(1), failed)).toBe(1);
  });

  it("lets `failed` throw instead, at once or later", async () => {
    const throws = () => {
      throw broken;
    };
    expect(() => attempt(throws, failed)).toThrow(expect.objectContaining({ cause: broken }));
    await expect(attempt(() => Promise.reject(broken), failed)).rejects.toMatchObject({ cause: broken });
  });
});

describe("firstAnswer", () => {
  it.each([
    ["at once", (n: number) => (n > 2 ? n : null)],
    ["later", (n: number) => later(n > 2 ? n : undefined)],
    ["now this way, now that", (n: number) => (n % 2 === 0 ? later(null) : n > 2 ? n : null)],
  ])("asks in order until there is one: %s", async (_, ask) => {
    const asked: number[] = [];
    const answer = firstAnswer([1, 2, 3, 4], (n) => {
      asked.push(n);
      return ask(n);
    });
    expect(await answer).toBe(3);
    expect(asked).toEqual([1, 2, 3]);
  });

  it("is null if there is none, and waits for nothing that it need not", async () => {
    expect(firstAnswer([], () => 1)).toBeNull();
    expect(firstAnswer([1, 2], () => undefined)).toBeNull();
    expect(await firstAnswer([1, 2], () => later(null))).toBeNull();
  });
});
