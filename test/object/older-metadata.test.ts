import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectObject, type ObjectOptions, openObject } from "../../src/index.ts";
import { random, utf8 } from "../support/bytes.ts";
import { failure, textOf } from "../support/failure.ts";
import { aesObjectKey, writeObject } from "../support/independent-object.ts";
import { aesV1, writeObjectV1 } from "../support/independent-object-v1.ts";
import { aesGcmV2, aesWrapV2, writeObjectV2 } from "../support/independent-object-v2.ts";
import { aes, clear, KEY, watched } from "../support/keyrings.ts";
import { check } from "../support/property.ts";

type Metadata = Record<string, string>;
const OPTIONS: Omit<ObjectOptions, "keyring" | "materialsManager"> = {
  commitmentPolicy: "require-encrypt-allow-decrypt",
  legacy: { wrappingAlgorithms: true, unauthenticatedModes: true },
};
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

const LENGTH = { unencryptedLength: true } as const;
const GCM = await writeObjectV2(utf8("x"), aesGcmV2(KEY), LENGTH);
const CBC = await writeObjectV2(utf8("x"), aesWrapV2(KEY), { content: "AES/CBC/PKCS5Padding", ...LENGTH });
const V1 = await writeObjectV1(utf8("x"), aesV1(KEY), LENGTH);
const V3 = writeObject(utf8("x"), aesObjectKey(KEY));

/** What a reader does with metadata, before any key is asked. */
async function refusal(metadata: unknown, { body } = GCM) {
  const keyring = watched(clear());
  const error = await failure(openObject({ metadata: metadata as Metadata, body }, { keyring, ...OPTIONS }));
  expect(keyring.calls).toEqual([]);
  const inspected = await failure(() => inspectObject(metadata as Metadata), error.code);
  expect(inspected.message).toBe(error.message);
  return error;
}
const opens = async (metadata: Metadata, { body } = GCM) =>
  expect(
    (await openObject({ metadata, body }, { keyring: aes(), ...OPTIONS } as ObjectOptions)).plaintext,
  ).toEqual(utf8("x"));
const without = (metadata: Metadata, ...names: string[]) =>
  Object.fromEntries(Object.entries(metadata).filter(([name]) => !names.includes(name)));

describe("metadata of V1 and V2 that opens", () => {
  it.each([
    ["V2", GCM],
    ["V2 with CBC", CBC],
    ["V1", V1],
  ])("%s: names in any case and with the prefix of the wire", async (_, object) => {
    const renamed = (change: (name: string) => string) =>
      Object.fromEntries(Object.entries(object.metadata).map(([name, value]) => [change(name), value]));
    await opens(object.metadata, object);
    await opens(
      renamed((name) => name.toUpperCase()),
      object,
    );
    await opens(
      renamed((name) => `X-Amz-Meta-${name}`),
      object,
    );
    await opens({ ...object.metadata, colour: "red", "x-amz-crypto-other": "any" }, object);
  });

  it("without what some writers leave out, or leave empty", async () => {
    for (const name of ["x-amz-matdesc", "x-amz-tag-len", "x-amz-unencrypted-content-length"]) {
      await opens(without(GCM.metadata, name));
      await opens({ ...GCM.metadata, [name]: "" });
    }
    await opens({ ...GCM.metadata, "x-amz-3": "", "x-amz-c": "", "x-amz-key": "" });
    await opens({ ...V1.metadata, "x-amz-wrap-alg": "", "x-amz-cek-alg": "" }, V1);
    await opens({ ...V1.metadata, "x-amz-cek-alg": "AES/CBC/PKCS5Padding" }, V1);
    await opens(without(V1.metadata, "x-amz-matdesc"), V1);
  });

  it("with a tag length beside CBC, which has no tag", () =>
    opens({ ...CBC.metadata, "x-amz-tag-len": "96" }, CBC));
});

