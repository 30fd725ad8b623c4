// Part of `npm run package`: what is in the tarball, file by file.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import * as keyfold from "keyfold";
import { ROOT } from "./packed.mjs";

const ALLOWED = /^(dist\/.+\.(js|cjs|d\.ts|d\.cts)|package\.json|(README|CHANGELOG|SECURITY)\.md|LICENSE)$/;

/** `installed`: the package's folder in a project; `packed`: as `pack` answers. */
export async function checkContent(installed, { tarball, size, unpackedSize, files }) {
  const strangers = files.filter((path) => !ALLOWED.test(path));
  assert.deepEqual(strangers, [], "the tarball holds what nobody needs");

  const texts = new Map();
  for (const path of files) texts.set(path, await readFile(join(installed, path), "utf8"));
  for (const [path, text] of texts) {
    for (const folder of [ROOT, homedir()]) {
      assert.ok(!text.includes(join(folder, "/")), `${path} names a folder of this machine`);
    }
    assert.ok(!text.includes("sourceMappingURL"), `${path} names a source map, and there are none`);
  }

  // A second copy would be another class to `instanceof`.
  const classes = Object.keys(keyfold).filter((name) => name.endsWith("Error") && !name.startsWith("is"));
  assert.ok(classes.length > 10);
  for (const extension of [".js", ".cjs"]) {
    const all = [...texts].filter(([path]) => path.endsWith(extension)).map(([, text]) => text);
    for (const name of classes) {
      const definitions = all.join("\n").match(new RegExp(`^(class ${name}\\b|var ${name} =)`, "gm"));
      assert.equal(definitions?.length, 1, `${name} is defined once in the ${extension} files`);
    }
  }
  console.log(`${basename(tarball)}: ${files.length} files, ${size} bytes, ${unpackedSize} unpacked`);
}
