import { describe, expect, it } from "vitest";
import { memoryMailboxStore } from "../../src/hierarchy/memory-store.ts";
import { testStore } from "./store-contract.ts";

describe("the memory store", () => {
  testStore(memoryMailboxStore);

  it("shares nothing with another one", async () => {
    const [one, other] = [memoryMailboxStore(), memoryMailboxStore()];
    await one.replace("alice", null, "record", {});
    expect(await other.get("alice", {})).toBeNull();
  });
});
