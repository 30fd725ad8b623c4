import { defineConfig } from "tsup";
import { groupChunks } from "./scripts/group-chunks.mjs";

const entry = {
  index: "src/index.ts",
  "hierarchy/file": "src/hierarchy/file.ts",
  "kms/index": "src/kms/index.ts",
  "hierarchy/index": "src/hierarchy/index.ts",
  "dynamodb/index": "src/dynamodb/index.ts",
  "s3/index": "src/s3/index.ts",
  "ses/index": "src/ses/index.ts",
  "sqs/index": "src/sqs/index.ts",
  "policy/index": "src/policy/index.ts",
  "testing/index": "src/testing/index.ts",
  "crypto/node": "src/crypto/node.ts",
  "crypto/web": "src/crypto/web.ts",
};

export default defineConfig({
  entry,
  format: ["esm", "cjs"],
  target: "node20",
  dts: true,
  splitting: true,
  removeNodeProtocol: false,
  clean: true,
  external: ["#crypto", /^@aws-sdk\//],
  esbuildPlugins: [groupChunks(entry)],
});
