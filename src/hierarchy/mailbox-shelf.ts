import { HierarchyError } from "../errors.ts";
import type { Observer } from "../observer.ts";
import { formatRecord, type MailboxRecord, parseRecord } from "./mailbox-record.ts";
import type { MailboxSegment, MailboxStore } from "./mailbox-store.ts";
import { callStore } from "./store-call.ts";

/** Writers of one mailbox try again when another one was faster; so often that only a broken store can exhaust it. */
const MAX_ATTEMPTS = 100;

/** The records of a store, with its failures typed and its calls told of. */
export class MailboxShelf {
  readonly #store: MailboxStore;
  readonly #observer: Observer | undefined;

  constructor(store: MailboxStore, observer: Observer | undefined) {
    this.#store = store;
    this.#observer = observer;
  }

  /** The record of a mailbox that must be there. */
  async get(id: string, signal: AbortSignal | undefined): Promise<MailboxRecord> {
    return parseRecord(id, await this.#text(id, signal));
  }

  /** The record of a mailbox; null if there is none. */
  async find(id: string, signal: AbortSignal | undefined): Promise<MailboxRecord | null> {
    const text = await this.#find(id, signal);
    return text === null ? null : parseRecord(id, text);
  }

  /** A new mailbox. */
  async create(record: MailboxRecord, signal: AbortSignal | undefined): Promise<void> {
    if (!(await this.#replace(record.id, null, formatRecord(record), signal))) throw exists(record.id);
  }

  /**
   * Changes a record, in one step: if another writer comes first, `change` is asked again about what that one wrote.
   * A `change` that answers null wants none.
   */
  async change(
    id: string,
    signal: AbortSignal | undefined,
    change: (record: MailboxRecord) => Promise<MailboxRecord | null>,
  ): Promise<MailboxRecord | null> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = await this.#text(id, signal);
      const after = await change(parseRecord(id, before));
      if (after === null || (await this.#replace(id, before, formatRecord(after), signal))) return after;
    }
    throw conflict(id);
  }

  /** Removes a record, whatever is in it. */
  async remove(id: string, signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (await this.#replace(id, await this.#text(id, signal), null, signal)) return;
    }
    throw conflict(id);
  }

  /** The ids of one part of the store. */
  async *list(part: MailboxSegment, signal: AbortSignal | undefined): AsyncGenerator<string, void> {
    const ids = this.#store.list(part, { signal })[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#call("list", undefined, signal, () => ids.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await ids.return?.();
    }
  }

  async #text(id: string, signal: AbortSignal | undefined): Promise<string> {
    const text = await this.#find(id, signal);
    if (text !== null) return text;
    throw new HierarchyError(
      "ERR_HIERARCHY_UNKNOWN",
      { level: "mailbox", keyId: id },
      `the store ${this.#store.name} has no such mailbox: it was never created there, or it was destroyed.`,
    );
  }

  async #find(id: string, signal: AbortSignal | undefined): Promise<string | null> {
    const text: unknown = await this.#call("get", id, signal, () => this.#store.get(id, { signal }));
    if (text === null || typeof text === "string") return text;
    throw this.#garbage(id, "get() answered neither text nor null");
  }

  async #replace(
    id: string,
    before: string | null,
    after: string | null,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const done: unknown = await this.#call("replace", id, signal, () =>
      this.#store.replace(id, before, after, { signal }),
    );
    if (typeof done === "boolean") return done;
    throw this.#garbage(id, "replace() answered neither true nor false");
  }

  #garbage(id: string, what: string): HierarchyError {
    return new HierarchyError(
      "ERR_HIERARCHY_RECORD",
      { level: "mailbox", keyId: id },
      `the store ${this.#store.name} is not a MailboxStore: its ${what}.`,
    );
  }

  #call<T>(
    operation: string,
    keyId: string | undefined,
    signal: AbortSignal | undefined,
    call: () => Promise<T>,
  ): Promise<T> {
    const explain = (error: unknown) => ({
      what: error instanceof Error ? error.message : "it failed",
      remedy: "Nothing was written that cannot be read; the same call may be made again.",
      transient: true,
    });
    const [store, observer] = [this.#store.name, this.#observer];
    return callStore({ store, operation, keyId, observer, signal, call, explain });
  }
}

/** There is such a mailbox already. */
export function exists(id: string): HierarchyError {
  return new HierarchyError(
    "ERR_HIERARCHY_EXISTS",
    { level: "mailbox", keyId: id },
    "there is one of this id already. rotate() gives it a new key; destroy() it first to begin anew.",
  );
}

function conflict(id: string): HierarchyError {
  return new HierarchyError(
    "ERR_HIERARCHY_CONFLICT",
    { level: "mailbox", keyId: id },
    `its record was not what had just been read, ${MAX_ATTEMPTS} times in a row. Nothing was written. Look for writers in a loop, or for a store that does not give back exactly the text that it was given.`,
  );
}
