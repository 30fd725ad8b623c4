import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activeContext,
  customContext,
  type Item,
  itemOf,
  newVersionContext,
  readItem,
  typeOf,
} from "../../src/dynamodb/branch-key-item.ts";
import { isKeyfoldError } from "../../src/index.ts";
import { check, someBytes, someContext, someText } from "../support/property.ts";

const version = "11111111-2222-4333-8444-555555555555";
const keyArn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const createTime = "2026-11-22T00:00:00.000000Z";
const key = { branchKeyId: "k", version, keyArn, createTime, logicalName: "store" };
const asked = { branchKeyId: "k", type: "branch:ACTIVE", logicalName: "store" };

describe("items of any pairs", () => {
  it("read as they were written", () =>
    check(fc.tuple(someContext(), someBytes(200, 1)), ([encryptionContext, enc]) => {
      const context = newVersionContext({ ...key, encryptionContext });
      for (const [bound, type] of [
        [context, typeOf(version)],
        [activeContext(context), "branch:ACTIVE"],
      ] as const) {
        const item = itemOf(bound, enc);
        expect(item).not.toHaveProperty("tablename");
        const read = readItem(item, { ...asked, type });
        expect(read).toEqual({ branchKeyId: "k", version, keyArn, createTime, enc, context: bound });
        expect(customContext(read.context)).toEqual(encryptionContext);
      }
    }));
});

describe("items of anything", () => {
  const genuine = itemOf(
    activeContext(newVersionContext({ ...key, encryptionContext: { a: "b" } })),
    Uint8Array.of(1),
  );
  const names = [...Object.keys(genuine), "tablename", "else"];
  const someValue = fc.oneof(
    fc.record({ S: someText() }),
    fc.record({ N: fc.constantFrom("1", "2", "") }),
    fc.record({ B: someBytes(3) }),
    fc.anything(),
  );

  it("are refused typed, or were right after all", () =>
    check(fc.dictionary(fc.constantFrom(...names), someValue, { maxKeys: 3 }), (changes) => {
      const item = { ...genuine, ...changes } as unknown as Item;
      try {
        const { context } = readItem(item, asked);
        for (const value of Object.values(context)) expect(typeof value).toBe("string");
      } catch (error) {
        if (!isKeyfoldError(error, "ERR_HIERARCHY_RECORD")) throw error;
        expect(error.message).toMatch(/^Branch key "k": its item "branch:ACTIVE" .+\.$/s);
      }
    }));
});
