import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { DecryptCommand, EncryptCommand } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openLocalKms } from "../../src/testing/index.ts";
import { bundleForChild } from "../support/child-bundle.ts";
import { bytes, failure, KEY_A } from "./helpers.ts";

const folder = mkdtempSync(join(tmpdir(), "keyfold-local-kms-"));
const bundle = join(folder, "testing.mjs");
beforeAll(() => bundleForChild("src/testing/index.ts", bundle));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process of its own; `ids`: what it said, all of it once it has ended. */
function start(file: string, ...task: string[]) {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, "kms-child.mjs"), bundle, file, ...task],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ids = text(child.stdout!).then((said) => said.split("\n").slice(0, -1));
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, ids, ended };
}

/** A file with one key, and what that key sealed. */
async function prepared() {
  const directory = mkdtempSync(join(folder, "keys-"));
  const file = join(directory, "keys.json");
  const kms = await openLocalKms({ file, keys: [{ id: KEY_A }] });
  const { CiphertextBlob } = await kms.client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(5) }));
  await kms.close();
  return { directory, file, CiphertextBlob };
}

const keysIn = (file: string): string[] =>
  JSON.parse(readFileSync(file, "utf8")).keys.map(({ id }: { id: string }) => id);

describe("a process that is killed", () => {
  test.each([
    ["before every step", "step", 15],
    ["in the middle of every write", "half", 2],
  ])("%s leaves what it had answered, and no litter", async (_, how, steps) => {
    for (let at = 0; ; at++) {
      const { directory, file, CiphertextBlob } = await prepared();
      const { ids, ended } = start(file, "create", how, String(at));
      const status = await ended;
      const kms = await openLocalKms({ file });
      const { Plaintext } = await kms.client.send(new DecryptCommand({ CiphertextBlob }));
      expect(Plaintext, `step ${at}`).toEqual(bytes(5));
      for (const id of await ids) expect(kms.describeKey(id).keyState, `step ${at}`).toBe("Enabled");
      kms.createKey();
      await kms.close();
      expect(readdirSync(directory), `step ${at}`).toEqual(["keys.json"]);
      if (status === 0) {
        expect(at).toBeGreaterThanOrEqual(steps);
        return;
      }
      expect(status).toBe("SIGKILL");
    }
  });

  test("among many writes has every key that it told of in the file", async () => {
    const { file } = await prepared();
    let told: readonly string[] = [KEY_A];
    for (let round = 0; round < 6; round++) {
      const { child, ids, ended } = start(file, "churn");
      await once(child.stdout!, "readable");
      await pause(Math.random() * 150);
      child.kill("SIGKILL");
      expect(await ended).toBe("SIGKILL");
      told = [...told, ...(await ids)];
      // The one more that it may have made had not been told of.
      const there = keysIn(file);
      expect(told.filter((id) => !there.includes(id))).toEqual([]);
      expect(there.length - told.length).toBeLessThanOrEqual(round + 1);
    }
    expect(told.length).toBeGreaterThan(12);
  });
});

describe("two processes", () => {
  test("do not have one file at a time; a dead one's is free", async () => {
    const { file } = await prepared();
    const { child, ended } = start(file, "hold");
    await once(child.stdout!, "readable");
    const refusal = await failure(openLocalKms({ file }));
    expect(refusal).toMatchObject({ code: "ERR_STORE", operation: "open", transient: false });
    expect(refusal.message).toMatch(
      new RegExp(
        `open: process ${child.pid} has it open\\. Serve it from one process by kms\\.listen\\(\\), and`,
      ),
    );
    child.kill("SIGKILL");
    await ended;
    expect(existsSync(`${file}.lock`)).toBe(true);
    await (await openLocalKms({ file })).close();
  });

  test.runIf(existsSync("/proc/self/stat"))("one that has ended and stays a zombie is dead", async () => {
    const { file } = await prepared();
    const child = join(import.meta.dirname, "kms-child.mjs");
    // The program that takes the shell's place reaps no children.
    const command = '"$0" "$1" "$2" "$3" hold & exec sleep 60';
    const parent = spawn("sh", ["-c", command, process.execPath, child, bundle, file], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void parent.kill("SIGKILL"));
    await once(parent.stdout, "readable");
    const { pid } = JSON.parse(readFileSync(`${file}.lock`, "utf8"));
    process.kill(pid, "SIGKILL");
    await (await openLocalKms({ file })).close();
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  test("one that is about to end is waited for", async () => {
    const { file } = await prepared();
    const { child } = start(file, "hold");
    await once(child.stdout!, "readable");
    setTimeout(() => child.kill("SIGKILL"), 150);
    await (await openLocalKms({ file })).close();
  });

  test("that take turns lose no key, from a dead one's lock on", async () => {
    const { directory, file } = await prepared();
    const dead = start(file, "hold");
    await once(dead.child.stdout!, "readable");
    dead.child.kill("SIGKILL");
    await dead.ended;
    const children = [1, 2, 3, 4].map(() => start(file, "takeTurns", "15"));
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    const told = (await Promise.all(children.map(({ ids }) => ids))).flat();
    expect(told).toHaveLength(60);
    expect(keysIn(file).toSorted()).toEqual([KEY_A, ...told].toSorted());
    expect(readdirSync(directory)).toEqual(["keys.json"]);
  });

  test("a thread counts as its process", async () => {
    const { file } = await prepared();
    const kms = await openLocalKms({ file });
    const program = `
      import { parentPort } from "node:worker_threads";
      const { openLocalKms } = await import(${JSON.stringify(pathToFileURL(bundle))});
      await openLocalKms({ file: ${JSON.stringify(file)} }).catch((error) => parentPort.postMessage(error.message));`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
    const [message] = await once(worker, "message");
    expect(message).toContain(`process ${process.pid} has it open`);
    await kms.close();
  });
});

describe("a lock", () => {
  test.each([
    ["a process that is no more", { pid: 2 ** 30, startedAt: 0 }],
    ["an earlier process of the same id, as in a container", { pid: process.pid, startedAt: 0 }],
  ])("of %s is taken over", async (_, owner) => {
    const { file } = await prepared();
    writeFileSync(`${file}.lock`, JSON.stringify(owner));
    const kms = await openLocalKms({ file });
    kms.disableKey(KEY_A);
    await kms.close();
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  test.each([
    ["a process that lives", { pid: process.ppid, startedAt: 0 }, `process ${process.ppid} has it open`],
    ["nobody knows whom", "", "a process that its lock does not name has it open"],
  ])("of %s is not, and the error says which file to remove", async (_, owner, message) => {
    const { file } = await prepared();
    const text = JSON.stringify(owner);
    writeFileSync(`${file}.lock`, text);
    const error = await failure(openLocalKms({ file }));
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/If nothing has it open, remove .*keys\.json\.lock\.$/);
    expect(readFileSync(`${file}.lock`, "utf8")).toBe(text);
  });

  test("that is gone, or another's, lets nothing be written", async () => {
    const { file } = await prepared();
    const before = readFileSync(file, "utf8");
    const kms = await openLocalKms({ file });
    rmSync(`${file}.lock`);
    expect(() => kms.disableKey(KEY_A)).toThrow("it was closed, or another process has it now");
    const other = await openLocalKms({ file });
    expect(() => kms.disableKey(KEY_A)).toThrow("another process has it now");
    expect(readFileSync(file, "utf8")).toBe(before);
    other.disableKey(KEY_A);
    // Who has lost it leaves the other's lock.
    await kms.close();
    other.enableKey(KEY_A);
    await other.close();
  });
});
