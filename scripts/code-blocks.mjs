// The JavaScript that the documentation shows: every `js` block of the README and of docs/*.md, by page and number.
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { ROOT } from "./packed.mjs";

/** Each block as `{ name, code }`: the third of docs/caching.md is `caching-3`. */
export async function codeBlocks() {
  const pages = (await readdir(join(ROOT, "docs"))).filter((name) => name.endsWith(".md")).toSorted();
  const blocks = [];
  for (const page of ["README.md", ...pages.map((name) => join("docs", name))]) {
    const text = await readFile(join(ROOT, page), "utf8");
    for (const [i, [, code]] of [...text.matchAll(/^```js\n(.*?)^```$/gms)].entries()) {
      blocks.push({ name: `${basename(page, ".md").toLowerCase()}-${i + 1}`, code });
    }
  }
  if (!blocks.some(({ name }) => name === "readme-1")) throw new Error("The README has no JavaScript block.");
  return blocks;
}
