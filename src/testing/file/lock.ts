import { codeOf, type NodeModules, readIfThere, temporaryName } from "./node.ts";

/** The right to write a file, for one process at a time: a file beside it that says whose it is. */
export interface Lock {
  /** Whether it still is this one's: somebody may have removed the file. */
  isHeld(): boolean;
  release(): void;
}

/** A process, as its lock names it. */
interface Owner {
  readonly pid: number;
  /** In milliseconds since 1970: a container begins anew with the same pid. */
  readonly startedAt: number;
  readonly token: unknown;
}

/** Of the locks that this thread holds. */
const OWN = new Set<unknown>();

/** Clocks are set, and a process asks for its age at one time and for the time at another. */
const SAME_START_MS = 2000;

/** Takes the lock, also that of a process that is no more. Or answers whose it is: a pid, or null if it does not say. */
export function takeLock(node: NodeModules, path: string): Lock | { readonly heldBy: number | null } {
  const { fs } = node;
  const token = crypto.randomUUID();
  const mine = JSON.stringify({ ...thisProcess(node), token });
  for (;;) {
    if (linkNew(node, path, mine)) {
      OWN.add(token);
      const isHeld = () => readIfThere(node, path) === mine;
      return {
        isHeld,
        release() {
          OWN.delete(token);
          if (isHeld()) fs.rmSync(path, { force: true });
        },
      };
    }
    const theirs = readIfThere(node, path);
    if (theirs === null) continue;
    const owner = readOwner(theirs);
    if (owner === null || isAlive(node, owner)) return { heldBy: owner?.pid ?? null };
    removeLock(node, path, theirs);
  }
}

/** Makes a file with all of its text at once. False: one is there. */
function linkNew({ fs }: NodeModules, path: string, text: string): boolean {
  const temporary = temporaryName(path);
  fs.writeFileSync(temporary, text, { flag: "wx", mode: 0o600 });
  try {
    fs.linkSync(temporary, path);
    return true;
  } catch (error) {
    // ENOENT: somebody who opened the file meanwhile took the temporary for one that a dead process left.
    if (codeOf(error) === "EEXIST" || codeOf(error) === "ENOENT") return false;
    throw error;
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** Removes this lock, and no other that has come to its place: of those who find a dead one's, one removes it. */
function removeLock({ fs }: NodeModules, path: string, text: string): void {
  const aside = temporaryName(path);
  try {
    fs.renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  try {
    if (fs.readFileSync(aside, "utf8") !== text) fs.linkSync(aside, path);
  } catch (error) {
    // If another one is there by now, or this one is gone, its owner finds out when it next writes.
    if (codeOf(error) !== "EEXIST" && codeOf(error) !== "ENOENT") throw error;
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

function readOwner(text: string): Owner | null {
  try {
    const { pid, startedAt, token } = JSON.parse(text);
    if (Number.isSafeInteger(pid) && pid > 0 && Number.isFinite(startedAt)) return { pid, startedAt, token };
  } catch {
    // Not JSON, or not an object.
  }
  return null;
}

function thisProcess({ process }: NodeModules): Omit<Owner, "token"> {
  return { pid: process.pid, startedAt: Math.round(Date.now() - process.uptime() * 1000) };
}

function isAlive(node: NodeModules, { pid, startedAt, token }: Owner): boolean {
  // Whatever the clock says.
  if (OWN.has(token)) return true;
  const self = thisProcess(node);
  if (pid === self.pid) return Math.abs(startedAt - self.startedAt) < SAME_START_MS;
  try {
    node.process.kill(pid, 0);
    return !isZombie(node, pid);
  } catch (error) {
    // EPERM: it is another user's.
    return codeOf(error) !== "ESRCH";
  }
}

/** Whether it has ended, and nobody has taken note: so it stays for good in a container whose first process reaps none. */
function isZombie(node: NodeModules, pid: number): boolean {
  // proc(5): the state follows the name, in parentheses, which may hold any character. Where there is no /proc: false.
  const stat = readIfThere(node, `/proc/${pid}/stat`) ?? "";
  return /^ [ZX] /.test(stat.slice(stat.lastIndexOf(")") + 1));
}
