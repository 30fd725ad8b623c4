// One data key for many objects, as S3 Bucket Keys have it: a caching manager beneath the client.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cachingMaterialsManager } from "../../src/index.ts";
import { calls, contexts } from "../kms/helpers.ts";
import { utf8 } from "../support/bytes.ts";
import { aes } from "../support/keyrings.ts";
import { misused, OTHER, put, read, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => at.forget());

const operations = () => calls(at.kms).map((call) => call.split(" ")[0]);
const caching = (more: object = {}) => cachingMaterialsManager({ keyring: at.keyring, ...more });
/** Does it for many keys, some at a time. */
async function each(count: number, act: (key: string, i: number) => Promise<unknown>) {
  for (let i = 0; i < count; i += 25) {
    const some = Array.from({ length: Math.min(25, count - i) }, (_, j) => i + j);
    await Promise.all(some.map((n) => act(`many/${n}`, n)));
  }
}

describe("a caching manager", () => {
  it("writes 1,000 objects under one data key, and reads them by one", async () => {
    const writer = at.client({ materialsManager: caching({ verifyNewKeys: true }), bindTo: "bucket" });
    await each(1000, (key, i) => put(writer, key, `object ${i}`));
    expect(operations()).toEqual(["GenerateDataKey", "Decrypt"]);
    expect(contexts(at.kms)[0]).toEqual({ "aws:s3:arn": "arn:aws:s3:::b", "aws:x-amz-cek-alg": "115" });

    const stored = await Promise.all(Array.from({ length: 1000 }, (_, i) => at.stored(`many/${i}`)));
    const distinct = (name: string) => new Set(stored.map(({ metadata }) => metadata[name])).size;
    expect(distinct("x-amz-3")).toBe(1);
    // Its own message id is what makes its own content key.
    expect(distinct("x-amz-i")).toBe(1000);
    expect(distinct("x-amz-d")).toBe(1000);
    // Somebody else reads them.
    for (const i of [0, 1, 500, 999]) {
      const { plaintext, context } = await at.opened(`many/${i}`);
      expect(plaintext).toEqual(utf8(`object ${i}`));
      expect(context).toEqual({ "aws:s3:arn": "arn:aws:s3:::b" });
    }

    at.forget();
    const reader = at.client({ materialsManager: caching(), bindTo: "bucket" });
    await each(1000, async (key, i) => expect(await read(reader, key)).toEqual(utf8(`object ${i}`)));
    expect(operations()).toEqual(["Decrypt"]);
  });

  it("asks once a period, and once a bucket", async () => {
    let now = 0;
    const clocks = { wall: () => now, monotonic: () => now };
    const materialsManager = caching({ reusePeriodSeconds: 60, clocks });
    const client = at.client({ materialsManager, bindTo: "bucket" });
    await put(client, "a", "1");
    await put(client, "b", "2");
    await put(client, "c", "3", { Bucket: OTHER });
    expect(operations()).toEqual(["GenerateDataKey", "GenerateDataKey"]);
    now = 60_000;
    await put(client, "d", "4");
    expect(operations().length).toBe(3);
  });

  it("keeps the caller's pairs apart", async () => {
    const client = at.client({ materialsManager: caching(), bindTo: "bucket" });
    for (const tenant of ["t1", "t2", "t1"])
      await put(client, tenant, "x", {}, { encryptionContext: { tenant } });
    expect(operations()).toEqual(["GenerateDataKey", "GenerateDataKey"]);
  });

  it("counts bytes of streams whose length is known", async () => {
    const client = at.client({ materialsManager: caching({ maxBytes: 10 }) });
    for (const body of ["12345", "12345", "1"]) await put(client, "k", body);
    expect(operations()).toEqual(["GenerateDataKey", "GenerateDataKey"]);
  });

  it("holds for raw keys as well", async () => {
    const client = at.client({ materialsManager: cachingMaterialsManager({ keyring: aes() }) });
    await put(client, "one", "1");
    await put(client, "two", "2");
    const [one, two] = [await at.stored("one"), await at.stored("two")];
    expect(one.metadata["x-amz-3"]).toBe(two.metadata["x-amz-3"]);
    expect(await read(at.client({ keyring: aes() }), "two")).toEqual(utf8("2"));
  });
});

describe("is misuse", () => {
  it("with format V2, whose data key seals the content itself", () =>
    misused(
      () => at.client({ materialsManager: caching(), commitmentPolicy: "forbid-encrypt-allow-decrypt" }),
      /no data key may be reused/,
    ));

  it("with bindTo object, which gives each object a context of its own", () =>
    misused(() => at.client({ materialsManager: caching(), bindTo: "object" }), /use "bucket"/));

  it("with bindTo over raw keys", () => {
    const materialsManager = cachingMaterialsManager({ keyring: aes() });
    return misused(() => at.client({ materialsManager, bindTo: "bucket" }), /bindTo needs KMS/);
  });
});
