import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { keyTreePicture } from "../scripts/key-tree-picture.mjs";
import { kmsCallsPicture } from "../scripts/kms-calls-picture.mjs";
import { estimateKmsRequests } from "../src/policy/index.ts";

it.each([
  ["kms-calls.svg", kmsCallsPicture(estimateKmsRequests)],
  ["key-tree.svg", keyTreePicture()],
])("docs/%s is what `npm run draw` makes", async (name, drawn) => {
  expect(await readFile(new URL(`../docs/${name}`, import.meta.url), "utf8")).toBe(drawn);
});
