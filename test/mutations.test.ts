import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { MUTATIONS } from "../scripts/mutation-list.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const testFiles = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => join("test", name));

describe("the list of mutations", () => {
  it.each(MUTATIONS.map(({ check, ...row }) => [check, row] as const))(
    "%s: names code that stands once, and tests that are there",
    (_, { file, find, replace, tests }) => {
      expect(readFileSync(join(ROOT, file), "utf8").split(find)).toHaveLength(2);
      expect(replace).not.toBe(find);
      for (const part of tests)
        expect(
          testFiles.some((name) => name.includes(part)),
          part,
        ).toBe(true);
    },
  );
});
