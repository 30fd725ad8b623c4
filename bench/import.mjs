// What importing the root costs over an empty Node: whole processes, in turns.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { interleaved } from "./measure.mjs";
import { effort, headline, table, times } from "./report.mjs";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const program = (args) => () => {
  const { status } = spawnSync(process.execPath, args, { cwd });
  if (status !== 0) throw new Error(`node ${args.join(" ")} failed`);
};
const esm = (source) => program(["--input-type=module", "-e", source]);
const cjs = (source) => program(["-e", source]);
const OFFICIAL = "@aws-crypto/client-node";
const us = await interleaved(
  {
    "empty, ESM": esm(""),
    "keyfold, ESM": esm('import "keyfold";'),
    "empty, CJS": cjs(""),
    "keyfold, CJS": cjs('require("keyfold");'),
    // It has no ESM.
    [`${OFFICIAL}, CJS`]: cjs(`require("${OFFICIAL}");`),
  },
  { rounds: effort({ quick: 5, normal: 21 }) },
);
const ms = (time) => (time / 1000).toFixed(1);
const over = (name) => us[name] - us[`empty, ${name.slice(-3)}`];
table(
  "Import time (milliseconds, whole process)",
  ["", "median", "over empty"],
  Object.entries(us).map(([name, time]) => [name, ms(time), ms(over(name))]),
);
headline(
  "import, over an empty Node",
  `${times(over(`${OFFICIAL}, CJS`) / over("keyfold, ESM"))} as fast as the official client`,
  `${ms(over("keyfold, ESM"))} ms`,
  `${ms(over(`${OFFICIAL}, CJS`))} ms`,
);
