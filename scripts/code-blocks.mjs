// The code that the documentation shows: every `js` and `ts` block of the README, of docs/*.md and of docs/api, which has
// the examples of the sources' comments. By page and number.
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ROOT } from "./packed.mjs";

/** Each block as `{ name, language, code }`: the third of docs/caching.md is `caching-3`, of docs/api/kms.md `api-kms-3`. */
export async function codeBlocks() {
  const folders = await Promise.all(["docs", "docs/api"].map(pagesOf));
  const blocks = [];
  for (const page of ["README.md", ...folders.flat()]) {
    const prefix = dirname(page) === "docs/api" ? "api-" : "";
    const text = await readFile(join(ROOT, page), "utf8");
    for (const [i, [, language, code]] of [...text.matchAll(/^```(js|ts)\n(.*?)^```$/gms)].entries()) {
      blocks.push({ name: `${prefix}${basename(page, ".md").toLowerCase()}-${i + 1}`, language, code });
    }
  }
  for (const first of ["readme-1", "api-keyfold-1"]) {
    if (!blocks.some(({ name }) => name === first)) throw new Error(`There is no block ${first}.`);
  }
  return blocks;
}

async function pagesOf(folder) {
  const names = await readdir(join(ROOT, folder));
  return names
    .filter((name) => name.endsWith(".md"))
    .toSorted()
    .map((name) => join(folder, name));
}
