import { link, readFile } from "node:fs/promises";
import { join } from "node:path";
import { mailboxHash } from "../mailbox-hash.ts";
import { type MailboxContent, readContent, writeContent } from "./content.ts";
import { codeOf, makeDirectory, namesIn, removeFile, syncDirectory, writeNewFile } from "./disk.ts";
import { type DirectoryEntries, revisionName, sortEntries, temporaryName } from "./names.ts";

/** The revision that counts: the highest one. 0: there is none yet. */
interface Head {
  readonly revision: number;
  readonly content: MailboxContent;
}

/** A temporary of this age has no writer any more. If it has, its writer begins again. */
const ABANDONED_AFTER_MS = 60_000;
// EISDIR is what Node makes of Windows's ERROR_INVALID_FUNCTION.
const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EISDIR",
]);

/**
 * The files of one mailbox, written by many processes without locks. The next revision is a temporary file, complete
 * and synced, that is linked to the name of the revision: the one step that counts, which one writer alone can take.
 *
 * Lower revisions are removed. A writer who read one and then slept must not find its successor's name free again: so
 * (1) a writer looks whether its revision is still the next one *after* its temporary has come to be, and (2) whoever
 * removes revisions lists the directory after the head has come to be, and removes the temporaries that are for it or
 * for lower ones first. Either the sleeper sees the head, or its temporary is gone and there is nothing to link.
 */
export class MailboxDirectory {
  readonly #root: string;
  readonly #hash: string;
  readonly #path: string;
  /** For errors. */
  readonly #subject: string;

  constructor(root: string, hash: string, id?: string) {
    this.#root = root;
    this.#hash = hash;
    this.#path = join(root, hash);
    this.#subject = id === undefined ? `Mailbox in ${hash}` : `Mailbox ${JSON.stringify(id)}`;
  }

  /** What is stored. */
  async read(signal: AbortSignal | undefined): Promise<MailboxContent> {
    const { content } = await this.#head(signal);
    return content;
  }

  /** Writes `after` if the record is `before`. */
  async replace(
    before: string | null,
    after: MailboxContent,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    for (;;) {
      const { revision, content } = await this.#head(signal);
      if ((content?.record ?? null) !== before) return false;
      if (content === null && after === null) return true;
      if (await this.#append({ revision: revision + 1, content: after }, signal)) return true;
    }
  }

  async #entries(): Promise<DirectoryEntries> {
    const entries = sortEntries(await namesIn(this.#path));
    if (entries.revisions.length > 0) return entries;
    // A listing is no snapshot: one revision may come behind its back while another one goes before its eyes.
    return sortEntries(await namesIn(this.#path));
  }

  async #head(signal: AbortSignal | undefined): Promise<Head> {
    let gone: number | undefined;
    for (;;) {
      signal?.throwIfAborted();
      const entries = await this.#entries();
      const revision = entries.revisions.at(-1) ?? 0;
      let head: Head = { revision, content: null };
      if (revision > 0) {
        const text = await this.#text(revision);
        if (text === null && revision !== gone) {
          // Outlived since it was listed.
          gone = revision;
          continue;
        }
        head = { revision, content: this.#content(revision, text) };
      }
      if (outlived(head, entries).length > 0) await this.#settle(head);
      return head;
    }
  }

  async #text(revision: number): Promise<string | null> {
    try {
      return await readFile(join(this.#path, revisionName(revision)), "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  }

  #content(revision: number, text: string | null): MailboxContent {
    const content = text === null ? undefined : readContent(text);
    if (content === undefined || (content !== null && mailboxHash(content.id) !== this.#hash)) {
      throw new Error(
        `${this.#subject}, revision ${revision}: the file is not what a store wrote for this mailbox; it was altered, cut short or copied from another one`,
      );
    }
    return content;
  }

  async #append(head: Head, signal: AbortSignal | undefined): Promise<boolean> {
    if (head.revision === 1) {
      await makeDirectory(this.#path);
      await syncDirectory(this.#root);
    }
    const temporary = join(this.#path, temporaryName(head.revision));
    let linked = false;
    try {
      await writeNewFile(temporary, writeContent(head.content));
      const { revisions } = await this.#entries();
      if ((revisions.at(-1) ?? 0) !== head.revision - 1) return false;
      signal?.throwIfAborted();
      linked = await linkNew(temporary, join(this.#path, revisionName(head.revision)));
    } finally {
      if (!linked) await removeFile(temporary).catch(() => {});
    }
    if (linked) await this.#settle(head);
    return linked;
  }

  /**
   * Has a revision be the head for good, and then removes what it has outlived: so a head that is alone in its directory
   * is one that a power failure leaves. What cannot be removed is left to the next call, but not after a deletion.
   */
  async #settle(head: Head): Promise<void> {
    await syncDirectory(this.#path);
    try {
      for (const name of outlived(head, sortEntries(await namesIn(this.#path)))) {
        await removeFile(join(this.#path, name));
      }
      if (isDeletion(head)) await syncDirectory(this.#path);
    } catch (cause) {
      if (!isDeletion(head)) return;
      throw new Error(
        `${this.#subject} is deleted, but its files could not all be removed (${codeOf(cause)}); call again, or remove all but ${revisionName(head.revision)}`,
        { cause },
      );
    }
  }
}

const isDeletion = ({ revision, content }: Head): boolean => revision > 0 && content === null;

/** The names of what is no longer needed, in the order in which it may go. */
function outlived(head: Head, entries: DirectoryEntries): string[] {
  const { revision } = head;
  const abandoned = Date.now() - ABANDONED_AFTER_MS;
  return [
    ...entries.temporaries
      .filter((one) => one.revision <= revision || one.made <= abandoned)
      .map(({ name }) => name),
    ...entries.revisions.filter((one) => one < revision).map(revisionName),
    // A copy that an editor or a backup left has the wrapped key as well.
    ...(isDeletion(head) ? entries.strangers : []),
  ];
}

/** Gives a file a new name. False: another one has that name, or the file is gone. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "EEXIST" || code === "ENOENT") return false;
    if (!NO_LINKS.has(code)) throw cause;
    throw new Error(
      `The file system refuses hard links (${code}), by which the store keeps writers apart; choose a directory of a local file system that has them`,
      { cause },
    );
  }
}
