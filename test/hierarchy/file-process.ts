import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { bundleForChild } from "../support/child-bundle.ts";
import { deferred } from "../support/virtual.ts";

/**
 * What a child is to do about a step: take it, never take it, or take half of it; the last two end in SIGKILL. Or the
 * step fails with this code.
 */
export type Leave = "go" | "die" | "half" | { readonly code: string };

/** Processes with a file store each, and directories for them that are gone after the tests of this file. */
export function fileProcesses() {
  let folder = "";
  let bundle = "";
  let directories = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyfold-stores-"));
    bundle = join(folder, "file.mjs");
    await bundleForChild("src/hierarchy/file.ts", bundle);
    // For children of other users too.
    await copyFile(join(import.meta.dirname, "file-child.mjs"), join(folder, "file-child.mjs"));
    await chmod(folder, 0o755);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  return {
    /** A path where nothing is yet. */
    freshDirectory: (): string => join(folder, `store ${++directories}`),
    /** A process for this test. */
    async start(directory: string, uid?: number): Promise<StoreProcess> {
      const child = await StoreProcess.start(join(folder, "file-child.mjs"), [bundle, directory], uid);
      onTestFinished(() => child.kill());
      return child;
    },
  };
}

/** Every file of a store, by its name in the directory of its mailbox. */
export async function filesOf(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((entry) => entry.isFile())) {
    files[entry.name] = await readFile(join(entry.parentPath, entry.name), "utf8");
  }
  return files;
}

/** What a child says. */
interface Message {
  readonly step?: string;
  readonly result?: unknown;
  readonly error?: string;
}

/** A process of its own with a file store. */
export class StoreProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(program: string, args: readonly string[], uid?: number): Promise<StoreProcess> {
    const child = fork(program, args, { execArgv: [], ...(uid === undefined ? {} : { uid }) });
    await once(child, "message");
    return new StoreProcess(child);
  }

  /** Has it do a task, to its end. */
  run(task: "get" | "count" | "churn", args: object): Promise<unknown> {
    return this.#do({ task, ...args }, () => "go");
  }

  /** Has it write, in its own directory or another one, asking `leave` before each step. "killed": it was. */
  replace(
    args: {
      readonly id: string;
      readonly before: string | null;
      readonly after: string | null;
      readonly directory?: string;
    },
    leave: (step: string, index: number) => Leave | Promise<Leave>,
  ): Promise<unknown> {
    return this.#do({ task: "replace", ...args }, leave);
  }

  async #do(task: object, leave: (step: string, index: number) => Leave | Promise<Leave>): Promise<unknown> {
    const { promise, resolve, reject } = deferred<unknown>();
    let steps = 0;
    const heard = async ({ step, result, error }: Message) => {
      if (error !== undefined) reject(new Error(error));
      else if (step === undefined) resolve(result);
      else this.#child.send({ answer: await leave(step, steps++) });
    };
    const ended = (_: unknown, signal: string | null) =>
      signal === "SIGKILL" ? resolve("killed") : reject(new Error("the process ended"));
    this.#child.on("message", (message: Message) => void heard(message).catch(reject));
    this.#child.once("exit", ended);
    this.#child.send(task);
    try {
      return await promise;
    } finally {
      this.#child.removeAllListeners();
    }
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
