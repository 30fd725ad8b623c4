// A thousand objects in one period of a caching manager: one request to KMS, and a content key for each.
import { expect, it, onTestFinished } from "vitest";
import { cachingMaterialsManager } from "../../src/index.ts";
import { calls, contexts } from "../kms/helpers.ts";
import { utf8 } from "../support/bytes.ts";
import { put, read, start } from "./encrypted.ts";

const COUNT = 1000;

it("1,000 objects take one data key to write, and one to read", async () => {
  const at = await start();
  onTestFinished(() => at.s3.close());
  const operations = () => calls(at.kms).map((call) => call.split(" ")[0]);
  const bound = () =>
    at.client({ materialsManager: cachingMaterialsManager({ keyring: at.keyring }), bindTo: "bucket" });
  /** Some at a time. */
  const each = async (act: (key: string, i: number) => Promise<unknown>) => {
    for (let i = 0; i < COUNT; i += 25) {
      await Promise.all(Array.from({ length: 25 }, (_, j) => act(`many/${i + j}`, i + j)));
    }
  };

  const writer = bound();
  await each((key, i) => put(writer, key, `object ${i}`));
  expect(operations()).toEqual(["GenerateDataKey"]);
  expect(contexts(at.kms)).toEqual([{ "aws:s3:arn": "arn:aws:s3:::b", "aws:x-amz-cek-alg": "115" }]);
  const distinct = (name: string) => new Set(at.s3.requests.map(({ metadata }) => metadata[name])).size;
  expect(at.s3.requests.length).toBe(COUNT);
  expect(distinct("x-amz-3")).toBe(1);
  // Its own message id is what makes its own content key.
  expect(distinct("x-amz-i")).toBe(COUNT);
  expect(distinct("x-amz-d")).toBe(COUNT);
  // Somebody else reads them.
  for (const i of [0, 1, 500, 999])
    expect((await at.opened(`many/${i}`)).plaintext).toEqual(utf8(`object ${i}`));

  at.forget();
  const reader = bound();
  await each(async (key, i) => expect(await read(reader, key)).toEqual(utf8(`object ${i}`)));
  expect(operations()).toEqual(["Decrypt"]);
});
