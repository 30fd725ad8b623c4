// npm run newcomer: takes the README at its word. Each recipe under "In five minutes" is tried in an empty folder: its `npm
// install` (of the packed keyfold, and of the AWS clients in the versions of this repository), its program, unchanged and
// alone. A recipe has ten lines at most, blank ones not counted.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServices } from "./local-services.mjs";
import { execute, pack, ROOT, withTemporaryFolder } from "./packed.mjs";

const MOST_LINES = 10;
/** What a newcomer sees, or finds in the folder. */
const SHOWS = {
  "A file": async (_, folder) => {
    const [before, sealed, after] = await Promise.all(
      ["package.json", "sealed", "opened.json"].map((name) => readFile(join(folder, name))),
    );
    assert.deepEqual(after, before);
    assert.ok(!sealed.includes(before.subarray(0, 16)));
  },
  "A queue": (output) => assert.equal(output, "42 pears\n"),
  "Objects in S3": (output) => assert.equal(output, "42 pears\n"),
  "Mail that SES stored": (output) => assert.match(output, /^store Subject: 42 pears\r\n/),
  "A mailbox": (output) => assert.match(output, /^AgR4[0-9A-Za-z+/]{200,}=*\n$/),
};

const readme = await readFile(join(ROOT, "README.md"), "utf8");
const { devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
const start = readme.indexOf("\n## In five minutes\n");
const recipes = readme
  .slice(start, readme.indexOf("\n## ", start + 1))
  .split("\n### ")
  .slice(1)
  .map((text) => ({
    name: text.slice(0, text.indexOf("\n")),
    packages: /^```sh\nnpm install (.*)\n```$/m.exec(text)?.[1].split(" "),
    program: /^```js\n(.*?)^```$/ms.exec(text)?.[1],
  }));
assert.deepEqual(
  recipes.map(({ name }) => name),
  Object.keys(SHOWS),
);

let failed = 0;
const services = await startServices();
await withTemporaryFolder(async (parent) => {
  const { tarball } = await pack(parent);
  for (const [i, recipe] of recipes.entries()) {
    try {
      const lines = await follow(recipe, join(parent, String(i)), tarball);
      console.log(`${recipe.name}: ${lines} lines, and it works`);
    } catch (error) {
      console.error(`${recipe.name}:`, error);
      failed++;
    }
  }
});
await services.close();
console.log(`${recipes.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function follow({ name, packages, program }, folder, tarball) {
  const lines = program.split("\n").filter((line) => line.trim() !== "").length;
  assert.ok(lines <= MOST_LINES, `${lines} lines are more than ${MOST_LINES}`);
  await mkdir(folder);
  const wanted = packages.map((each) => (each === "keyfold" ? tarball : `${each}@${devDependencies[each]}`));
  await execute("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...wanted], {
    cwd: folder,
  });
  await writeFile(join(folder, "program.mjs"), program);
  const env = { ...process.env, ...services.env };
  const output = await execute(process.execPath, ["program.mjs"], { cwd: folder, env, timeout: 60_000 });
  await SHOWS[name](output, folder);
  return lines;
}
