// Part of the build: makes one file of the chunks that the root loads and that need nothing but each other. Node looks
// up each file of a package by itself, and these would take half of the root's import time.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";

const IMPORT = /(from ?|import ?)"([^"]+)"/g;

/** `folder`: the output, whose ES modules are rewritten. */
export async function mergeChunks(folder) {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".js"));
  const texts = new Map();
  for (const name of names) texts.set(resolve(folder, name), await readFile(join(folder, name), "utf8"));
  const importsOf = (path) => [...texts.get(path).matchAll(IMPORT)].map(([, , specifier]) => specifier);
  const target = (path, specifier) => resolve(dirname(path), specifier);

  const loadedByRoot = ["index.js", "crypto/node.js"].map((name) => resolve(folder, name));
  const neighbours = (path) => importsOf(path).map((specifier) => target(path, specifier));
  // What a chunk loads through others counts: the bundler below would take it in, and of `#crypto` a backend.
  const needsOthers = (path) =>
    !texts.has(path) ||
    importsOf(path).some((specifier) => !specifier.startsWith(".")) ||
    neighbours(path).some(needsOthers);
  const withAllBelow = (path) => [path, ...neighbours(path).flatMap(withAllBelow)];
  const chunks = loadedByRoot.flatMap(neighbours).filter((path) => !needsOthers(path));
  const merged = [...new Set(chunks.flatMap(withAllBelow))];
  const shared = resolve(folder, "shared.js");
  const { metafile } = await build({
    metafile: true,
    stdin: {
      contents: merged.map((path) => `export * from ${JSON.stringify(path)};`).join("\n"),
      resolveDir: folder,
    },
    outfile: shared,
    bundle: true,
    format: "esm",
    platform: "neutral",
    logLevel: "warning",
  });
  const strangers = Object.keys(metafile.inputs).filter(
    (path) => path !== "<stdin>" && !merged.includes(resolve(path)),
  );
  if (strangers.length > 0) throw new Error(`${shared} would hold ${strangers.join(", ")}`);
  for (const [path, text] of texts) {
    if (merged.includes(path)) {
      await rm(path);
      continue;
    }
    const rewritten = text.replace(IMPORT, (statement, word, specifier) => {
      if (!merged.includes(target(path, specifier))) return statement;
      const from = relative(dirname(path), shared);
      return `${word}"${from.startsWith(".") ? from : `./${from}`}"`;
    });
    await writeFile(path, rewritten);
  }
}
