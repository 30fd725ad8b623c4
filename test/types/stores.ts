// Type tests of the stores of mailboxes.
import { fileMailboxStore } from "../../src/hierarchy/file.ts";
import { type Equal, expectType } from "./expect.js";

const store = fileMailboxStore("mailboxes");
const { signal } = new AbortController();

export async function answers(): Promise<void> {
  expectType<Equal<string, typeof store.name>>();
  const record = await store.get("alice", { signal });
  expectType<Equal<string | null, typeof record>>();
  const replaced = await store.replace("alice", null, "record", {});
  expectType<Equal<boolean, typeof replaced>>();
  for await (const id of store.list({ segment: 0, totalSegments: 1 }, { signal: undefined })) {
    expectType<Equal<string, typeof id>>();
  }
}

// @ts-expect-error A path is text.
fileMailboxStore(new URL("file:///mailboxes"));
// @ts-expect-error No record is null.
store.replace("alice", undefined, "record", {});
