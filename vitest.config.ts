import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { onBackend } from "./test/support/backends.ts";

// The suite is the same on each crypto backend.
const suite = (once: readonly string[] = []) => ({
  include: ["test/**/*.test.ts"],
  exclude: ["test/interop/**", "test/emulators/**", "test/runtimes/**", ...once],
  testTimeout: 60_000,
  // Files share the modules of their worker: loading the AWS SDK and the official client for each anew costs most.
  isolate: false,
  expect: { poll: { timeout: 20_000 } },
});

// What no backend has a part in runs under `node` alone.
const WITHOUT_BACKEND = [
  // Read files of the repository as text.
  "test/house.test.ts",
  "test/mutations.test.ts",
  "test/pictures.test.ts",
  "test/release.test.ts",
  // Hold pages of docs/ against the source.
  "test/docs/**",
  // Bytes, base64, ARNs, counting: no cryptography.
  "test/bytes/**",
  // Numbered keys and virtual clocks.
  "test/cache/**",
  "test/materials/caching-model.test.ts",
  // Counts keys by the ten thousand.
  "test/hierarchy/capacity.test.ts",
  "test/kms/arn.test.ts",
  "test/dynamodb/branch-key-item.test.ts",
  "test/policy/**",
  "test/simulation/**",
  // Sockets, and which of KMS's errors becomes which of ours. The keyring tests of test/kms run on both.
  "test/kms/fault-matrix.test.ts",
  "test/testing/http.test.ts",
  // Sockets.
  "test/dynamodb/mailbox-store.test.ts",
  // Counts requests by the thousand.
  "test/s3/bucket-key-thousand.test.ts",
  "test/s3/get-stream.test.ts",
  "test/s3/upload-fails.test.ts",
  "test/sqs/traffic.test.ts",
  // What tests stand on: an S3 over sockets, and objects by hand.
  "test/support/**",
  // Processes that race and are killed, step by step, on one directory.
  "test/hierarchy/file-crash.test.ts",
  "test/hierarchy/file-failure.test.ts",
  "test/hierarchy/file-race.test.ts",
  "test/hierarchy/rewrap-kill.test.ts",
  "test/testing/open-local-kms-process.test.ts",
  // Imports both backends by path.
  "test/crypto/agreement.test.ts",
];

export default defineConfig({
  test: {
    projects: [onBackend("node", suite()), onBackend("web", suite(WITHOUT_BACKEND))],
    // One more than cores, for some files mostly wait; vitest would keep a core for itself, which halves the speed on two.
    maxWorkers: availableParallelism() + 1,
  },
});
