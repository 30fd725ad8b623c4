// npm run bench [NAME ...]: prints figures and ratios; asserts nothing. Each part runs in a process of its own.
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const PARTS = ["messages", "stream", "import"];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. There are: ${PARTS.join(", ")}.`);
  process.exit(1);
}

console.log(
  `Node ${process.version}, ${cpus()[0].model} x ${cpus().length}, ${new Date().toISOString().slice(0, 10)}`,
);
for (const part of asked.length > 0 ? asked : PARTS) {
  const script = fileURLToPath(new URL(`${part}.mjs`, import.meta.url));
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  const { status } = spawnSync(process.execPath, ["--expose-gc", script], { stdio: "inherit", env });
  if (status !== 0) process.exitCode = 1;
}
