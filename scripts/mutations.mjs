// npm run mutations [TEXT]: takes each check of the library away, one at a time, in a copy of the repository, and shows
// a test that notices. A check that nobody would miss is a hole in the tests: then the exit code is 1.
import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { MUTATIONS } from "./mutation-list.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv[2];

const copy = await mkdtemp(join(tmpdir(), "keyfold-mutations-"));
for (const name of ["src", "test", "package.json", "tsconfig.json", "vitest.config.ts"]) {
  await cp(join(ROOT, name), join(copy, name), { recursive: true });
}
await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));

let survivors = 0;
const mutations = MUTATIONS.filter(({ check }) => wanted === undefined || check.includes(wanted));
for (const { check, file, find } of mutations) {
  const text = await readFile(join(copy, file), "utf8");
  if (text.split(find).length !== 2)
    throw new Error(`${check}: ${file} does not hold this text once: ${find}`);
}
for (const { check, file, find, replace, tests } of mutations) {
  const path = join(copy, file);
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(find, replace));
  const noticed = await firstFailure(tests);
  await writeFile(path, text);
  if (noticed === null) survivors++;
  console.log(`${check.padEnd(52)} ${noticed ?? "NOBODY NOTICES"}`);
}
await rm(copy, { recursive: true });
console.log(`${mutations.length - survivors} passed, ${survivors} failed`);
process.exitCode = survivors === 0 ? 0 : 1;

/**
 * The first test of these folders that fails now; null if all of them pass. The run is killed then: vitest's own `bail`
 * has been seen to lose the failure, and to wait for ever.
 */
async function firstFailure(folders) {
  const args = ["vitest", "run", "--project", "node", "--reporter", join(ROOT, "scripts/first-failure.mjs")];
  const child = spawn("npx", [...args, ...folders], {
    cwd: copy,
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  let failed = null;
  let tests = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, kind, text] = /^(FAILED|TESTS): (.*)$/.exec(line) ?? [];
    if (kind === "TESTS") tests = Number(text);
    if (kind !== "FAILED") continue;
    failed = text;
    break;
  }
  try {
    // With all its workers.
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
  if (failed === null && tests === 0) throw new Error(`No test ran in ${folders.join(", ")}.`);
  return failed;
}
