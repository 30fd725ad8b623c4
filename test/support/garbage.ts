import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Collects all garbage: what other tests of this process left, too. */
export function collectGarbage(): void {
  collect();
  // The memory behind buffers is given back by the next one.
  collect();
}
