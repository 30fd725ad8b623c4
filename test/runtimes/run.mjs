// npm run test:runtimes [NAME ...]: tries the packed package on every runtime, and has each open what the others wrote.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLocalKms } from "keyfold/testing";
import { installPacked, lend, pack, withTemporaryFolder } from "../../scripts/packed.mjs";
import { RUNTIMES } from "./engines.mjs";

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(RUNTIMES);
const { publicKey, privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const kmsMaterial = randomBytes(32);
const material = {
  aes: randomBytes(32).toString("base64"),
  rsa: { publicKey, privateKey },
  kms: { id: "1234abcd-12ab-34cd-56ef-1234567890ab", material: kmsMaterial.toString("base64") },
};
const localKms = createLocalKms({ keys: [{ id: material.kms.id, material: kmsMaterial }] });

/** By runtime: `{ version, backend, results, written, opened, engine, failure }`. */
const tried = {};
const failures = [];

try {
  await withTemporaryFolder(tryAll);
} finally {
  await localKms.close();
}
print();
for (const line of failures) console.error(`\n${line}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function tryAll(folder) {
  const { url: endpoint } = await localKms.listen();
  const project = join(folder, "project");
  await installPacked(project, (await pack(folder)).tarball);
  await lend(project, "@aws-sdk");
  for (const name of await readdir(import.meta.dirname)) {
    if (name.endsWith(".mjs")) await copyFile(join(import.meta.dirname, name), join(project, name));
  }
  try {
    for (const name of chosen) await trySuite(name, project, endpoint);
    const written = Object.fromEntries(
      Object.entries(tried).map(([name, each]) => [name, each.written ?? []]),
    );
    await writeFile(join(project, "written.json"), JSON.stringify(written));
    for (const name of chosen) await tryOpening(name, written);
  } finally {
    for (const { engine } of Object.values(tried)) await engine?.stop();
  }
}

async function trySuite(name, project, endpoint) {
  const { backend, start } = RUNTIMES[name];
  tried[name] = {};
  try {
    const engine = await start(project, endpoint);
    Object.assign(tried[name], { engine, version: engine.version });
    Object.assign(tried[name], await engine.perform({ task: "suite", material, endpoint }));
    if (tried[name].backend !== backend)
      failures.push(`${name}: the ${tried[name].backend} backend, not ${backend}`);
    note(name, tried[name].results);
  } catch (error) {
    failures.push(`${name}: ${error?.stack ?? error}`);
  }
}

async function tryOpening(name, written) {
  if (tried[name].results === undefined) return;
  try {
    tried[name].opened = await tried[name].engine.perform({ task: "open", material, written });
    for (const [from, results] of Object.entries(tried[name].opened))
      note(`${name} opening from ${from}`, results);
  } catch (error) {
    failures.push(`${name}: ${error?.stack ?? error}`);
  }
}

function note(who, results) {
  for (const { name, error } of results) if (error !== null) failures.push(`${who}: ${name}: ${error}`);
}

function print() {
  const checks =
    Object.values(tried)
      .find(({ results }) => results)
      ?.results.map(({ name }) => name) ?? [];
  const names = Object.keys(tried);
  const width = Math.max(...checks.map((name) => name.length), 28) + 2;
  const row = (label, cells) =>
    console.log(label.padEnd(width) + cells.map((cell) => cell.padEnd(11)).join(""));
  const score = (results) =>
    results === undefined ? "-" : `${results.filter(({ error }) => error === null).length}/${results.length}`;
  row("", names);
  row(
    "version",
    names.map((name) => (tried[name].version ?? "-").replace(/^v|^workerd /, "").slice(0, 10)),
  );
  row(
    "backend",
    names.map((name) => tried[name].backend ?? "-"),
  );
  for (const check of checks) {
    row(
      check,
      names.map((name) => {
        const result = tried[name].results?.find((each) => each.name === check);
        return result === undefined ? "-" : result.error === null ? "ok" : "FAILED";
      }),
    );
  }
  for (const from of names)
    row(
      `opens what ${from} wrote`,
      names.map((name) => score(tried[name].opened?.[from])),
    );
  console.log(failures.length === 0 ? "\nAll as it should be." : `\n${failures.length} failures`);
}
