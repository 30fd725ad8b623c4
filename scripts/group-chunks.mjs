// Part of the build: an esbuild plugin that puts what the root shares with other subpaths into two chunks. Node looks up
// each file of a package by itself, and with a chunk for every set of entries that share something that is a fifth of the
// root's import time.
//
// esbuild makes one chunk of the files that the same entries need. So each entry that needs one file of a group is made to
// import them all; linking and tree shaking stay esbuild's. `core` is of the entries that need what needs `#crypto`;
// `base` is what the backends, or other entries that need none of that, have in common with them.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { build } from "esbuild";

const GROUP = "keyfold-group";

/** `entries`: names in the output and their sources, `index` and the backends among them. */
export function groupChunks(entries) {
  const grouping = groupsOf(entries);
  return {
    name: "group-chunks",
    async setup({ onLoad, onResolve }) {
      const { groups, needs } = await grouping;
      onResolve({ filter: new RegExp(`^${GROUP}:`) }, ({ path }) => ({
        path: path.slice(GROUP.length + 1),
        namespace: GROUP,
      }));
      onLoad({ filter: /./, namespace: GROUP }, ({ path }) => ({
        contents: groups[path].map((file) => `export * from ${JSON.stringify(resolve(file))};`).join("\n"),
        resolveDir: ".",
      }));
      onLoad({ filter: /\.ts$/, namespace: "file" }, async ({ path }) => {
        const names = needs.get(path) ?? [];
        const imports = names.map((name) => `import "${GROUP}:${name}";\n`);
        return { contents: imports.join("") + (await readFile(path, "utf8")), loader: "ts" };
      });
    },
  };
}

/** The files of each group; and by entry, the groups that it needs. */
async function groupsOf(entries) {
  const { metafile } = await build({
    entryPoints: Object.values(entries),
    outdir: "unused",
    bundle: true,
    splitting: true,
    format: "esm",
    write: false,
    metafile: true,
    packages: "external",
    external: ["#crypto"],
  });
  const importsOf = (file) => metafile.inputs[file].imports;
  const withAllBelow = (file, found = new Set()) => {
    if (found.has(file)) return found;
    found.add(file);
    for (const { path, external } of importsOf(file)) if (!external) withAllBelow(path, found);
    return found;
  };
  const needsOthers = (file) =>
    [...withAllBelow(file)].some((below) => importsOf(below).some(({ external }) => external));

  const reached = Object.values(entries).map((path) => ({ path, files: [...withAllBelow(path)] }));
  // What the root loads: its own files, and those of the backend that stands behind `#crypto`.
  const roots = [entries.index, entries["crypto/node"], entries["crypto/web"]];
  const loaded = new Set(reached.filter(({ path }) => roots.includes(path)).flatMap(({ files }) => files));
  const shared = [...loaded].filter((file) => reached.filter(({ files }) => files.includes(file)).length > 1);

  const withoutCore = reached.filter(({ files }) => !files.some((f) => shared.includes(f) && needsOthers(f)));
  const base = shared.filter((file) => withoutCore.some(({ files }) => files.includes(file)));
  const groups = { base, core: shared.filter((file) => !base.includes(file)) };
  const needs = new Map(
    reached.map(({ path, files }) => [
      resolve(path),
      Object.keys(groups).filter((name) => groups[name].some((file) => files.includes(file))),
    ]),
  );
  return { groups, needs };
}
