// The files of a mailbox's directory: `<revision>.json`, and `<revision>.<time>.<random>.tmp` for what may become it.

/** What a directory of a mailbox holds. */
export interface DirectoryEntries {
  /** Ascending. */
  readonly revisions: readonly number[];
  readonly temporaries: readonly Temporary[];
  /** Names of files that no store made. */
  readonly strangers: readonly string[];
}

/** A file that waits to become a revision, and when it was made, in milliseconds. */
export interface Temporary {
  readonly name: string;
  readonly revision: number;
  readonly made: number;
}

const REVISION = /^([1-9]\d{0,14})\.json$/;
const TEMPORARY = /^([1-9]\d{0,14})\.(\d{1,15})\.[0-9a-f-]+\.tmp$/;

export const revisionName = (revision: number): string => `${revision}.json`;

export const temporaryName = (revision: number): string =>
  `${revision}.${Date.now()}.${crypto.randomUUID()}.tmp`;

export function sortEntries(names: readonly string[]): DirectoryEntries {
  const revisions: number[] = [];
  const temporaries: Temporary[] = [];
  const strangers: string[] = [];
  for (const name of names) {
    const revision = REVISION.exec(name);
    const temporary = TEMPORARY.exec(name);
    if (revision !== null) revisions.push(Number(revision[1]));
    else if (temporary !== null)
      temporaries.push({ name, revision: Number(temporary[1]), made: Number(temporary[2]) });
    else strangers.push(name);
  }
  return { revisions: revisions.sort((a, b) => a - b), temporaries, strangers };
}
