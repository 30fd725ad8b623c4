import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, rmdir, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileMailboxStore } from "../../src/hierarchy/file.ts";
import { failure, outcome, textOf } from "../support/failure.ts";
import { settled } from "../support/virtual.ts";
import { filesOf } from "./file-process.ts";
import { listAll, ODD_IDS, testStore } from "./store-contract.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-stores-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let stores = 0;
const freshDirectory = (): string => join(folder, `store ${++stores}`);
const hashOf = (id: string): string => createHash("sha256").update(id).digest("hex");

/** A store with a mailbox at its second revision, the directory of that mailbox and its file. */
async function withAlice() {
  const directory = freshDirectory();
  const store = fileMailboxStore(directory);
  await store.replace("alice", null, "wrapped one", {});
  await store.replace("alice", "wrapped one", "wrapped two", {});
  const mailbox = join(directory, hashOf("alice"));
  return { directory, store, mailbox, file: join(mailbox, "2.json") };
}

describe("the file store", () => {
  testStore(() => fileMailboxStore(freshDirectory()));
});

describe("on the disk", () => {
  it("nothing is made before the first mailbox, and then all directories above it", async () => {
    const directory = join(freshDirectory(), "a", "b");
    const store = fileMailboxStore(directory);
    expect(await listAll(store)).toEqual([]);
    expect(await store.replace("alice", "one", "two", {})).toBe(false);
    await expect(stat(directory)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await store.replace("alice", null, "one", {})).toBe(true);
    expect(await listAll(store)).toEqual(["alice"]);
  });

  it("a mailbox is one file in a directory named by the SHA-256 of its id", async () => {
    const { directory } = await withAlice();
    expect(await readdir(directory, { recursive: true })).toEqual([
      hashOf("alice"),
      join(hashOf("alice"), "2.json"),
    ]);
    expect(await filesOf(directory)).toEqual({ "2.json": '{"id":"alice","record":"wrapped two"}' });
  });

  it("no id is in a name, whatever is in it", async () => {
    const directory = freshDirectory();
    const store = fileMailboxStore(directory);
    await Promise.all(ODD_IDS.map((id) => store.replace(id, null, "record", {})));
    expect((await readdir(directory)).toSorted()).toEqual(ODD_IDS.map(hashOf).toSorted());
  });

  it.skipIf(process.platform === "win32")("only the owner may read", async () => {
    const { directory, mailbox, file } = await withAlice();
    const modes = await Promise.all(
      [directory, mailbox, file].map(async (path) => (await stat(path)).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o700, 0o600]);
  });

  it("a deleted mailbox leaves neither its record nor its id", async () => {
    const { directory, store, mailbox } = await withAlice();
    await writeFile(join(mailbox, "2.json~"), "a copy of wrapped two");
    await writeFile(join(mailbox, `3.${Date.now()}.0-0.tmp`), "wrapped three, by a writer that is gone");
    expect(await store.replace("alice", "wrapped two", null, {})).toBe(true);
    expect(await filesOf(directory)).toEqual({ "3.json": '{"deleted":true}' });
  });

  it("an abort at any moment leaves one file: the record before, or the one after if the store says so", async () => {
    const answers = new Set<unknown>();
    for (let ticks = 0; answers.size < 2; ticks += 10) {
      const { directory, store } = await withAlice();
      const controller = new AbortController();
      const { signal } = controller;
      const write = store.replace("alice", "wrapped two", "wrapped three", { signal });
      const answer = write.catch((reason: unknown) => reason);
      for (let i = 0; i < ticks; i++) await settled();
      controller.abort("no patience");
      answers.add(await answer);
      expect(await store.get("alice", {})).toBe((await answer) === true ? "wrapped three" : "wrapped two");
      expect(Object.keys(await filesOf(directory))).toHaveLength(1);
    }
    expect(answers).toEqual(new Set(["no patience", true]));
  });

  it("another store finds what one has written", async () => {
    const { directory, store } = await withAlice();
    const other = fileMailboxStore(directory);
    expect(await other.get("alice", {})).toBe("wrapped two");
    expect(await other.replace("alice", "wrapped two", "wrapped three", {})).toBe(true);
    expect(await store.replace("alice", "wrapped two", "wrapped four", {})).toBe(false);
    expect(await store.get("alice", {})).toBe("wrapped three");
  });

  it("what else lies there is left alone as long as nothing is deleted", async () => {
    const { directory, store, mailbox } = await withAlice();
    const others = [
      join(directory, "lost+found"),
      join(directory, hashOf("alice").toUpperCase()),
      join(mailbox, "0.json"),
      join(mailbox, "03.json"),
      join(mailbox, "9999999999999999.json"),
      join(mailbox, "3.json.tmp"),
    ];
    for (const path of others) await writeFile(path, "");
    expect(await listAll(store)).toEqual(["alice"]);
    expect(await store.replace("alice", "wrapped two", "wrapped three", {})).toBe(true);
    expect(await store.get("alice", {})).toBe("wrapped three");
    for (const path of others) expect((await stat(path)).isFile()).toBe(true);
  });
});

