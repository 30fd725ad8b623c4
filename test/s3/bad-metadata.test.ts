// Metadata that somebody else wrote, or that was altered: a typed error that names the object, and no key is asked for.
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ErrorCode, isKeyfoldError } from "../../src/index.ts";
import { random, utf8 } from "../support/bytes.ts";
import { textOf } from "../support/failure.ts";
import { aesObjectKey, type Metadata, writeKmsObject, writeObject } from "../support/independent-object.ts";
import { aesV1, writeObjectV1 } from "../support/independent-object-v1.ts";
import { aesGcmV2, kmsContextV2, writeObjectV2 } from "../support/independent-object-v2.ts";
import { aes, KEY, watched } from "../support/keyrings.ts";
import { check } from "../support/property.ts";
import { Bucket, get, refused, type Started, start } from "./encrypted.ts";

let at: Started;
let kmsV3: Metadata;
let kmsV2: Metadata;
let v2: Metadata;
let v1: Metadata;
const v3 = writeObject(utf8("42 pears"), aesObjectKey(KEY));
beforeAll(async () => {
  at = await start();
  kmsV3 = (await writeKmsObject(utf8("42 pears"), at.byHand)).metadata;
  kmsV2 = (await writeObjectV2(utf8("42 pears"), kmsContextV2(at.byHand))).metadata;
  v2 = (await writeObjectV2(utf8("42 pears"), aesGcmV2(KEY))).metadata;
  v1 = (await writeObjectV1(utf8("42 pears"), aesV1(KEY))).metadata;
});
afterAll(() => at.s3.close());
beforeEach(() => at.forget());

const loose = {
  commitmentPolicy: "require-encrypt-allow-decrypt",
  legacy: { wrappingAlgorithms: true, unauthenticatedModes: true },
  passUnencrypted: true,
  delayedAuthentication: true,
} as const;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

/** What a reader that allows everything says of it, asking for no key. */
async function refusal(metadata: Metadata, code: ErrorCode): Promise<void> {
  await at.s3.put(Bucket, "bad", utf8("ciphertext that is none"), metadata);
  const keyring = watched(aes());
  const error = await refused(get(at.client({ keyring, ...loose }), "bad"), code, "bad");
  expect(textOf(error)).not.toContain("ciphertext that is none");
  expect(keyring.calls).toEqual([]);
}
const without = (metadata: Metadata, name: string) =>
  Object.fromEntries(Object.entries(metadata).filter(([own]) => own !== name));

describe("missing or empty", () => {
  it.each(["x-amz-3", "x-amz-w", "x-amz-c", "x-amz-d", "x-amz-i"])("%s of V3", async (name) => {
    if (name !== "x-amz-3") await refusal({ ...v3.metadata, [name]: "" }, "ERR_OBJECT_FORMAT");
    await refusal(without(v3.metadata, name), "ERR_OBJECT_FORMAT");
    await refusal({ [name]: v3.metadata[name]! }, "ERR_OBJECT_FORMAT");
  });

  it.each(["x-amz-key-v2", "x-amz-iv", "x-amz-cek-alg", "x-amz-wrap-alg"])("%s of V2", async (name) => {
    await refusal({ ...v2, [name]: "" }, "ERR_OBJECT_FORMAT");
    await refusal(without(v2, name), "ERR_OBJECT_FORMAT");
    await refusal({ [name]: v2[name]! }, "ERR_OBJECT_FORMAT");
  });

  it.each(["x-amz-key", "x-amz-iv"])("%s of V1", async (name) => {
    await refusal(without(v1, name), "ERR_OBJECT_FORMAT");
  });

  it("the split of V3, whose file is not there", async () => {
    const { "x-amz-c": c, "x-amz-d": d, "x-amz-i": i } = v3.metadata;
    await refusal({ "x-amz-c": c!, "x-amz-d": d!, "x-amz-i": i! }, "ERR_S3_INSTRUCTION_FILE");
  });
});

