import { expect, test } from "vitest";
import type { MailboxSegment, MailboxStore } from "../../src/hierarchy/mailbox-store.ts";
import { failure, outcome } from "../support/failure.ts";

/** Ids that a file system, a table or a careless program could take for others. */
export const ODD_IDS: readonly string[] = [
  "a",
  "A",
  "a ",
  "a.",
  " a",
  ".",
  "..",
  "...",
  "/",
  "//",
  "\\",
  "../a",
  "a/b",
  "a\\b",
  "/etc/passwd",
  "C:\\a",
  "CON",
  "nul",
  "a:b",
  "a*?<>|",
  '"',
  "'",
  "%00",
  "%2e%2e%2f",
  "~",
  "$HOME",
  "-rf",
  "\n",
  "\r\n",
  "\t",
  "\u{1}",
  "\u{7f}",
  "\u{feff}",
  "\u{202e}a",
  "é",
  "e\u{301}",
  "ß",
  "ẞ",
  "İ",
  "i\u{307}",
  "𝒳",
  "👩‍👩‍👧",
  "__proto__",
  "constructor",
  "1.json",
  "{}",
  "null",
  "a".repeat(255),
  "a".repeat(256),
  "a".repeat(1023),
  "a".repeat(1024),
  "é".repeat(512),
  "😀".repeat(256),
];

/** The ids of all parts, as they come. */
export async function listAll(store: MailboxStore, totalSegments = 1): Promise<string[]> {
  const ids: string[] = [];
  for (let segment = 0; segment < totalSegments; segment++) {
    for await (const id of store.list({ segment, totalSegments }, {})) ids.push(id);
  }
  return ids;
}

/** Adds one to a record that counts, however often others come first: then it waits, up to four times as long each time. */
export async function increment(store: MailboxStore, id: string): Promise<void> {
  for (let patienceMs = 20; ; patienceMs *= 4) {
    const before = await store.get(id, {});
    if (await store.replace(id, before, String(Number(before) + 1), {})) return;
    await new Promise((resolve) => setTimeout(resolve, Math.min(patienceMs, 2000) * Math.random()));
  }
}

