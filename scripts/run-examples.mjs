// npm run examples [TEXT]: runs every example, and every block of code in the README, docs/ and docs/api, as a reader would:
// unchanged, in a folder with the packed keyfold installed. The compiler looks at the blocks first, and at the modules in
// folders of examples/, which are there to be copied. `new KMSClient({})` and the other clients find local services by the
// SDK's own environment variables. The blocks of one page of docs/api run one after the other in one process. The page of
// examples/browser is opened in Chromium where there is one, and the commands of docs/testing.md are followed. With TEXT,
// only those whose name has it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { findChromium, launchChromium } from "../test/runtimes/install.mjs";
import { codeBlocks } from "./code-blocks.mjs";
import { followTestingPage } from "./documented-kms.mjs";
import { startServices } from "./local-services.mjs";
import { execute, installPacked, pack, ROOT, withTemporaryFolder } from "./packed.mjs";

// Folders of examples/ that nobody copies: stand-ins, a page, what was installed.
const NOT_COPIED = ["local", "browser", "node_modules"];
const TIMEOUT_MS = 120_000;
// Says which part it is at, so that a failure has a name.
const IN_TURN = `for (const part of process.argv.slice(1)) {
  console.log(part);
  await import("./" + part);
}`;
const wanted = process.argv[2] ?? "";

let passed = 0;
let failed = 0;
await withTemporaryFolder(async (folder) => {
  const project = join(folder, "project");
  await cp(join(ROOT, "examples"), project, { recursive: true });
  const manifest = JSON.parse(await readFile(join(ROOT, "examples/package.json"), "utf8"));
  await installPacked(project, (await pack(folder)).tarball, manifest);
  await tell("types", () => writeBlocks(project));
  await runPrograms(project);
  if ("documented-kms".includes(wanted)) await tell("documented-kms", () => followTestingPage(project));
  if ("browser".includes(wanted)) await tell("browser", () => openPage(project));
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Writes each block of the documentation as a program, and has the compiler look at them all, and at the modules. */
async function writeBlocks(project) {
  const blocks = await codeBlocks();
  const sources = { js: "mjs", ts: "mts" };
  const files = blocks.map(({ name, language }) => `${name}.${sources[language]}`);
  for (const [i, { code }] of blocks.entries()) await writeFile(join(project, files[i]), code);
  const compilerOptions = {
    allowJs: true,
    checkJs: true,
    strict: true,
    noImplicitAny: false,
    skipLibCheck: true,
    noEmit: true,
    target: "es2022",
    lib: ["es2023"],
    module: "nodenext",
    types: ["node"],
  };
  const modules = await modulesToCopy(project);
  const checked = { compilerOptions, files: [...files, ...modules] };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(checked));
  await execute(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", project]);
  for (const { name, language, code } of blocks) {
    if (language === "ts") await writeFile(join(project, `${name}.mjs`), withoutTypes(code));
  }
  console.log(
    `the compiler accepts ${blocks.length} blocks of the documentation and ${modules.length} modules to copy`,
  );
}

async function modulesToCopy(project) {
  const entries = await readdir(project, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !NOT_COPIED.includes(entry.name));
  const files = await Promise.all(
    folders.map(async ({ name }) => (await readdir(join(project, name))).map((file) => `${name}/${file}`)),
  );
  return files.flat();
}

function withoutTypes(code) {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}

async function runPrograms(project) {
  const services = await startServices();
  try {
    const programs = (await readdir(project)).filter(
      (name) => name.endsWith(".mjs") && name.includes(wanted),
    );
    // A page of the API reference is one program.
    const pages = new Map();
    for (const name of programs.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))) {
      const page = /^api-.+(?=-\d+\.mjs$)/.exec(name)?.[0] ?? name;
      pages.set(page, [...(pages.get(page) ?? []), name]);
    }
    const env = { ...process.env, ...services.env };
    for (const [page, parts] of pages) await tell(page, () => runProgram(project, parts, env));
  } finally {
    await services.close();
  }
}

/** Runs a program, or the parts of one in their order. */
async function runProgram(cwd, parts, env) {
  const args = parts.length === 1 ? parts : ["--input-type=module", "--eval", IN_TURN, ...parts];
  const child = spawn(process.execPath, args, { cwd, env, stdio: "inherit", timeout: TIMEOUT_MS });
  const status = await new Promise((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? signal)),
  );
  assert.equal(status, 0, `${parts.join(", ")} ended with ${status}`);
}

/** Does what a reader would do with the page, and looks at what it shows. KEYFOLD_SCREENSHOT names a file to keep it in. */
async function openPage(project) {
  if (findChromium() === undefined && process.getuid?.() !== 0) {
    console.log("skipped: there is no Chromium here");
    return;
  }
  const { LETTER, serve } = await import(pathToFileURL(join(project, "browser/serve.mjs")).href);
  const server = await serve();
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 800, height: 600 } });
    const errors = [];
    page.on("pageerror", (error) => errors.push(error));
    await page.goto(server.url);
    await page.locator("#facts", { hasText: "for Grace" }).waitFor();
    const open = async (key) => {
      await page.fill("#key", key);
      await page.click("button");
    };
    await open(Buffer.alloc(32, 1).toString("base64"));
    await page.locator("output.refused", { hasText: "ERR_NO_DATA_KEY" }).waitFor();
    await open(server.key);
    await page.locator("output:not(.refused)", { hasText: "ships" }).waitFor();
    assert.equal(await page.textContent("output"), LETTER);
    if (process.env.KEYFOLD_SCREENSHOT) await page.screenshot({ path: process.env.KEYFOLD_SCREENSHOT });
    assert.deepEqual(errors, []);
    console.log("the page refuses a wrong key, and shows the letter under the right one");
  } finally {
    await browser.close();
    await server.close();
  }
}

async function tell(what, run) {
  console.log(`--- ${what}`);
  try {
    await run();
    passed++;
  } catch (error) {
    console.error(error);
    failed++;
  }
}
