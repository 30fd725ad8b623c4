import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "examples/README.md"],
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

/** The anchors of a page: its headings, as code hosts name them, and those that it sets itself. */
function anchors(page: string): Set<string> {
  const text = readFileSync(join(ROOT, page), "utf8").replaceAll(/^```.*?^```$/gms, "");
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!)]);
}

function linksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), "utf8").replaceAll(/^```.*?^```$/gms, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^https?:/.test(link));
}

describe("links of the documentation", () => {
  it.each(pages)("%s leads to what is there", (page) => {
    const dead = linksOf(page).filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : relative(ROOT, join(ROOT, dirname(page), path));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && target.endsWith(".md") && !anchors(target).has(anchor);
    });
    expect(dead).toEqual([]);
  });

  it("leads from the README to every page of docs/", () => {
    const reached = new Set(linksOf("README.md"));
    const unreached = readdirSync(join(ROOT, "docs")).filter(
      (name) => name.endsWith(".md") && !reached.has(`docs/${name}`),
    );
    expect(unreached).toEqual([]);
  });

  it("leads from the list of examples to every one", () => {
    const reached = new Set(linksOf("examples/README.md"));
    const programs = readdirSync(join(ROOT, "examples")).filter((name) => name.endsWith(".mjs"));
    expect(programs.filter((name) => !reached.has(name))).toEqual([]);
  });
});
