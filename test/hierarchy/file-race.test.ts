import { describe, expect, it } from "vitest";
import { fileMailboxStore } from "../../src/hierarchy/file.ts";
import { fileProcesses, filesOf, type Leave, type StoreProcess } from "./file-process.ts";
import { increment } from "./store-contract.ts";

const { freshDirectory, start } = fileProcesses();

interface Change {
  readonly before: string | null;
  readonly after: string | null;
}

describe("several processes on one directory", () => {
  it("lose no update", async () => {
    const directory = freshDirectory();
    const processes = await Promise.all([1, 2, 3, 4].map(() => start(directory)));
    const store = fileMailboxStore(directory);
    const here = Array.from({ length: 40 }, () => increment(store, "alice"));
    await Promise.all([...processes.map((each) => each.run("count", { id: "alice", times: 40 })), ...here]);
    expect(await store.get("alice", {})).toBe("200");
    expect(Object.keys(await filesOf(directory))).toEqual(["200.json"]);
  });

  it("create, replace and delete one record, and each change follows on another one", async () => {
    const directory = freshDirectory();
    const processes = await Promise.all([1, 2, 3, 4].map(() => start(directory)));
    const logs = processes.map((each, i) =>
      each.run("churn", { id: "alice", times: 60, name: `process ${i}` }),
    );
    const changes = ((await Promise.all(logs)) as Change[][]).flat();
    const end = await fileMailboxStore(directory).get("alice", {});

    // No two records are alike: one that was written was replaced once, or is there still.
    const written = changes.map(({ after }) => after).filter((record) => record !== null);
    const replaced = changes.map(({ before }) => before).filter((record) => record !== null);
    expect(new Set(replaced).size).toBe(replaced.length);
    expect([...replaced, ...(end === null ? [] : [end])].toSorted()).toEqual(written.toSorted());
    expect(Object.keys(await filesOf(directory))).toEqual([`${changes.length}.json`]);
  });
});

describe("a writer that sleeps while others write", () => {
  /** A write over `before` that waits before this step until `meanwhile` is over. Null: it has no such step. */
  async function sleepingAt(
    sleeper: StoreProcess,
    at: number,
    before: string | null,
    meanwhile: readonly Change[],
  ) {
    const directory = freshDirectory();
    const store = fileMailboxStore(directory);
    if (before !== null) await store.replace("alice", null, before, {});
    let slept: string | null = null;
    const leave = async (step: string, index: number): Promise<Leave> => {
      if (index !== at) return "go";
      slept = step;
      for (const change of meanwhile) {
        expect(await store.replace("alice", change.before, change.after, {})).toBe(true);
      }
      return "go";
    };
    const answer = await sleeper.replace({ id: "alice", before, after: "sleeper", directory }, leave);
    return { slept, answer, store, directory };
  }

  it.each<[string, string | null, ...(string | null)[]]>([
    ["a record", "one", "two"],
    ["two records", "one", "two", "three"],
    ["a deletion", "one", null],
    ["a deletion and a new record", "one", null, "three"],
    ["the same record again", "one", "two", "one"],
    ["a creation", null, "two"],
    ["a creation and a record", null, "two", "three"],
    ["a creation and a deletion", null, "two", null],
  ])("%s: overwrites nothing but what it has read, wherever it slept", async (_, before, ...records) => {
    const meanwhile = records.map((after, i) => ({
      before: i === 0 ? before : (records[i - 1] ?? null),
      after,
    }));
    const last = records.at(-1) ?? null;
    const sleeper = await start(freshDirectory());
    let linked = false;
    for (let at = 0; !linked; at++) {
      const { slept, answer, store, directory } = await sleepingAt(sleeper, at, before, meanwhile);
      const what = `slept before step ${at}, ${slept}`;
      expect(answer, what).toBe(last === before);
      expect(await store.get("alice", {}), what).toBe(last === before ? "sleeper" : last);
      expect(Object.keys(await filesOf(directory)), what).toHaveLength(1);
      linked = slept === "link";
    }
  });
});
