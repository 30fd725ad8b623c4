// npm run package [-- FOLDER]: packs keyfold once, as npm would publish it, and checks that very tarball: publint, attw,
// what is in it, what it does in empty projects, its types, its bundles. With FOLDER, it is put there if all holds.
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { checkBundles } from "./check-bundles.mjs";
import { checkContent } from "./check-content.mjs";
import { checkWithoutSdk, checkWithSdk } from "./check-installed.mjs";
import { checkTypes, checkTypesWithSdk } from "./check-types.mjs";
import { execute, installPacked, lend, pack, ROOT, withTemporaryFolder } from "./packed.mjs";

const destination = process.argv[2];
const program = (name) => join(ROOT, "node_modules/.bin", name);

await withTemporaryFolder(async (folder) => {
  const packed = await pack(folder);
  const { tarball } = packed;
  console.log(await execute(program("publint"), ["run", tarball, "--strict"]));
  console.log(
    await execute(program("attw"), [tarball, "--profile", "node16", "--format", "ascii", "--no-emoji"]),
  );
  const project = join(folder, "project");
  await installPacked(project, tarball, {});
  const installed = join(project, "node_modules/keyfold");
  const { exports } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
  const sources = {};
  for (const [subpath, target] of Object.entries(exports)) {
    if (subpath === "./package.json") continue;
    sources[`keyfold${subpath.slice(1)}`] = target.import.default.replace(
      /^\.\/dist\/(.+)\.js$/,
      "src/$1.ts",
    );
  }
  const subpaths = Object.keys(sources);

  await checkContent(installed, packed);
  await checkWithoutSdk(project, subpaths);
  await checkTypes(project, sources);
  await lend(project, "@aws-sdk");
  await checkWithSdk(project, subpaths);
  await checkTypesWithSdk(project, sources);
  await checkBundles(project, subpaths);
  if (destination === undefined) return;
  await mkdir(destination, { recursive: true });
  await copyFile(tarball, join(destination, basename(tarball)));
  console.log(`checked, and left in ${join(destination, basename(tarball))}`);
});