describe("mixed", () => {
  it("several formats, whole or in part", async () => {
    await refusal({ ...v3.metadata, ...v2 }, "ERR_OBJECT_FORMAT");
    await refusal({ ...v2, "x-amz-key": v1["x-amz-key"]! }, "ERR_OBJECT_FORMAT");
    await refusal({ ...v3.metadata, "x-amz-key": v1["x-amz-key"]! }, "ERR_OBJECT_FORMAT");
    for (const [name, value] of Object.entries(v2)) {
      await refusal({ ...v3.metadata, [name]: value }, "ERR_OBJECT_FORMAT");
    }
    for (const [name, value] of Object.entries(v3.metadata)) {
      await refusal({ ...v2, [name]: value }, "ERR_OBJECT_FORMAT");
      await refusal({ ...v1, [name]: value }, "ERR_OBJECT_FORMAT");
    }
  });

  it("V1 with another content than CBC", async () => {
    await refusal({ ...v1, "x-amz-cek-alg": "AES/GCM/NoPadding" }, "ERR_OBJECT_FORMAT");
    await refusal({ ...v1, "x-amz-wrap-alg": "AES" }, "ERR_OBJECT_FORMAT");
  });
});

describe("values", () => {
  it.each(["%", "a", "ab=", "____", "Zh==", "AAAA=", "AA AA", "data:,"])(
    "that are no base64: %s",
    async (bad) => {
      for (const name of ["x-amz-3", "x-amz-d", "x-amz-i"]) {
        await refusal({ ...v3.metadata, [name]: bad }, "ERR_OBJECT_FORMAT");
      }
      for (const name of ["x-amz-key-v2", "x-amz-iv"])
        await refusal({ ...v2, [name]: bad }, "ERR_OBJECT_FORMAT");
      await refusal({ ...v1, "x-amz-key": bad }, "ERR_OBJECT_FORMAT");
    },
  );

  it.each([1, 11, 13, 15, 16, 17, 27, 29, 32, 56])("of %d bytes where others belong", async (length) => {
    const bytes = base64(random(length));
    for (const name of ["x-amz-d", "x-amz-i"]) {
      await refusal({ ...v3.metadata, [name]: bytes }, "ERR_OBJECT_FORMAT");
    }
    if (length !== 12) await refusal({ ...v2, "x-amz-iv": bytes }, "ERR_OBJECT_FORMAT");
    if (length !== 16) await refusal({ ...v1, "x-amz-iv": bytes }, "ERR_OBJECT_FORMAT");
  });

  it("of zeros alone, where they are never drawn", async () => {
    const zeros = (length: number) => base64(new Uint8Array(length));
    await refusal({ ...v3.metadata, "x-amz-i": zeros(28) }, "ERR_OBJECT_FORMAT");
    await refusal({ ...v2, "x-amz-iv": zeros(12) }, "ERR_OBJECT_FORMAT");
    await refusal({ ...v1, "x-amz-iv": zeros(16) }, "ERR_OBJECT_FORMAT");
  });

  it.each(["", "01", "11", "21", "2", "002", "AES/GCM", "__proto__"].filter(Boolean))(
    "that name no wrap: %s",
    (name) => refusal({ ...v3.metadata, "x-amz-w": name }, "ERR_OBJECT_FORMAT"),
  );

  it.each(["AES", "RSA", "12", "kms+contexts", "KMS", "aes/gcm", "constructor"])(
    "that name no wrap of V2: %s",
    (name) => refusal({ ...v2, "x-amz-wrap-alg": name }, "ERR_OBJECT_FORMAT"),
  );

  it.each(["0", "0115", "115.0", "0x73", "-115", "1155555", "x", "AES/GCM/NoPadding"])(
    "that name no suite: %s",
    (name) => refusal({ ...v3.metadata, "x-amz-c": name }, "ERR_OBJECT_FORMAT"),
  );

  it.each(["112", "114", "116", "1", "1144", "65535"])("that name another suite: %s", (name) =>
    refusal({ ...v3.metadata, "x-amz-c": name }, "ERR_ALGORITHM_SUITE"),
  );

  it.each(["96", "127", "0", "-128", "128.0", "x"])("of another tag: %s", (bits) =>
    refusal({ ...v2, "x-amz-tag-len": bits }, "ERR_OBJECT_FORMAT"),
  );

  it.each(["-1", "1.5", "x", "1e3", "9999999999999999"])("of a length that is none: %s", (length) =>
    refusal({ ...v2, "x-amz-unencrypted-content-length": length }, "ERR_OBJECT_FORMAT"),
  );
});