/** What every store owes to its callers. `open` answers an empty one. */
export function testStore(open: () => MailboxStore | Promise<MailboxStore>): void {
  test("it has a name", async () => {
    expect((await open()).name).toMatch(/\w/);
  });

  test("a mailbox that is not there has no record", async () => {
    const store = await open();
    expect(await store.get("alice", {})).toBeNull();
    expect(await listAll(store)).toEqual([]);
    expect(await store.get("alice", {})).toBeNull();
  });

  test("a record is created only where there is none", async () => {
    const store = await open();
    expect(await store.replace("alice", null, "one", {})).toBe(true);
    expect(await store.get("alice", {})).toBe("one");
    expect(await store.replace("alice", null, "two", {})).toBe(false);
    expect(await store.get("alice", {})).toBe("one");
    expect(await store.get("bob", {})).toBeNull();
  });

  test("a record is replaced only if it is the one before", async () => {
    const store = await open();
    expect(await store.replace("alice", "one", "two", {})).toBe(false);
    expect(await store.get("alice", {})).toBeNull();
    await store.replace("alice", null, "one", {});
    for (const before of ["", "two", "one ", "One"]) {
      expect(await store.replace("alice", before, "three", {})).toBe(false);
      expect(await store.get("alice", {})).toBe("one");
    }
    expect(await store.replace("alice", "one", "two", {})).toBe(true);
    expect(await store.get("alice", {})).toBe("two");
    expect(await store.replace("alice", "two", "two", {})).toBe(true);
    expect(await store.replace("alice", "two", "one", {})).toBe(true);
    expect(await store.get("alice", {})).toBe("one");
  });

  test("a record is deleted only if it is the one before, and can be created again", async () => {
    const store = await open();
    expect(await store.replace("alice", null, null, {})).toBe(true);
    await store.replace("alice", null, "one", {});
    expect(await store.replace("alice", null, null, {})).toBe(false);
    expect(await store.replace("alice", "two", null, {})).toBe(false);
    expect(await store.get("alice", {})).toBe("one");
    expect(await store.replace("alice", "one", null, {})).toBe(true);
    expect(await store.get("alice", {})).toBeNull();
    expect(await store.replace("alice", "one", null, {})).toBe(false);
    expect(await store.replace("alice", "one", "two", {})).toBe(false);
    expect(await listAll(store)).toEqual([]);
    expect(await store.replace("alice", null, "three", {})).toBe(true);
    expect(await store.get("alice", {})).toBe("three");
    expect(await listAll(store)).toEqual(["alice"]);
    expect(await store.replace("alice", "three", null, {})).toBe(true);
    expect(await store.replace("alice", null, "four", {})).toBe(true);
    expect(await store.get("alice", {})).toBe("four");
  });

  test("a record comes back as it was written", async () => {
    const store = await open();
    const records = ["", "{}", '{"deleted":true}', '\n\u{0}\u{feff}\\"', "é\u{301}😀", "x".repeat(300_000)];
    let before: string | null = null;
    for (const record of records) {
      expect(await store.replace("alice", before, record, {})).toBe(true);
      expect(await store.get("alice", {})).toBe(record);
      before = record;
    }
  });

  test("ids are told apart, whatever is in them", async () => {
    const store = await open();
    for (const id of ODD_IDS) expect(await store.replace(id, null, `of ${id}`, {}), id).toBe(true);
    for (const id of ODD_IDS) expect(await store.get(id, {}), id).toBe(`of ${id}`);
    expect((await listAll(store)).toSorted()).toEqual(ODD_IDS.toSorted());
    for (const id of ODD_IDS) {
      expect(await store.replace(id, `of ${id}`, null, {}), id).toBe(true);
      expect(await store.get(id, {}), id).toBeNull();
    }
    expect(await listAll(store)).toEqual([]);
  });

  test.each([1, 2, 7])("every mailbox is in exactly one of %i parts", async (totalSegments) => {
    const store = await open();
    const ids = Array.from({ length: 60 }, (_, i) => `mailbox ${i}`);
    for (const id of ids) await store.replace(id, null, "record", {});
    await store.replace("gone", null, "record", {});
    await store.replace("gone", "record", null, {});
    const parts = Array.from({ length: totalSegments }, async (_, segment) => {
      const part: string[] = [];
      for await (const id of store.list({ segment, totalSegments }, {})) part.push(id);
      return part;
    });
    const found = await Promise.all(parts);
    expect(found.flat().toSorted()).toEqual(ids.toSorted());
    // The same parts every time, as long as nothing changes.
    expect((await listAll(store, totalSegments)).toSorted()).toEqual(ids.toSorted());
  });

  test("mailboxes may be written and deleted while they are listed", async () => {
    const store = await open();
    const ids = Array.from({ length: 30 }, (_, i) => `mailbox ${i}`);
    for (const id of ids) await store.replace(id, null, "one", {});
    const found: string[] = [];
    for await (const id of store.list({ segment: 0, totalSegments: 1 }, {})) {
      found.push(id);
      await store.replace(id, "one", null, {});
      await store.replace(id, null, "two", {});
      await store.replace(`new ${id}`, null, "one", {});
    }
    expect(found.filter((id) => !id.startsWith("new ")).toSorted()).toEqual(ids.toSorted());
    expect(new Set(found).size).toBe(found.length);
  });

  test("of 200 writers none loses what another one wrote", async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 200 }, () => increment(store, "alice")));
    expect(await store.get("alice", {})).toBe("200");
  });

  test("of 20 who create, or delete, one alone does", async () => {
    const store = await open();
    const all = <T>(act: (i: number) => Promise<T>) =>
      Promise.all(Array.from({ length: 20 }, (_, i) => act(i)));
    for (let round = 0; round < 3; round++) {
      const created = await all((i) => store.replace("alice", null, `by ${i}`, {}));
      expect(created.filter(Boolean)).toHaveLength(1);
      const record = await store.get("alice", {});
      expect(record).toBe(`by ${created.indexOf(true)}`);
      const deleted = await all(() => store.replace("alice", record, null, {}));
      expect(deleted.filter(Boolean)).toHaveLength(1);
      expect(await store.get("alice", {})).toBeNull();
    }
  });

  test("an abort comes out as its own reason, and nothing is written", async () => {
    const store = await open();
    await store.replace("alice", null, "one", {});
    const reason = new Error("no patience");
    const signal = AbortSignal.abort(reason);
    expect(await outcome(store.get("alice", { signal }))).toBe(reason);
    expect(await outcome(store.replace("alice", "one", "two", { signal }))).toBe(reason);
    expect(await outcome(store.replace("alice", "one", null, { signal }))).toBe(reason);
    expect(await outcome(store.replace("bob", null, "one", { signal }))).toBe(reason);
    const part = { segment: 0, totalSegments: 1 };
    expect(await outcome(async () => store.list(part, { signal })[Symbol.asyncIterator]().next())).toBe(
      reason,
    );
    expect(await store.get("alice", {})).toBe("one");
    expect(await listAll(store)).toEqual(["alice"]);
  });

  test("an abort ends a listing between two mailboxes", async () => {
    const store = await open();
    for (const id of ["a", "b", "c"]) await store.replace(id, null, "record", {});
    const controller = new AbortController();
    const reason = new Error("enough");
    let seen = 0;
    const listing = async () => {
      for await (const _ of store.list({ segment: 0, totalSegments: 1 }, { signal: controller.signal })) {
        seen++;
        controller.abort(reason);
      }
    };
    expect(await outcome(listing())).toBe(reason);
    expect(seen).toBe(1);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 5],
    ["an empty text", ""],
    ["half a character", "\u{d800}"],
    ["1,025 bytes", "a".repeat(1025)],
    ["1,026 bytes in 513 characters", "é".repeat(513)],
  ])("an id of %s is misuse", async (_, id) => {
    const store = await open();
    await failure(store.get(id as string, {}), "ERR_INVALID_ARGUMENT");
    await failure(store.replace(id as string, null, "record", {}), "ERR_INVALID_ARGUMENT");
    expect(await listAll(store)).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["an object", {}],
    ["bytes", new Uint8Array(1)],
    ["half a character", "\u{d800}"],
  ])("a record of %s is misuse", async (_, record) => {
    const store = await open();
    await failure(store.replace("alice", null, record as string, {}), "ERR_INVALID_ARGUMENT");
    await failure(store.replace("alice", record as string, "record", {}), "ERR_INVALID_ARGUMENT");
    expect(await listAll(store)).toEqual([]);
  });

  test.each<[string, Partial<Record<keyof MailboxSegment, unknown>>]>([
    ["nothing", {}],
    ["no total", { segment: 0 }],
    ["none at all", { segment: 0, totalSegments: 0 }],
    ["one too many", { segment: 2, totalSegments: 2 }],
    ["one below the first", { segment: -1, totalSegments: 2 }],
    ["half of one", { segment: 0.5, totalSegments: 2 }],
    ["text", { segment: "0", totalSegments: "1" }],
    ["more than DynamoDB has", { segment: 0, totalSegments: 1_000_001 }],
  ])("a part of %s is misuse", async (_, part) => {
    const store = await open();
    const listing = async () => {
      for await (const id of store.list(part as MailboxSegment, {})) throw new Error(`answered ${id}`);
    };
    await failure(listing, "ERR_INVALID_ARGUMENT");
  });
}
