import { defineConfig } from "vitest/config";
import { CellReporter } from "./test/peers/cells.ts";

// Against official clients in other languages. They are installed by test/peers/install.mjs.
export default defineConfig({
  resolve: { conditions: ["keyfold-source"] },
  ssr: { resolve: { conditions: ["keyfold-source"] } },
  test: {
    include: ["test/interop/**/*.interop.test.ts"],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    reporters: [new CellReporter(), "default"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Each file has peers of its own, which work beside it: two files fill two cores.
    maxWorkers: 2,
  },
});
