import { defineConfig } from "vitest/config";
import { CellReporter } from "./test/peers/cells.ts";

// Against stand-ins for AWS services that others wrote. They are installed by test/peers/install.mjs.
export default defineConfig({
  resolve: { conditions: ["keyfold-source"] },
  ssr: { resolve: { conditions: ["keyfold-source"] } },
  test: {
    include: ["test/emulators/**/*.test.ts"],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    reporters: [new CellReporter(), "default"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