describe("JSON that is hostile", () => {
  const cases: [string, string][] = [
    ["no JSON", "{"],
    ["not a thing", "undefined"],
    ["null", "null"],
    ["a string", '"a"'],
    ["a number", "1"],
    ["an array", '["a"]'],
    ["a number in it", '{"a":1}'],
    ["nothing in it", '{"a":null}'],
    ["nested", '{"a":{"b":"c"}}'],
    ["deep", `${"[".repeat(400)}${"]".repeat(400)}`],
    ["a prototype that is no string", '{"__proto__":{"a":"b"}}'],
    ["behind other text", '{"a":"b"} x'],
  ];
  it.each(cases)("%s", async (_, text) => {
    await refusal({ ...kmsV3, "x-amz-t": text }, "ERR_OBJECT_FORMAT");
    await refusal({ ...v3.metadata, "x-amz-m": text }, "ERR_OBJECT_FORMAT");
    await refusal({ ...kmsV2, "x-amz-matdesc": text }, "ERR_OBJECT_FORMAT");
    await refusal({ ...v2, "x-amz-matdesc": text }, "ERR_OBJECT_FORMAT");
  });

  it("strings under the names of prototypes are pairs like any other", async () => {
    for (const text of ['{"__proto__":"a"}', '{"constructor":"a","toString":"b"}']) {
      await at.s3.put(Bucket, "bad", utf8("x"), { ...kmsV3, "x-amz-t": text });
      await refused(get(at.client(), "bad"), "ERR_ENCRYPTION_CONTEXT", "bad");
    }
    expect(at.kms.events).toEqual([]);
  });
});

describe("whatever it is", () => {
  it("a typed error that names the object, or the object as it was written", async () => {
    const written = [v3.metadata, v2, v1, kmsV3, kmsV2];
    const names = [...new Set(written.flatMap((metadata) => Object.keys(metadata)))];
    const values = [
      ...written.flatMap((metadata) => Object.values(metadata)),
      "",
      "{}",
      "128",
      "AAAA",
      "x",
      "{",
    ];
    const changes = fc.dictionary(fc.constantFrom(...names), fc.option(fc.constantFrom(...values)), {
      maxKeys: 4,
    });
    await check(
      fc.tuple(fc.constantFrom(...written), changes),
      async ([base, changed]) => {
        const metadata: Record<string, string> = { ...base };
        for (const [name, value] of Object.entries(changed)) {
          if (value === null) delete metadata[name];
          else metadata[name] = value;
        }
        await at.s3.put(Bucket, "any", v3.body, metadata);
        for (const keyring of [aes(), at.keyring]) {
          const { passUnencrypted: _, ...options } = loose;
          const reply = await get(at.client({ keyring, ...options }), "any").catch((error: Error) => error);
          if (reply instanceof Error) {
            expect(isKeyfoldError(reply), textOf(reply)).toBe(true);
            expect(reply).toMatchObject({ object: { bucket: Bucket, key: "any" } });
            continue;
          }
          // CBC takes anything for ciphertext that ends well; nothing else does.
          if (reply.encryption!.suite.cipher === "gcm")
            expect(await reply.Body!.transformToString()).toBe("42 pears");
        }
      },
      60,
    );
  });
});
