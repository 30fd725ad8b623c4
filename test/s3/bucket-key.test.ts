// One data key for many objects, as S3 Bucket Keys have it: a caching manager beneath the client.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cachingMaterialsManager } from "../../src/index.ts";
import { calls } from "../kms/helpers.ts";
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
describe("a caching manager", () => {
  it("writes all objects under one data key, proved once, and reads them by one", async () => {
    const writer = at.client({ materialsManager: caching({ verifyNewKeys: true }), bindTo: "bucket" });
    for (let i = 0; i < 30; i++) await put(writer, `many/${i}`, `object ${i}`);
    expect(operations()).toEqual(["GenerateDataKey", "Decrypt"]);
    at.forget();
    const reader = at.client({ materialsManager: caching(), bindTo: "bucket" });
    for (let i = 0; i < 30; i++) expect(await read(reader, `many/${i}`)).toEqual(utf8(`object ${i}`));
    expect(operations()).toEqual(["Decrypt"]);
    const { plaintext, context } = await at.opened("many/29");
    expect([plaintext, context]).toEqual([utf8("object 29"), { "aws:s3:arn": "arn:aws:s3:::b" }]);
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
