import { describe, expect, it } from "vitest";
import { type HierarchicalKeyringOptions, hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { failure } from "../support/failure.ts";
import { memoryKeyStore } from "./branch-keys.ts";

const keyStore = memoryKeyStore("k");
const good = { keyStore, branchKeyId: "k" };
const make = (options: unknown) => hierarchicalKeyring(options as HierarchicalKeyringOptions);

describe("options", () => {
  const id = "a non-empty string of at most 2048 bytes";
  const cases: Record<string, [unknown, string]> = {
    nothing: [undefined, "an options object is needed"],
    "no store": [{ branchKeyId: "k" }, "keyStore must be a branch key store"],
    "a store without a name": [{ ...good, keyStore: { ...keyStore, name: undefined } }, "keyStore must be"],
    "a store that reads no versions": [
      { ...good, keyStore: { ...keyStore, version: undefined } },
      "keyStore must be",
    ],
    "no branch key": [{ keyStore }, "either branchKeyId or branchKeyIdFrom"],
    "both ways to name it": [
      { ...good, branchKeyIdFrom: () => "k" },
      "either branchKeyId or branchKeyIdFrom",
    ],
    "an empty id": [{ keyStore, branchKeyId: "" }, `branchKeyId must be ${id}`],
    "an id that is no string": [{ keyStore, branchKeyId: 7 }, `branchKeyId must be ${id}`],
    "an id that is too long": [{ keyStore, branchKeyId: "é".repeat(1025) }, `branchKeyId must be ${id}`],
    "an id that no UTF-8 carries": [{ keyStore, branchKeyId: "\ud800" }, `branchKeyId must be ${id}`],
    "a chooser that is no function": [
      { keyStore, branchKeyIdFrom: "k" },
      "branchKeyIdFrom must be a function",
    ],
    "a partition of another kind": [{ ...good, partition: 7 }, "partition must be a string"],
    "a period of 0": [{ ...good, reusePeriodSeconds: 0 }, "reusePeriodSeconds"],
    "a period of more than a day": [{ ...good, reusePeriodSeconds: 86_401 }, "reusePeriodSeconds"],
    "a part of a second": [{ ...good, reusePeriodSeconds: 1.5 }, "reusePeriodSeconds"],
    "no room": [{ ...good, capacity: 0 }, "capacity"],
    "an observer that cannot hear": [{ ...good, observer: {} }, "observer must be a function"],
    "clocks that tell no time": [{ ...good, clocks: {} }, "clocks must have"],
  };

  it.each(Object.entries(cases))("%s is misuse", async (_, [options, message]) => {
    const error = await failure(() => make(options), "ERR_INVALID_ARGUMENT");
    expect(error.message).toMatch(/^hierarchicalKeyring: /);
    expect(error.message).toContain(message);
  });

  it("names the branch key and the store", () => {
    expect(make(good).name).toBe("hierarchy k of memory");
    expect(make({ keyStore, branchKeyIdFrom: () => "k" }).name).toBe("hierarchy by context of memory");
  });

  it("has no wrapping of S3 objects", () => {
    expect("objectWrap" in make(good)).toBe(false);
  });
});