describe("metadata of V1 and V2 that is refused", () => {
  const refusedAt = async (metadata: Metadata, field: string, text: RegExp) => {
    const error = await refusal(metadata);
    expect(error).toMatchObject({ code: "ERR_OBJECT_FORMAT", field });
    expect(error.message).toMatch(text);
  };

  it.each(["x-amz-iv", "x-amz-wrap-alg", "x-amz-cek-alg"])("V2 without %s", async (field) => {
    await refusedAt(without(GCM.metadata, field), field, /missing/);
    await refusedAt({ ...GCM.metadata, [field]: "" }, field, /missing/);
  });

  it("V1 without an IV, and any without a data key", async () => {
    await refusedAt(without(V1.metadata, "x-amz-iv"), "x-amz-iv", /missing/);
    await refusedAt(without(GCM.metadata, "x-amz-key-v2"), "x-amz-iv", /without a data key/);
    await refusedAt(without(V1.metadata, "x-amz-key"), "x-amz-iv", /without a data key/);
    await refusedAt({ "x-amz-matdesc": "{}" }, "x-amz-matdesc", /without a data key/);
    await refusedAt({ "x-amz-tag-len": "128" }, "x-amz-tag-len", /without a data key/);
    for (const metadata of [{}, { colour: "red" }, { "x-amz-unencrypted-content-length": "1" }]) {
      await refusedAt(metadata, "x-amz-3", /missing; is this an encrypted object/);
    }
  });

  it.each(Object.keys(GCM.metadata))("%s twice, but for its case or prefix", async (field) => {
    for (const twin of [field.toUpperCase(), `x-amz-meta-${field}`]) {
      const error = await refusal({ ...GCM.metadata, [twin]: GCM.metadata[field] });
      expect(error.code).toBe("ERR_OBJECT_FORMAT");
      expect(error.message).toMatch(/twice/);
    }
  });

  it.each(Object.keys(V3.metadata).concat("x-amz-m", "x-amz-t"))("%s of V3 beside it", async (stray) => {
    for (const { metadata } of [GCM, CBC, V1]) {
      const error = await refusal({ ...metadata, [stray]: V3.metadata[stray] ?? "{}" });
      expect(error.code).toBe("ERR_OBJECT_FORMAT");
      expect(error.message).toMatch(/several formats/);
    }
  });

  it("names of V3 in part, alone", async () => {
    const { "x-amz-c": c, "x-amz-d": d, "x-amz-i": i, "x-amz-w": w } = V3.metadata as Record<string, string>;
    for (const metadata of [
      { "x-amz-c": c! },
      { "x-amz-c": c!, "x-amz-d": d! },
      { "x-amz-d": d!, "x-amz-i": i! },
      { "x-amz-w": w! },
      { "x-amz-t": "{}" },
      { "x-amz-c": c!, "x-amz-d": d!, "x-amz-i": i!, "x-amz-w": w! },
      { "x-amz-c": c!, "x-amz-d": d!, "x-amz-i": i!, "x-amz-m": "{}" },
    ]) {
      const error = await refusal(metadata);
      expect(error.code).toBe("ERR_OBJECT_FORMAT");
      expect(error.message).toMatch(/in part only/);
    }
    const split = { "x-amz-c": c!, "x-amz-d": d!, "x-amz-i": i! };
    await refusedAt(split, "x-amz-3", /lies in an instruction file/);
  });

  it("V1 and V2 at once", async () => {
    const both = { ...GCM.metadata, "x-amz-key": GCM.metadata["x-amz-key-v2"]! };
    const error = await refusal(both);
    expect(error.message).toMatch(/several formats/);
    expect((await refusal({ ...both, ...V3.metadata })).message).toMatch(/several formats/);
  });

  it.each(["x-amz-key-v2", "x-amz-iv"])("%s that is no base64", async (field) => {
    const value = GCM.metadata[field]!;
    for (const bad of [
      "%",
      "a",
      "ab=",
      `${value}=`,
      `${value} `,
      ` ${value}`,
      `${value}\n`,
      "____",
      "Zh==",
    ]) {
      await refusedAt({ ...GCM.metadata, [field]: bad }, field, /base64/);
    }
  });

  it("an IV of another length, or of zeros", async () => {
    for (const length of [1, 11, 13, 15, 16, 17, 32]) {
      await refusedAt(
        { ...GCM.metadata, "x-amz-iv": base64(random(length)) },
        "x-amz-iv",
        /must hold 12 bytes/,
      );
    }
    for (const { metadata } of [CBC, V1]) {
      for (const length of [1, 12, 15, 17]) {
        await refusedAt(
          { ...metadata, "x-amz-iv": base64(random(length)) },
          "x-amz-iv",
          /must hold 16 bytes/,
        );
      }
      await refusedAt({ ...metadata, "x-amz-iv": base64(new Uint8Array(16)) }, "x-amz-iv", /all zeros/);
    }
    await refusedAt({ ...GCM.metadata, "x-amz-iv": base64(new Uint8Array(12)) }, "x-amz-iv", /all zeros/);
  });

  it.each(["0", "96", "0128", "128 ", "+128", "1e2", "16", "127", "129", "abc"])(
    "a tag length of %j",
    (value) => refusedAt({ ...GCM.metadata, "x-amz-tag-len": value }, "x-amz-tag-len", /must be 128/),
  );

  it.each([
    "AES",
    "RSA",
    "aes/gcm",
    "AES/GCM/NoPadding",
    "AESWRAP",
    "KMS",
    "kms+Context",
    "02",
    "12",
    "RSA-OAEP-SHA256",
    "RSA/ECB/PKCS1Padding",
    "constructor",
    "__proto__",
    " kms",
  ])("wrapping algorithm %j", async (value) => {
    await refusedAt({ ...GCM.metadata, "x-amz-wrap-alg": value }, "x-amz-wrap-alg", /unknown wrapping/);
    await refusedAt({ ...V1.metadata, "x-amz-wrap-alg": value }, "x-amz-wrap-alg", /unknown wrapping/);
  });

  it.each([
    "AES/CTR/NoPadding",
    "AES/ECB/PKCS5Padding",
    "AES/CBC/NoPadding",
    "AES/CBC/PKCS7Padding",
    "aes/gcm/nopadding",
    "AES/GCM",
    "115",
    "0x72",
    "114",
    "constructor",
    "__proto__",
  ])("content algorithm %j", async (value) => {
    await refusedAt(
      { ...GCM.metadata, "x-amz-cek-alg": value },
      "x-amz-cek-alg",
      /unknown content algorithm/,
    );
    await refusedAt({ ...V1.metadata, "x-amz-cek-alg": value }, "x-amz-cek-alg", /unknown content algorithm/);
  });

  it("GCM under the names of V1, which had none", () =>
    refusedAt(
      { ...V1.metadata, "x-amz-cek-alg": "AES/GCM/NoPadding" },
      "x-amz-cek-alg",
      /none of this format/,
    ));

  it.each(["-1", "1.5", "1e3", "0x10", " 1", "1 ", "abc", "9".repeat(16), "Infinity"])(
    "a plaintext length of %j",
    (value) =>
      refusedAt(
        { ...GCM.metadata, "x-amz-unencrypted-content-length": value },
        "x-amz-unencrypted-content-length",
        /number of bytes/,
      ),
  );

  it.each([
    "x",
    "null",
    "5",
    '"text"',
    "[]",
    "true",
    '{"a":1}',
    '{"a":null}',
    '{"a":["b"]}',
    '{"a":{"b":"c"}}',
    '{"__proto__":{"polluted":"yes"}}',
    '{"a":"b"',
    '{"a":"b"}{}',
    `${"[".repeat(20_000)}`,
    `${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`,
    "=?utf-8?Q?[]?=",
  ])("a materials description that is no object of strings: %.20s", async (text) => {
    for (const { metadata } of [GCM, V1]) {
      await refusedAt({ ...metadata, "x-amz-matdesc": text }, "x-amz-matdesc", /JSON/);
    }
    expect("polluted" in {}).toBe(false);
  });

  it("with __proto__ among the pairs: a pair like others", () => {
    const text = '{"__proto__":"p","constructor":"c"}';
    for (const wrap of ["AES/GCM", "kms", "kms+context"]) {
      const facts = inspectObject({ ...GCM.metadata, "x-amz-matdesc": text, "x-amz-wrap-alg": wrap });
      const pairs = wrap === "AES/GCM" ? facts.materialsDescription : facts.encryptionContext;
      expect(Object.entries(pairs)).toEqual([
        ["__proto__", "p"],
        ["constructor", "c"],
      ]);
      expect(Object.getPrototypeOf(pairs)).toBe(Object.prototype);
    }
  });

  it("of over 64 KiB, and of no strings", async () => {
    const error = await refusal({ ...GCM.metadata, "x-amz-matdesc": "A".repeat(70_000) });
    expect(error).toMatchObject({ code: "ERR_LIMIT", maximum: 65_536 });
    for (const value of [128, null, undefined, true, {}, []]) {
      expect((await refusal({ ...GCM.metadata, "x-amz-tag-len": value })).code).toBe("ERR_OBJECT_FORMAT");
    }
  });

  it("of which nothing is echoed", async () => {
    const marked = "bWFya2Vk".repeat(3);
    for (const name of Object.keys(GCM.metadata)) {
      expect(textOf(await refusal({ ...GCM.metadata, [name]: `${marked}%` }))).not.toContain("bWFya2Vk");
    }
  });
});

