import { defineConfig } from "vitest/config";

// One project a crypto backend: the suite is the same, the condition picks the backend behind `#crypto`.
const backend = (name: string, condition: string) => ({
  resolve: { conditions: [condition] },
  ssr: { resolve: { conditions: [condition] } },
  test: {
    name,
    include: ["test/**/*.test.ts"],
    exclude: ["test/interop/**", "test/emulators/**"],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    testTimeout: 60_000,
  },
});

export default defineConfig({
  test: { projects: [backend("node", "keyfold-source")] },
});
