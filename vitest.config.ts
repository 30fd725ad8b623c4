import { defineConfig } from "vitest/config";

// One project a crypto backend: the suite is the same, the condition picks the backend behind `#crypto`.
const backend = (name: string, condition: string, once: readonly string[] = []) => ({
  resolve: { conditions: [condition] },
  ssr: { resolve: { conditions: [condition] } },
  test: {
    name,
    include: ["test/**/*.test.ts"],
    exclude: ["test/interop/**", "test/emulators/**", "test/runtimes/**", ...once],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    testTimeout: 60_000,
  },
});

// What no backend has a part in runs under `node` alone.
const WITHOUT_BACKEND = [
  // Reads the sources as text.
  "test/house.test.ts",
  // Bytes, base64, ARNs: no cryptography.
  "test/bytes/**",
  "test/kms/arn.test.ts",
  // Sockets, and which of KMS's errors becomes which of ours. The keyring tests of test/kms run on both.
  "test/kms/fault-matrix.test.ts",
  "test/testing/http.test.ts",
  // Imports both backends by path.
  "test/crypto/agreement.test.ts",
];

export default defineConfig({
  test: {
    projects: [backend("node", "keyfold-source"), backend("web", "keyfold-web", WITHOUT_BACKEND)],
    // All cores: vitest would keep one for itself, which halves the speed on two.
    maxWorkers: "100%",
  },
});
