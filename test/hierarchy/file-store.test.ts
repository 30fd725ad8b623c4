import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { fileMailboxStore } from "../../src/hierarchy/file.ts";
import { testStore } from "./store-contract.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-stores-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let stores = 0;
const freshDirectory = (): string => join(folder, `store ${++stores}`);

describe("the file store", () => {
  testStore(() => fileMailboxStore(freshDirectory()));
});
