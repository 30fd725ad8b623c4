// npm run docs: writes the API reference, docs/api, from the comments of the sources. With --check it writes nothing, and
// fails unless docs/api is what they say. Either way it fails for whatever typedoc warns of: a public symbol, or a member of
// one, that is not documented; a type that is not exported; a link that leads nowhere.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execute, ROOT, withTemporaryFolder } from "./packed.mjs";

const OUT = join(ROOT, "docs/api");
const TYPEDOC = join(ROOT, "node_modules/typedoc/bin/typedoc");

if (process.argv.includes("--check")) {
  await withTemporaryFolder(async (folder) => {
    await typedoc(folder);
    const [said, written] = await Promise.all([pagesOf(folder), pagesOf(OUT)]);
    assert.ok(said.size > 1, "typedoc wrote no pages");
    const names = [...new Set([...said.keys(), ...written.keys()])].toSorted();
    const stale = names.filter((name) => said.get(name) !== written.get(name));
    assert.deepEqual(stale, [], "docs/api is not what the sources say: run `npm run docs`, and commit it.");
  });
} else {
  await typedoc(OUT);
}

async function typedoc(out) {
  await execute(process.execPath, [TYPEDOC, "--out", out], { cwd: ROOT });
}

/** The text of each page, by name. */
async function pagesOf(folder) {
  const names = await readdir(folder);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")])),
  );
}
