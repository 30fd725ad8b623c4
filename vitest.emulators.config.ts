import { defineConfig } from "vitest/config";
import { CellReporter } from "./test/peers/cells.ts";
import { onEachBackend } from "./test/support/backends.ts";

// Against stand-ins for AWS services that others wrote. They are installed by test/peers/install.mjs.
export default defineConfig({
  test: {
    // keyfold's local KMS has a backend too, and moto's data keys open on both: it costs seconds.
    projects: onEachBackend({
      include: ["test/emulators/**/*.test.ts"],
      testTimeout: 60_000,
      hookTimeout: 60_000,
    }),
    reporters: [new CellReporter(), "default"],
    maxWorkers: 2,
  },
});
