// What importing the root costs over an empty Node: whole processes, in turns.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median, table } from "./measure.mjs";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const PROGRAMS = {
  "empty Node": ["--input-type=module", "-e", ""],
  "keyfold (ESM)": ["--input-type=module", "-e", 'import "keyfold";'],
  "keyfold (CJS)": ["-e", 'require("keyfold");'],
  "@aws-crypto/client-node": ["-e", 'require("@aws-crypto/client-node");'],
};

const times = Object.fromEntries(Object.keys(PROGRAMS).map((name) => [name, []]));
for (let round = -1; round < 21; round++) {
  for (const [name, args] of Object.entries(PROGRAMS)) {
    const start = performance.now();
    const { status } = spawnSync(process.execPath, args, { cwd });
    if (status !== 0) throw new Error(`${name} failed`);
    if (round >= 0) times[name].push(performance.now() - start);
  }
}
const base = median(times["empty Node"]);
table(
  "Import time (milliseconds, whole process)",
  ["", "median", "over empty"],
  Object.entries(times).map(([name, values]) => [
    name,
    median(values).toFixed(1),
    (median(values) - base).toFixed(1),
  ]),
);
