import { describe, expect, it } from "vitest";
import { cachingMaterialsManager } from "../../src/index.ts";
import { failure } from "../support/failure.ts";
import { aes, clear } from "../support/keyrings.ts";

const inner = cachingMaterialsManager({ keyring: aes() });
const refusal = (options: object) =>
  failure(() => cachingMaterialsManager({ keyring: aes(), ...options } as never), "ERR_INVALID_ARGUMENT");

describe("cachingMaterialsManager refuses", () => {
  it.each([undefined, null, 5, "options"])("%s in place of options", async (options) => {
    const error = await failure(() => cachingMaterialsManager(options as never), "ERR_INVALID_ARGUMENT");
    expect(error.message).toMatch(/^cachingMaterialsManager: an options object is needed/);
  });

  it.each<[RegExp, object]>([
    [/either keyring or materialsManager is needed, and not both/, { keyring: undefined }],
    [/either keyring or materialsManager is needed, and not both/, { materialsManager: inner }],
    [/keyring is not a keyring/, { keyring: {} }],
    [/is not a materials manager/, { keyring: undefined, materialsManager: aes() }],
    [/can neither wrap nor unwrap/, { keyring: { name: "n" } }],
  ])("a source that is none: %s", async (named, options) => {
    expect((await refusal(options)).message).toMatch(named);
  });

  const NUMBERS = [-1, 60.5, Number.NaN, Number.POSITIVE_INFINITY, "300", null, true, 300n, {}];

  it.each([59, 0, 86_401, 2 ** 53, ...NUMBERS])("a reuse period of %s", async (reusePeriodSeconds) => {
    const error = await refusal({ reusePeriodSeconds });
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/reusePeriodSeconds must be a whole number from 60 to 86400\.$/);
  });

  it.each([0, -1, 86_400.001, Number.NaN, Number.POSITIVE_INFINITY, "1", null])(
    "a period for tests of %s",
    async (reusePeriodSecondsForTests) => {
      const error = await refusal({ reusePeriodSecondsForTests });
      expect(error.message).toMatch(/reusePeriodSecondsForTests must be a number above 0, at most 86400/);
    },
  );

  it.each<[unknown]>([
    [null],
    [{}],
    [{ monotonic: () => 0 }],
    [{ monotonic: () => 0, wall: () => Number.NaN }],
  ])("clocks of %o", async (clocks) => {
    expect((await refusal({ clocks })).message).toMatch(/clocks must have monotonic\(\) and wall\(\)/);
  });

  it("both periods", async () => {
    const error = await refusal({ reusePeriodSeconds: 60, reusePeriodSecondsForTests: 60 });
    expect(error.message).toMatch(/either reusePeriodSeconds or reusePeriodSecondsForTests/);
  });

  it.each([0, 2 ** 32 + 1, ...NUMBERS])("a maxMessages of %s", async (maxMessages) => {
    const { message } = await refusal({ maxMessages });
    expect(message).toMatch(/maxMessages must be a whole number from 1 to 4294967296\.$/);
  });

  it.each(["maxBytes", "capacity"].flatMap((name) => [0, 2 ** 53, ...NUMBERS].map((value) => [name, value])))(
    "a %s of %s",
    async (name, value) => {
      const { message } = await refusal({ [name as string]: value });
      expect(message).toMatch(new RegExp(`${name} must be a whole number from 1 to ${2 ** 53 - 1}\\.$`));
    },
  );

  it.each([
    ...[null, 1, "yes", {}, { afterSeconds: 0 }, { afterSeconds: -1 }, { afterSeconds: 300 }],
    ...[{ afterSeconds: 301 }, { afterSeconds: "10" }, { afterSeconds: Number.NaN }, [], { seconds: 10 }],
  ])("a refreshAhead of %j", async (refreshAhead) => {
    const { message } = await refusal({ refreshAhead });
    expect(message).toMatch(
      /refreshAhead must be true, false, or \{ afterSeconds \} above 0 and below the reuse period \(300\)\.$/,
    );
  });

  it.each([1, "yes", null, 0])("a verifyNewKeys of %s", async (verifyNewKeys) => {
    expect((await refusal({ verifyNewKeys })).message).toMatch(/verifyNewKeys must be true or false/);
  });

  it.each(["log", {}, null])("an observer of %s", async (observer) => {
    expect((await refusal({ observer })).message).toMatch(/observer must be a function/);
  });
});

describe("cachingMaterialsManager takes", () => {
  it.each([
    { reusePeriodSeconds: 60 },
    { reusePeriodSeconds: 86_400 },
    { reusePeriodSecondsForTests: 0.001 },
    { reusePeriodSecondsForTests: 86_400 },
    { maxMessages: 1 },
    { maxMessages: 2 ** 32 },
    { maxBytes: 1, capacity: 1 },
    { maxBytes: 2 ** 53 - 1, capacity: 2 ** 53 - 1 },
    { refreshAhead: true },
    { refreshAhead: { afterSeconds: 0.5 } },
    { refreshAhead: { afterSeconds: 299.9 } },
    { reusePeriodSeconds: undefined, maxMessages: undefined, partition: undefined, observer: undefined },
  ])("%j", (options) => {
    cachingMaterialsManager({ keyring: aes(), ...options } as never);
  });

  it("a keyring that only reads, and one that writes objects, as which it then serves", () => {
    const { wrap: _, ...reading } = clear();
    expect(cachingMaterialsManager({ keyring: reading }).objectWrap).toBe(undefined);
    expect(cachingMaterialsManager({ keyring: aes() }).objectWrap).toBe("AES/GCM");
  });

  it("no lasting note of the options object: what it holds later does not matter", async () => {
    const options = { keyring: aes(), maxMessages: 1 };
    const manager = cachingMaterialsManager(options);
    options.maxMessages = 100;
    expect(manager.stats().encrypt).toEqual({
      ...{ hits: 0, misses: 0, joined: 0, evictions: 0, entries: 0, inFlight: 0 },
      oldestAgeSeconds: null,
    });
  });
});
