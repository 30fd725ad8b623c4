// The matrix is worth what its detector of key bytes is worth.
import { expect, it } from "vitest";
import { backend } from "#crypto";
import { leakIn, reachableText, recordDataKeys, textsOf } from "./secrets.ts";

const secret = Uint8Array.from({ length: 32 }, (_, i) => (i * 53 + 7) & 0xff);
const base64 = Buffer.from(secret).toString("base64");
const hex = Buffer.from(secret).toString("hex");

it.each([
  ["base64, whole", base64],
  ["base64, the beginning", `"Plaintext":"${base64.slice(0, 9)}`],
  ["base64, in the middle", `...${base64.slice(11, 21)}...`],
  ["hex", hex.slice(20, 40)],
  ["an array", [...secret].join(", ")],
  ["an array in lines", [...secret].slice(4, 12).join(",\n  ")],
  ["JSON of bytes", JSON.stringify({ ...secret })],
])("sees %s", (_name, text) => {
  expect(leakIn(text, [secret])).toBeDefined();
});

it.each([
  ["a message", new Error(`unexpected ${base64.slice(3, 13)}`)],
  ["a cause", new Error("failed", { cause: new Error(base64) })],
  ["an aggregate", new Error("failed", { cause: new AggregateError([new Error(base64)]) })],
  ["a reason", Object.assign(new Error("failed"), { reasons: [{ cause: new Error(base64) }] })],
  ["a property", Object.assign(new Error("failed"), { reply: { Plaintext: secret } })],
  ["a buffer", Object.assign(new Error("failed"), { reply: Buffer.from(secret) })],
])("sees a key in an error: %s", (_name, error) => {
  expect(leakIn(textsOf(error), [secret])).toBeDefined();
});

it("sees a key behind hidden properties", () => {
  const error = new Error("failed");
  Object.defineProperty(error, "$response", { value: { body: { chunks: [Buffer.from(base64)] } } });
  expect(leakIn(textsOf(error), [secret])).toBeUndefined();
  expect(leakIn(reachableText(error), [secret])).toBeDefined();
});

it("is silent where there is none", () => {
  const other = new Error(Buffer.from(secret.map((byte) => byte ^ 1)).toString("base64"));
  expect(leakIn(textsOf(other) + reachableText(other), [secret])).toBeUndefined();
});

it("hears of the data keys that are drawn", () => {
  const { keys, stop } = recordDataKeys();
  const drawn = backend.randomBytes(32);
  backend.randomBytes(12);
  stop();
  backend.randomBytes(32);
  expect(keys).toEqual([drawn]);
});
