import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fileMailboxStore } from "../../src/hierarchy/file.ts";
import { createMailboxKeys, type RewrapSummary } from "../../src/hierarchy/index.ts";
import { bundleForChild } from "../support/child-bundle.ts";
import { MAIL, open, seal } from "./helpers.ts";
import { FIRST, NEXT } from "./rewrap-child.ts";

const MAILBOXES = 24;

let folder = "";
let program = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-rewrap-"));
  program = join(folder, "child.mjs");
  await bundleForChild("test/hierarchy/rewrap-child.ts", program);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A process that re-wraps, and is killed after so many mailboxes. Answers its summary, if it came to one. */
async function rewrapping(directory: string, killedAfter: number): Promise<RewrapSummary | "killed"> {
  const child = fork(program, [directory, String(killedAfter)], { execArgv: [] });
  let summary: RewrapSummary | "killed" = "killed";
  child.on("message", (message: RewrapSummary) => {
    summary = message;
  });
  const [code, signal] = await once(child, "exit");
  expect([code, signal]).toEqual(summary === "killed" ? [null, "SIGKILL"] : [0, null]);
  return summary;
}

it("re-wrapping by processes that are killed and begun again leaves no mailbox unreadable", async () => {
  const directory = join(folder, "store");
  const store = fileMailboxStore(directory);
  const before = createMailboxKeys({ organization: FIRST, store });
  const messages: [string, Uint8Array][] = [];
  for (let i = 0; i < MAILBOXES; i++) {
    const id = `m${i}`;
    await before.create(id);
    messages.push([id, await seal(before, id)]);
    await before.rotate(id);
    messages.push([id, await seal(before, id)]);
  }
  const readAll = async (...[organization, ...otherOrganizations]: [typeof FIRST, ...(typeof FIRST)[]]) => {
    const reader = createMailboxKeys({ organization, otherOrganizations, store });
    for (const [id, message] of messages) expect(await open(reader, id, message)).toEqual(MAIL);
    reader.dispose();
  };

  for (const killedAfter of [1, 2, 5, 9, 14, MAILBOXES - 1]) {
    expect(await rewrapping(directory, killedAfter)).toBe("killed");
    await readAll(FIRST, NEXT);
  }
  const { rewrapped, current, failed } = (await rewrapping(directory, Infinity)) as RewrapSummary;
  expect([rewrapped + current, failed]).toEqual([MAILBOXES, []]);
  await readAll(NEXT);
  before.dispose();
});
