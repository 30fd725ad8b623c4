import { defineConfig } from "vitest/config";

// Writes test/vectors anew: npx vitest run --config test/peers/vectors/vitest.config.ts
// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from there.
export default defineConfig({
  resolve: { conditions: ["keyfold-source"] },
  ssr: { resolve: { conditions: ["keyfold-source"] } },
  test: {
    include: ["test/peers/vectors/*.gen.ts"],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    testTimeout: 120_000,
  },
});
