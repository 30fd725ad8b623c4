// npm run bench [NAME ...]: prints figures and ratios; asserts nothing. Each part runs in a process of its own.
// `--readme` runs all of them, and writes the headlines into README.md.
import { fork } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { writeReadme } from "./readme.mjs";

const PARTS = [
  "messages",
  "stream",
  "object",
  "s3",
  "sqs",
  "cache",
  "import",
  "cold",
  "bundle",
  "browser",
  "memory",
  "s3-big",
  "stampede",
];

const asked = process.argv.slice(2).filter((argument) => argument !== "--readme");
const readme = process.argv.includes("--readme");
const unknown = asked.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. There are: ${PARTS.join(", ")}.`);
  process.exit(1);
}
if (readme && (asked.length > 0 || process.env.BENCH_QUICK)) {
  console.error("--readme wants all parts, and not BENCH_QUICK.");
  process.exit(1);
}

const machine = `Node ${process.version}, ${cpus()[0].model} x ${cpus().length}`;
const date = new Date().toISOString().slice(0, 10);
console.log(`${machine}, ${date}`);

const headlines = [];
for (const part of asked.length > 0 ? asked : PARTS) {
  const script = fileURLToPath(new URL(`${part}.mjs`, import.meta.url));
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  const child = fork(script, [], { execArgv: ["--expose-gc"], env });
  child.on("message", (headline) => headlines.push(headline));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) process.exitCode = 1;
}
if (readme && !process.exitCode) await writeReadme(headlines, `${date}, ${machine}`);
