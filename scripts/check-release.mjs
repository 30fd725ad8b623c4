// node scripts/check-release.mjs [TAG]: is what package.json, the lock file and CHANGELOG.md say of this version one and
// the same? With a tag, as the release workflow calls it: may that tag be published?
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./packed.mjs";

if (process.argv[1] === import.meta.filename) {
  const read = (name) => readFile(join(ROOT, name), "utf8");
  const manifest = JSON.parse(await read("package.json"));
  const lock = JSON.parse(await read("package-lock.json"));
  const faults = releaseFaults({ manifest, lock, changelog: await read("CHANGELOG.md") }, process.argv[2]);
  for (const fault of faults) console.error(fault);
  if (faults.length === 0)
    console.log(`${manifest.version}: package.json, the lock file and CHANGELOG.md agree`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/** Everything that is in the way, a sentence each. */
export function releaseFaults({ manifest, lock, changelog }, tag) {
  const { version, publishConfig, repository } = manifest;
  const headings = [...changelog.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  const faults = [];
  if (lock.version !== version || lock.packages[""].version !== version)
    faults.push(`package-lock.json is not of ${version}: run \`npm install --package-lock-only\`.`);
  if (!headings.includes(version)) faults.push(`CHANGELOG.md has no heading "## ${version}".`);
  if (publishConfig?.access !== "public" || publishConfig.provenance !== true)
    faults.push("package.json needs `publishConfig`, with `access` public and `provenance` true.");
  if (tag === undefined) return faults;

  if (tag !== `v${version}`)
    faults.push(`The tag is ${tag}; for the version in package.json it is v${version}.`);
  if (version.includes("-"))
    faults.push("A pre-release needs a dist-tag of its own, which the release workflow does not give.");
  if (headings[0] !== version)
    faults.push(`CHANGELOG.md begins with "## ${headings[0]}", not with this version.`);
  // npm compares it with where the workflow ran.
  if (!/^git\+https:\/\/.+\.git$/.test(repository?.url ?? ""))
    faults.push("package.json needs `repository`, with `type` git and a `url` as git+https://....git.");
  for (const name of ["bugs", "homepage"])
    if (manifest[name] === undefined) faults.push(`package.json needs \`${name}\`.`);
  return faults;
}
