import { defineConfig } from "vitest/config";
import { CellReporter } from "./test/peers/cells.ts";
import { onEachBackend } from "./test/support/backends.ts";

// Against official clients in other languages. They are installed by test/peers/install.mjs, before vitest starts.
export default defineConfig({
  test: {
    projects: onEachBackend({
      include: ["test/interop/**/*.interop.test.ts"],
      testTimeout: 120_000,
      hookTimeout: 60_000,
    }),
    reporters: [new CellReporter(), "default"],
    // Each file of each project has peers and servers of its own, on free ports: two files fill two cores.
    maxWorkers: 2,
  },
});
