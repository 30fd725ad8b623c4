// npm run examples: runs every example, and every JavaScript block of the README, as a reader would: unchanged, in an
// empty folder with keyfold installed. `new KMSClient({})` finds the local KMS by the SDK's own environment variables.
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLocalKms } from "keyfold/testing";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
// The key that the README and the examples name.
const KEY = { id: "1234abcd-12ab-34cd-56ef-1234567890ab" };
const REPLICA = {
  id: "mrk-1234abcd12ab34cd56ef1234567890ab",
  multiRegion: true,
  replicaRegions: ["eu-west-1"],
};

const kms = createLocalKms({ keys: [KEY, REPLICA] });
const { url } = await kms.listen();
const env = {
  ...process.env,
  AWS_ENDPOINT_URL_KMS: url,
  AWS_REGION: kms.region,
  AWS_ACCESS_KEY_ID: "EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "not-a-secret",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};

const folder = await mkdtemp(join(tmpdir(), "keyfold-examples-"));
await mkdir(join(folder, "node_modules"));
await symlink(ROOT, join(folder, "node_modules/keyfold"));
await symlink(join(ROOT, "node_modules/@aws-sdk"), join(folder, "node_modules/@aws-sdk"));
await writeFile(
  join(folder, "package.json"),
  JSON.stringify({ name: "reader", private: true, type: "module" }),
);
await cp(join(ROOT, "examples"), folder, { recursive: true });

const readme = await readFile(join(ROOT, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
for (const [i, code] of blocks.entries()) await writeFile(join(folder, `readme-block-${i + 1}.mjs`), code);
if (blocks.length === 0) throw new Error("The README has no JavaScript block.");

const notExamples = ["demo.mjs", "print.mjs"];
const programs = (await readdir(folder)).filter(
  (name) => name.endsWith(".mjs") && !notExamples.includes(name),
);
let failed = 0;
for (const program of programs.toSorted()) {
  console.log(`--- ${program}`);
  const child = spawn(process.execPath, [program], { cwd: folder, env, stdio: "inherit" });
  const status = await new Promise((resolve) => child.once("exit", resolve));
  if (status !== 0) failed++;
}
await kms.close();
await rm(folder, { recursive: true });
console.log(`${programs.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
