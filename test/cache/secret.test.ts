import { expect, it } from "vitest";
import { Secret } from "../../src/cache/secret.ts";
import { counting } from "../support/bytes.ts";

it("takes the bytes over without a copy", () => {
  const bytes = counting(32, 1);
  expect(new Secret(bytes).bytes).toBe(bytes);
});

it("wipes in place when its only holder lets go", () => {
  const bytes = counting(32, 1);
  new Secret(bytes).release();
  expect(bytes).toEqual(new Uint8Array(32));
});

it("keeps the bytes until the last of several holders has let go", () => {
  const bytes = counting(32, 1);
  const secret = new Secret(bytes);
  expect(secret.retain().retain()).toBe(secret);
  secret.release();
  secret.release();
  expect(secret.bytes).toEqual(counting(32, 1));
  secret.release();
  expect(bytes).toEqual(new Uint8Array(32));
});

it.each(["bytes", "retain", "release"] as const)(
  "refuses %s after the last release, and shows nothing",
  (use) => {
    const secret = new Secret(counting(32, 1));
    secret.release();
    expect(() => (use === "bytes" ? secret.bytes : secret[use]())).toThrow(/after its last holder/);
  },
);

it("does not print its bytes", () => {
  const secret = new Secret(counting(4, 200));
  expect(`${JSON.stringify(secret)} ${Object.values(secret)} ${String(secret)}`).not.toMatch(/20[0-3]/);
});