describe("a file that is not what a store wrote", () => {
  it.each<[string, string | Uint8Array]>([
    ["nothing", ""],
    ["bytes", new Uint8Array(100).fill(0xff)],
    ["zeros", new Uint8Array(100)],
    ["half of it", '{"id":"alice","record":"wrapp'],
    ["other JSON", '{"id":"alice","wrapped":"secret"}'],
    ["null", "null"],
    ["a deletion in other words", '{"deleted": true}'],
    ["a record that is no text", '{"id":"alice","record":null}'],
    ["another mailbox", '{"id":"bob","record":"wrapped"}'],
    ["an id that is none", '{"id":"","record":"wrapped"}'],
  ])("but %s: the error names mailbox and revision, and nothing is written", async (_, content) => {
    const { directory, store, file } = await withAlice();
    await writeFile(file, content);
    const before = await filesOf(directory);
    for (const act of [
      () => store.get("alice", {}),
      () => store.replace("alice", "wrapped two", "wrapped three", {}),
      () => store.replace("alice", null, "wrapped three", {}),
      () => store.replace("alice", "wrapped two", null, {}),
    ]) {
      const error = await outcome(act);
      expect(error).toMatchObject({
        message: expect.stringMatching(/^Mailbox "alice", revision 2: the file is not what/),
      });
      expect(textOf(error)).not.toMatch(/wrapped|bob/);
    }
    expect(await outcome(listAll(store))).toMatchObject({
      message: expect.stringContaining(`Mailbox in ${hashOf("alice")}, revision 2`),
    });
    expect(await filesOf(directory)).toEqual(before);
  });

  it.skipIf(process.platform === "win32")("but a link to nothing is an error, not a wait", async () => {
    const { store, mailbox } = await withAlice();
    await symlink(join(mailbox, "nothing"), join(mailbox, "3.json"));
    expect(await outcome(store.get("alice", {}))).toMatchObject({
      message: expect.stringMatching(/revision 3/),
    });
  });

  it("of a mailbox does not hide another one", async () => {
    const { store, file } = await withAlice();
    await store.replace("bob", null, "wrapped bob", {});
    await writeFile(file, "garbage");
    expect(await store.get("bob", {})).toBe("wrapped bob");
  });
});

describe("a directory that cannot be used", () => {
  it("because it is a file", async () => {
    const directory = freshDirectory();
    await writeFile(directory, "");
    const store = fileMailboxStore(directory);
    for (const act of [
      () => store.get("alice", {}),
      () => store.replace("alice", null, "one", {}),
      () => listAll(store),
    ]) {
      expect(await outcome(act)).toMatchObject({ code: "ENOTDIR", path: expect.stringContaining(directory) });
    }
  });

  it("to delete a mailbox for good: the error says so until it is done", async () => {
    const { store, mailbox } = await withAlice();
    await mkdir(join(mailbox, "folder"));
    const message = expect.stringMatching(
      /^Mailbox "alice" is deleted, but its files could not all be removed \(E\w+\)/,
    );
    expect(await outcome(store.replace("alice", "wrapped two", null, {}))).toMatchObject({
      message,
      cause: expect.any(Error),
    });
    expect(await outcome(store.get("alice", {}))).toMatchObject({ message });
    await rmdir(join(mailbox, "folder"));
    expect(await store.get("alice", {})).toBeNull();
    expect(await readdir(mailbox)).toEqual(["3.json"]);
  });
});

it.each<[string, unknown]>([
  ["nothing", undefined],
  ["an empty path", ""],
  ["a path with a NUL", "a\0b"],
  ["an object", {}],
])("%s for a directory is misuse", async (_, directory) => {
  await failure(() => fileMailboxStore(directory as string), "ERR_INVALID_ARGUMENT");
});
