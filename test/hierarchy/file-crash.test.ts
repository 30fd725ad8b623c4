import { readdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileMailboxStore } from "../../src/hierarchy/file.ts";
import { fileProcesses, filesOf, type Leave } from "./file-process.ts";
import { listAll } from "./store-contract.ts";

const { freshDirectory, start } = fileProcesses();

const WRITES: readonly {
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
}[] = [
  { what: "creation", before: null, after: "wrapped after" },
  { what: "replacement", before: "wrapped before", after: "wrapped after" },
  { what: "deletion", before: "wrapped before", after: null },
];

/** A store, in the middle of its life if there is a record. */
async function prepared(before: string | null) {
  const directory = freshDirectory();
  const store = fileMailboxStore(directory);
  if (before !== null) {
    await store.replace("alice", null, "wrapped first", {});
    await store.replace("alice", "wrapped first", before, {});
  }
  return { directory, store };
}

/** The steps of a write that is left alone. */
async function stepsOf({ before, after }: (typeof WRITES)[number]): Promise<string[]> {
  const { directory } = await prepared(before);
  const steps: string[] = [];
  const child = await start(directory);
  const done = await child.replace({ id: "alice", before, after }, (step) => {
    steps.push(step);
    return "go";
  });
  expect(done).toBe(true);
  return steps;
}

/** A store after a process was killed at this step of a write. */
async function killedAt({ before, after }: (typeof WRITES)[number], at: number, how: Leave = "die") {
  const { directory, store } = await prepared(before);
  const child = await start(directory);
  const leave = (_: string, step: number): Leave => (step === at ? how : "go");
  expect(await child.replace({ id: "alice", before, after }, leave)).toBe("killed");
  return { directory, store };
}

/** Has the temporaries of a store be of two minutes ago. */
async function age(directory: string): Promise<void> {
  for (const path of await readdir(directory, { recursive: true })) {
    const made = /\.(\d+)\.[^.]+\.tmp$/.exec(path)?.[1];
    if (made === undefined) continue;
    const old = path.replace(made, String(Number(made) - 120_000));
    await rename(join(directory, path), join(dirname(join(directory, path)), old.split(/[\\/]/).at(-1)!));
  }
}

describe.each(WRITES)("a process that is killed in a $what", (write) => {
  const { before, after } = write;

  it("leaves the record before the link, or the one after it, at every step", async () => {
    const steps = await stepsOf(write);
    expect(steps).toContain("link");
    const link = steps.indexOf("link");
    for (const [at, step] of steps.entries()) {
      const { directory, store } = await killedAt(write, at);
      const what = `killed before step ${at}, ${step}`;
      const expected = at <= link ? before : after;
      expect(await store.get("alice", {}), what).toBe(expected);
      expect(await store.get("bob", {}), what).toBeNull();

      // Nothing that was outlived is left after the first call, and nothing that was abandoned after the next write.
      const files = Object.keys(await filesOf(directory));
      expect(files.filter((name) => name.endsWith(".json")).length, what).toBe(
        expected === null && before === null ? 0 : 1,
      );
      if (at > link) expect(files.length, what).toBe(1);
      expect(await store.replace("alice", expected, "wrapped later", {}), what).toBe(true);
      expect(await store.get("alice", {}), what).toBe("wrapped later");
      expect(Object.keys(await filesOf(directory)).length, what).toBe(1);
    }
  });

  it("leaves a temporary file that the first call a minute later removes", async () => {
    const steps = await stepsOf(write);
    const link = steps.indexOf("link");
    for (const step of ["writeFile", "sync", "close", "link"]) {
      const at = steps.lastIndexOf(step, link);
      const { directory, store } = await killedAt(write, at);
      const left = async () => Object.keys(await filesOf(directory)).filter((name) => name.endsWith(".tmp"));
      expect(await store.get("alice", {})).toBe(before);
      expect(await left(), step).toHaveLength(1);
      await age(directory);
      expect(await store.get("alice", {})).toBe(before);
      expect(await left(), step).toEqual([]);
    }
  });

  it("in the middle of the file leaves the record before", async () => {
    const at = (await stepsOf(write)).indexOf("writeFile");
    const { store } = await killedAt(write, at, "half");
    expect(await store.get("alice", {})).toBe(before);
    expect(await store.replace("alice", before, after, {})).toBe(true);
    expect(await store.get("alice", {})).toBe(after);
  });
});

it("once a deletion is linked, the next call leaves no wrapped key on the disk", async () => {
  const deletion = WRITES[2]!;
  const steps = await stepsOf(deletion);
  const calls: ((store: ReturnType<typeof fileMailboxStore>) => Promise<unknown>)[] = [
    (store) => store.get("alice", {}),
    (store) => store.replace("alice", "wrapped before", "wrapped other", {}),
    (store) => listAll(store),
  ];
  for (let at = steps.indexOf("link") + 1; at < steps.length; at++) {
    const { directory, store } = await killedAt(deletion, at);
    await calls[at % calls.length]!(store);
    expect(await filesOf(directory), steps[at]).toEqual({ "3.json": '{"deleted":true}' });
  }
});

it("a deletion removes what crashed writers and other programs left, and a creation goes on from there", async () => {
  const replacement = WRITES[1]!;
  const { directory, store } = await killedAt(replacement, (await stepsOf(replacement)).indexOf("link"));
  expect(Object.values(await filesOf(directory)).join()).toContain("wrapped after");
  expect(await store.replace("alice", "wrapped before", null, {})).toBe(true);
  expect(await filesOf(directory)).toEqual({ "3.json": '{"deleted":true}' });
  expect(await store.replace("alice", null, "wrapped again", {})).toBe(true);
  expect(Object.keys(await filesOf(directory))).toEqual(["4.json"]);
});
