import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { kmsCallsPicture } from "../scripts/kms-calls-picture.mjs";
import { estimateKmsRequests } from "../src/policy/index.ts";

it("docs/kms-calls.svg is what `npm run draw` makes", async () => {
  const stored = await readFile(new URL("../docs/kms-calls.svg", import.meta.url), "utf8");
  expect(stored).toBe(kmsCallsPicture(estimateKmsRequests));
});
