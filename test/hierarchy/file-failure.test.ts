import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileMailboxStore } from "../../src/hierarchy/file.ts";
import { outcome } from "../support/failure.ts";
import { fileProcesses, filesOf, type Leave } from "./file-process.ts";

const { freshDirectory, start } = fileProcesses();

/** A replacement of "one" by "two", of which one step fails: the last of this name up to the link, or the first after it. */
async function failing(step: string, code: string, where: "before the link" | "after the link") {
  const directory = freshDirectory();
  const store = fileMailboxStore(directory);
  await store.replace("alice", null, "one", {});
  const steps: string[] = [];
  const args = { id: "alice", before: "one", after: "two" };
  const rehearsal = await start(directory);
  await rehearsal.replace(args, (name) => {
    steps.push(name);
    return "go";
  });
  await store.replace("alice", "two", "one", {});
  const link = steps.indexOf("link");
  const at = where === "before the link" ? steps.lastIndexOf(step, link) : steps.indexOf(step, link);
  const child = await start(directory);
  const leave = (_: string, index: number): Leave => (index === at ? { code } : "go");
  const answer = await child.replace(args, leave).catch((error: Error) => error.message);
  return { answer, record: await store.get("alice", {}), files: Object.keys(await filesOf(directory)) };
}

describe("a step that fails", () => {
  it.each([
    ["open", "EMFILE"],
    ["writeFile", "ENOSPC"],
    ["sync", "EIO"],
    ["link", "EIO"],
  ])("%s, with %s, leaves the record before and no file", async (step, code) => {
    const { answer, record, files } = await failing(step, code, "before the link");
    expect(answer).toMatch(code);
    expect(record).toBe("one");
    expect(files).toHaveLength(1);
  });

  it.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EISDIR"])(
    "link, with %s: the file system has no hard links, and the error says what to do",
    async (code) => {
      const { answer, record, files } = await failing("link", code, "before the link");
      expect(answer).toMatch(/refuses hard links \(\w+\).*choose a directory of a local file system/);
      expect(record).toBe("one");
      expect(files).toHaveLength(1);
    },
  );

  it.each(["EPERM", "EISDIR"])("sync of the directory, with %s, is Windows's way", async (code) => {
    const { answer, record } = await failing("sync", code, "after the link");
    expect([answer, record]).toEqual([true, "two"]);
  });

  it("sync of the directory, with EIO, is told: the record may not last", async () => {
    const { answer } = await failing("sync", "EIO", "after the link");
    expect(answer).toMatch("EIO");
  });

  it("unlink of a lower revision, with EBUSY, is left to the next call", async () => {
    const { answer, record, files } = await failing("unlink", "EBUSY", "after the link");
    expect([answer, record]).toEqual([true, "two"]);
    expect(files).toHaveLength(1);
  });
});

describe("without the right to write", () => {
  const NOBODY = 65_534;
  // Nothing is denied to root: then the child is of another user.
  const startOther = (directory: string) => start(directory, process.getuid?.() === 0 ? NOBODY : undefined);
  const go = (): Leave => "go";

  async function readOnly(
    write: (store: ReturnType<typeof fileMailboxStore>) => Promise<unknown>,
    leftover?: string,
  ) {
    const directory = freshDirectory();
    await mkdir(directory);
    await write(fileMailboxStore(directory));
    for (const name of await readdir(directory)) {
      const mailbox = join(directory, name);
      if (leftover !== undefined) await writeFile(join(mailbox, "1.json"), leftover);
      for (const file of await readdir(mailbox)) await chmod(join(mailbox, file), 0o444);
      await chmod(mailbox, 0o555);
    }
    await chmod(directory, 0o555);
    return directory;
  }

  it("nothing is created, and the error names what is denied", async () => {
    const directory = await readOnly(async () => {});
    const writer = await startOther(directory);
    expect(await outcome(writer.replace({ id: "alice", before: null, after: "one" }, go))).toMatchObject({
      message: expect.stringMatching(/EACCES: permission denied, mkdir/),
    });
    const reader = await startOther(directory);
    expect(await reader.run("get", { id: "alice" })).toBeNull();
  });

  it("a mailbox is read, also with a revision that should be gone", async () => {
    const directory = await readOnly(async (store) => {
      await store.replace("alice", null, "one", {});
      await store.replace("alice", "one", "two", {});
    }, '{"id":"alice","record":"one"}');
    const reader = await startOther(directory);
    expect(await reader.run("get", { id: "alice" })).toBe("two");
    const writer = await startOther(directory);
    expect(await outcome(writer.replace({ id: "alice", before: "two", after: "three" }, go))).toMatchObject({
      message: expect.stringMatching(/EACCES: permission denied, open/),
    });
  });

  it("a deleted mailbox whose wrapped key is still there is an error", async () => {
    const directory = await readOnly(async (store) => {
      await store.replace("alice", null, "one", {});
      await store.replace("alice", "one", null, {});
    }, '{"id":"alice","record":"one"}');
    const reader = await startOther(directory);
    expect(await outcome(reader.run("get", { id: "alice" }))).toMatchObject({
      message: expect.stringMatching(
        /"alice" is deleted, but its files could not all be removed \(EACCES\).* 2\.json/,
      ),
    });
  });
});
