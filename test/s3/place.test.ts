import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cachingMaterialsManager, isKeyfoldError, KeyfoldError, KmsError } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { ARN_A } from "../kms/helpers.ts";
import { utf8 } from "../support/bytes.ts";
import { outcome } from "../support/failure.ts";
import { s3Fault } from "../support/s3.ts";
import { Bucket, get, put, refused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => {
  at.s3.script = null;
  at.forget();
});

describe("an error that several callers wait for", () => {
  it("names to each its own object, and is changed for none", async () => {
    const materialsManager = cachingMaterialsManager({ keyring: at.keyring });
    const client = at.client({ materialsManager });
    await put(client, "one", "1");
    await put(client, "two", "2");
    at.forget();
    // KMS answers once both have their object, and have had time to ask for its key.
    const both = async () => {
      while (at.s3.requests.filter(({ status }) => status === 200).length < 2) await setTimeout(10);
      await setTimeout(500);
    };
    const slow = { send: (command: never) => both().then(() => at.kms.client.send(command)) };
    const keyring = kmsKeyring({ client: slow as never, keyId: ARN_A });
    const reader = at.client({ materialsManager: cachingMaterialsManager({ keyring }) });
    at.kms.faults.add({ operation: "Decrypt", fault: { error: "DisabledException" } });
    const errors = await Promise.all(["one", "two"].map((key) => outcome(get(reader, key))));
    at.kms.faults.clear();
    const [one, two] = errors as [KeyfoldError, KeyfoldError];
    expect(one.object).toEqual({ bucket: Bucket, key: "one" });
    expect(two.object).toEqual({ bucket: Bucket, key: "two" });
    expect(one.message).toMatch(/^s3:\/\/b\/one: (?!s3:)/);
    expect(two.message).toMatch(/^s3:\/\/b\/two: (?!s3:)/);
    expect(at.kms.events.length).toBe(1);
    // Behind both stands the same cause, which names neither.
    expect(one.cause).toBeDefined();
    expect(one.cause).toBe(two.cause);
    expect((one.cause as KeyfoldError).message).not.toMatch(/s3:/);
    expect(one.cause).not.toHaveProperty("object");
  });
});

it("an error that somebody else holds is changed for none", async () => {
  const held = new KeyfoldError("ERR_KEYRING", "the vault is away");
  const refuse = () => Promise.reject(held);
  const materialsManager = {
    objectWrap: "kms+context",
    encryptionMaterials: refuse,
    decryptionMaterials: refuse,
    isCurrent: refuse,
  } as const;
  const client = at.client({ materialsManager });
  await put(at.client(), "one", "1");
  for (const key of ["one", "two"]) {
    const error = await refused(put(client, key, "1"), "ERR_KEYRING", key);
    expect(error).not.toBe(held);
    expect(error.message).toBe(`s3://b/${key}: the vault is away`);
  }
  await refused(get(client, "one"), "ERR_KEYRING", "one");
  expect(held.message).toBe("the vault is away");
  expect(held).not.toHaveProperty("object");
});

describe("an error that names its object", () => {
  it("is of the same class, code, fields and brand, with its stack", async () => {
    at.kms.faults.add({ operation: "GenerateDataKey", times: 1, fault: { error: "DisabledException" } });
    const error = (await outcome(put(at.client(), "k", "x"))) as KmsError;
    expect(error).toBeInstanceOf(KmsError);
    expect(error).toBeInstanceOf(KeyfoldError);
    expect(isKeyfoldError(error, error.code)).toBe(true);
    expect(error).toMatchObject({ name: "KmsError", object: { bucket: Bucket, key: "k" } });
    expect(error.code).toMatch(/^ERR_KMS_/);
    expect(error.operation).toBe("GenerateDataKey");
    expect(error.stack).toContain("s3://b/k: ");
    expect(error.stack).toMatch(/\n\s+at /);
    expect(Object.keys(error)).not.toContain("stack");
    expect(Object.keys(error)).not.toContain("message");
    expect(Object.keys(error)).not.toContain("cause");
  });

  it.each(["a$&b", "a$'b", "a$`b", "$1", "é/日本"])("has the key %j as it is", async (key) => {
    await at.s3.put(Bucket, key, utf8("x"));
    const error = await refused(get(at.client(), key), "ERR_S3_UNENCRYPTED", key);
    expect(error.stack).toContain(`s3://b/${key}: The object is not encrypted`);
  });

  it("is none of S3's own, and none of misuse", async () => {
    for (const fault of [
      { status: 404, code: "NoSuchKey" },
      { status: 403, code: "AccessDenied" },
      { status: 503, code: "SlowDown" },
    ]) {
      at.s3.script = s3Fault("GetObject", fault);
      const error = await outcome(get(at.client(), "k"));
      expect(error).toMatchObject({ name: fault.code });
      expect((error as Error).message).not.toMatch(/s3:\/\//);
      expect(error).not.toHaveProperty("object");
      expect(isKeyfoldError(error)).toBe(false);
    }
  });
});
