// Part of `npm run package`: type-checks every subpath, and test/types, against the packed declarations, as strict users
// do: libraries included, as ES modules and as CommonJS, under both ways to resolve modules.
import assert from "node:assert/strict";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execute, lend, ROOT } from "./packed.mjs";

/** The subpaths whose declarations are about the SDK's own commands and results. The others need no AWS package. */
const OF_SDK = ["keyfold/s3", "keyfold/sqs"];

const NO_TYPES = { types: [], lib: ["ES2022", "DOM"] };
const ON_NODE = { types: ["node"], lib: ["ES2023"] };
const ON_BOTH = { types: ["node"], lib: ["ES2022", "DOM"] };

/** `project`: a folder with keyfold and nothing else installed; `sources`: those of each subpath. */
export async function checkTypes(project, sources) {
  await lend(project, "@types/node", "undici-types");
  const names = Object.keys(sources).filter((name) => !OF_SDK.includes(name));
  const files = [
    await writeImports(project, "subpaths", names),
    ...(await writeTests(project, sources, false)),
  ];
  for (const resolution of ["node16", "bundler"]) {
    await typeCheck(project, resolution, "no @types, lib DOM", NO_TYPES, files);
    await typeCheck(project, resolution, "@types/node, no DOM", ON_NODE, files);
  }
}

/** `project`: with the AWS packages. */
export async function checkTypesWithSdk(project, sources) {
  const subpaths = await writeImports(project, "subpaths", Object.keys(sources));
  const tests = await writeTests(project, sources, true);
  for (const resolution of ["node16", "bundler"]) {
    await typeCheck(project, resolution, "every subpath, with the AWS SDK", ON_BOTH, [subpaths]);
    // The tests say more of the SDK than its own declarations bear.
    await typeCheck(project, resolution, "with the AWS SDK", { ...ON_BOTH, skipLibCheck: true }, tests);
  }
}

/** A module that takes all of these in: its name, without the extension. */
async function writeImports(project, name, specifiers) {
  const lines = specifiers.map((specifier, i) => `import * as m${i} from "${specifier}";\nvoid m${i};\n`);
  await writeModule(project, name, lines.join(""));
  return name;
}

/** Here the tests import the sources, for `npm run types`; there, the package by its name. */
async function writeTests(project, sources, ofSdk) {
  await copyFile(join(ROOT, "test/types/expect.d.ts"), join(project, "expect.d.ts"));
  const all = (await readdir(join(ROOT, "test/types"))).filter((name) => !name.endsWith(".d.ts"));
  const tests = all.filter((name) => ofSdk || !name.startsWith("sdk"));
  assert.ok(tests.length > 0);
  for (const name of tests) {
    let text = await readFile(join(ROOT, "test/types", name), "utf8");
    for (const [specifier, source] of Object.entries(sources))
      text = text.replaceAll(`"../../${source}"`, `"${specifier}"`);
    assert.doesNotMatch(text, /from "\.\./, `${name}: a source that is no subpath`);
    await writeModule(project, name.replace(/\.ts$/, ""), text);
  }
  return tests.map((name) => name.replace(/\.ts$/, ""));
}

/** The same text as an ES module and as CommonJS: they read different declarations. */
async function writeModule(project, name, text) {
  for (const kind of ["mts", "cts"]) await writeFile(join(project, `${name}.${kind}`), text);
}

async function typeCheck(project, moduleResolution, label, options, names) {
  const kinds = moduleResolution === "node16" ? ["mts", "cts"] : ["mts"];
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: false,
    target: "ES2022",
    module: moduleResolution === "node16" ? "Node16" : "ESNext",
    moduleResolution,
    ...options,
  };
  const files = names.flatMap((name) => kinds.map((kind) => `${name}.${kind}`));
  await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  await execute(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."], {
    cwd: project,
  });
  console.log(`types under ${moduleResolution}, ${label}: ${files.length} files`);
}
