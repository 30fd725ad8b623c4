import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { cachingMaterialsManager, multiKeyring } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { ALIAS_A, ALIAS_ARN_A, ARN_A, KEY_A } from "../kms/helpers.ts";
import { utf8 } from "../support/bytes.ts";
import { Bucket, get, misused, put, read, refused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => at.forget());

const by = (keyId: string) => kmsKeyring({ client: at.kms.client, keyId });
const heard = () => at.events.filter(({ type }) => type === "aliasUsed");

it.each([ALIAS_A, ALIAS_ARN_A])("writing by %s is told to the observer, for each object", async (keyId) => {
  const client = at.client({ keyring: by(keyId) });
  await put(client, "one", "1");
  await put(client, "two", "2");
  const event = { type: "aliasUsed", keyId };
  expect(heard()).toEqual([
    { ...event, object: { bucket: Bucket, key: "one" } },
    { ...event, object: { bucket: Bucket, key: "two" } },
  ]);
  expect((await at.opened("one")).plaintext).toEqual(utf8("1"));
  // An alias writes, and does not read.
  await refused(get(client, "one"), "ERR_NO_DATA_KEY", "one");
  expect(await read(at.client(), "one")).toEqual(utf8("1"));
});

it.each([ARN_A, KEY_A])("writing by %s is not", async (keyId) => {
  await put(at.client({ keyring: by(keyId), aliases: "refuse" }), "k", "1");
  expect(heard()).toEqual([]);
});

it("shines through a multi keyring and a caching manager", async () => {
  await put(at.client({ keyring: multiKeyring({ generator: by(ALIAS_A) }) }), "k", "1");
  await put(at.client({ materialsManager: cachingMaterialsManager({ keyring: by(ALIAS_A) }) }), "k", "1");
  expect(heard().length).toBe(2);
});

it("is misuse at creation where aliases are refused", async () => {
  for (const keyId of [ALIAS_A, ALIAS_ARN_A]) {
    const keyring = by(keyId);
    await misused(() => at.client({ keyring, aliases: "refuse" }), /name the full key ARN/);
    const materialsManager = cachingMaterialsManager({ keyring: multiKeyring({ generator: keyring }) });
    await misused(() => at.client({ materialsManager, aliases: "refuse" }), /full key ARN/);
  }
});

it("an observer that throws does not stop the write", async () => {
  const observer = () => {
    throw new Error("broken observer");
  };
  await put(at.client({ keyring: by(ALIAS_A), observer }), "k", "1");
});