describe("a wrapped key of V1 without the name of its wrap", () => {
  it.each([
    [1, "AES"],
    [48, "AES"],
    [49, "RSA"],
    [256, "RSA"],
  ])("of %d bytes is one of %s", (length, wrap) => {
    const metadata = { ...V1.metadata, "x-amz-key": base64(random(length)) };
    expect(inspectObject(metadata).wrap).toBe(wrap);
  });

  it("with a name is what the name says", () => {
    const metadata = { ...V1.metadata, "x-amz-wrap-alg": "AESWrap" };
    expect(inspectObject(metadata)).toMatchObject({ format: "V1", wrap: "AESWrap" });
  });
});

it("any metadata is a typed error, and nothing else", () => {
  const names = [...Object.keys(GCM.metadata), "x-amz-key", "x-amz-3", "x-amz-c", "X-AMZ-IV", "other"];
  const value = fc.oneof(
    fc.string(),
    fc.json(),
    fc.base64String(),
    fc.constantFrom(
      "128",
      "kms",
      "AESWrap",
      "AES/GCM",
      "AES/CBC/PKCS5Padding",
      "AES/GCM/NoPadding",
      "RSA-OAEP-SHA1",
    ),
  );
  return check(
    fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8 }),
    async (altered) => {
      for (const { metadata, body } of [GCM, CBC, V1]) {
        for (const whole of [altered, { ...metadata, ...altered }]) {
          const keyring = aes();
          const outcome = await openObject({ metadata: whole, body }, {
            keyring,
            ...OPTIONS,
          } as ObjectOptions).catch((error) => error);
          if (outcome instanceof Error) await failure(Promise.reject(outcome));
        }
      }
    },
    200,
  );
});
