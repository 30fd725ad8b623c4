import { StoreError } from "../../errors.ts";
import { pause } from "../pause.ts";
import { type Lock, takeLock } from "./lock.ts";
import { codeOf, type NodeModules, nodeModules, readIfThere, temporaryName } from "./node.ts";

/** A file that one local KMS keeps its keys in. */
export interface KeyFile {
  /** As `openLocalKms` was given it: for errors. */
  readonly name: string;
  /** What it says; null: there is none yet. */
  readonly text: string | null;
  /** When this returns, it is on the disk. Throws a `StoreError`, and then the file is as it was, or is the new one. */
  write(text: string): void;
  /** Leaves it to others. Nothing is written from here on. */
  close(): void;
}

export function fileError(
  name: string,
  operation: string,
  what: string,
  remedy: string,
  cause?: unknown,
): StoreError {
  const details = { store: `local KMS in ${name}`, operation, keyId: undefined, remedy, transient: false };
  return new StoreError(what, details, cause === undefined ? {} : { cause });
}

/** Opens a file for one process. The file itself may be missing, but not its directory. */
export async function openKeyFile(name: string): Promise<KeyFile> {
  const node = await nodeModules();
  try {
    const path = realPath(node, name);
    const lock = await waitForLock(node, `${path}.lock`);
    if ("heldBy" in lock) throw inUse(name, path, lock.heldBy);
    try {
      removeTemporaries(node, path);
      return new LockedFile(node, name, path, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const remedy =
      "It must be in a directory that exists, of a local file system with hard links, which you may write to.";
    throw fileError(name, "open", `the file system refuses (${codeOf(error)})`, remedy, error);
  }
}

/** A process that is being restarted may not quite have ended. */
const PATIENCE_MS = 500;

async function waitForLock(node: NodeModules, path: string): Promise<ReturnType<typeof takeLock>> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const lock = takeLock(node, path);
    if (!("heldBy" in lock) || performance.now() > end) return lock;
    await pause(25, undefined);
  }
}

class LockedFile implements KeyFile {
  readonly name: string;
  readonly #node: NodeModules;
  readonly #path: string;
  readonly #lock: Lock;
  #text: string | null;

  constructor(node: NodeModules, name: string, path: string, lock: Lock) {
    this.#node = node;
    this.name = name;
    this.#path = path;
    this.#lock = lock;
    this.#text = readIfThere(node, path);
  }

  get text(): string | null {
    return this.#text;
  }

  write(text: string): void {
    try {
      this.#checkUnchanged();
      replaceFile(this.#node, this.#path, text);
      this.#text = text;
      syncDirectory(this.#node, this.#path);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      const what = `the file system refuses (${codeOf(error)}); the change was taken back`;
      throw fileError(this.name, "write", what, "See that the disk has room and lets you write.", error);
    }
  }

  close(): void {
    this.#lock.release();
  }

  // Whoever wrote it in spite of the lock - an editor, a checkout - has their work kept.
  #checkUnchanged(): void {
    if (!this.#lock.isHeld()) {
      const what = "it was closed, or another process has it now; the change was taken back";
      throw fileError(this.name, "write", what, "Open it again.");
    }
    const there = readIfThere(this.#node, this.#path);
    if (there !== null && there !== this.#text) {
      const what = "something else wrote the file since it was opened; the change was taken back";
      throw fileError(this.name, "write", what, "Close this local KMS, and open the file again.");
    }
  }
}

function inUse(name: string, path: string, pid: number | null): StoreError {
  const who = pid === null ? "a process that its lock does not name" : `process ${pid}`;
  return fileError(
    name,
    "open",
    `${who} has it open`,
    "Serve it from one process by kms.listen(), and give the others AWS_ENDPOINT_URL_KMS; or close it there. " +
      `If nothing has it open, remove ${path}.lock.`,
  );
}

/** The path that counts for all who name the file by one link or another, of now: the working directory may change. */
function realPath(node: NodeModules, name: string): string {
  const { fs, path } = node;
  const full = path.resolve(name);
  try {
    return fs.realpathSync(full);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    // A link to a file that is yet to be made: keys go where it leads, and not to where it lies.
    if (fs.lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      return realPath(node, path.resolve(path.dirname(full), fs.readlinkSync(full)));
    }
    return path.join(fs.realpathSync(path.dirname(full)), path.basename(full));
  }
}

function replaceFile({ fs }: NodeModules, path: string, text: string): void {
  const temporary = temporaryName(path);
  try {
    const file = fs.openSync(temporary, "wx", 0o600);
    try {
      fs.writeFileSync(file, text);
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

function syncDirectory({ fs, path }: NodeModules, file: string): void {
  let directory: number | undefined;
  try {
    directory = fs.openSync(path.dirname(file), "r");
    fs.fsyncSync(directory);
  } catch (error) {
    // Windows and some file systems sync no directory.
    if (!["EPERM", "EISDIR", "EINVAL", "ENOTSUP"].includes(codeOf(error) ?? "")) throw error;
  } finally {
    if (directory !== undefined) fs.closeSync(directory);
  }
}

/** They hold keys, and whoever wrote them is no more. */
function removeTemporaries({ fs, path }: NodeModules, file: string): void {
  const base = path.basename(file);
  for (const name of fs.readdirSync(path.dirname(file))) {
    if (!name.startsWith(`${base}.`)) continue;
    if (!/^\.(lock\.)?[0-9a-f-]{36}\.tmp$/.test(name.slice(base.length))) continue;
    fs.rmSync(path.join(path.dirname(file), name), { force: true });
  }
}
