import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectObject, openObject } from "../../src/index.ts";
import { random, utf8 } from "../support/bytes.ts";
import { failure, textOf } from "../support/failure.ts";
import { aesObjectKey, writeObject } from "../support/independent-object.ts";
import { aes, clear, KEY, watched } from "../support/keyrings.ts";
import { check } from "../support/property.ts";

type Metadata = Record<string, string>;
const { metadata, body } = writeObject(utf8("x"), aesObjectKey(KEY));
const FIELDS = Object.keys(metadata);

/** What a reader does with metadata, before any key is asked. */
async function refusal(altered: unknown) {
  const keyring = watched(clear());
  const error = await failure(openObject({ metadata: altered as Metadata, body }, { keyring }));
  expect(keyring.calls).toEqual([]);
  const inspected = await failure(() => inspectObject(altered as Metadata), error.code);
  expect(inspected.message).toBe(error.message);
  return error;
}
const opens = async (altered: Metadata) =>
  expect((await openObject({ metadata: altered, body }, { keyring: aes() })).plaintext).toEqual(utf8("x"));
const renamed = (change: (name: string) => string) =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [change(name), value]));

describe("metadata that opens", () => {
  it("with names in any case, and with the prefix of the wire", async () => {
    await opens(metadata);
    await opens(renamed((name) => name.toUpperCase()));
    await opens(renamed((name) => `x-amz-meta-${name}`));
    await opens(renamed((name) => `X-Amz-Meta-${name.replace("x-amz", "X-Amz")}`));
  });

  it("with what else people store, and with empty values of other writers", async () => {
    await opens({ ...metadata, colour: "red", "X-AMZ-M": "", "x-amz-unencrypted-content-length": "" });
    await opens({ ...metadata, "x-amz-key": "", "x-amz-iv": "", "x-amz-t": "" });
    await opens({ "x-amz-3": "", ...renamed((name) => name.toUpperCase()) });
  });

  it("with a context that does not belong to its wrap, which nobody looks at", () =>
    opens({ ...metadata, "x-amz-t": "no JSON" }));
});

describe("metadata that is refused", () => {
  it.each(FIELDS)("%s missing or empty", async (field) => {
    for (const value of [undefined, ""]) {
      const altered: Record<string, string | undefined> = { ...metadata, [field]: value };
      if (value === undefined) delete altered[field];
      const error = await refusal(altered);
      expect(error).toMatchObject({ code: "ERR_OBJECT_FORMAT", field });
      expect(error.message).toMatch(/missing|in part only/);
    }
  });

  it.each(FIELDS)("%s twice, but for its case or prefix", async (field) => {
    for (const twin of [field.toUpperCase(), `x-amz-meta-${field}`]) {
      const error = await refusal({ ...metadata, [twin]: metadata[field] });
      expect(error.code).toBe("ERR_OBJECT_FORMAT");
      expect(error.message).toMatch(/twice/);
    }
  });

  it.each(["x-amz-3", "x-amz-d", "x-amz-i"])("%s that is no base64", async (field) => {
    const value = metadata[field]!;
    for (const bad of [
      "%",
      "a",
      "ab=",
      `${value}=`,
      `${value} `,
      ` ${value}`,
      `${value}\n`,
      `${value.slice(0, -1)}é`,
      "____",
      "Zh==",
    ]) {
      const error = await refusal({ ...metadata, [field]: bad });
      expect(error).toMatchObject({ code: "ERR_OBJECT_FORMAT", field });
      expect(error.message).toMatch(/base64/);
    }
  });

  it.each(["x-amz-d", "x-amz-i"])("%s of another length", async (field) => {
    for (const length of [1, 12, 27, 29, 32]) {
      const error = await refusal({ ...metadata, [field]: Buffer.from(random(length)).toString("base64") });
      expect(error).toMatchObject({ code: "ERR_OBJECT_FORMAT", field });
      expect(error.message).toContain(`28 bytes, not ${length}`);
    }
  });

  it("x-amz-i of zeros, as of a writer without randomness", async () => {
    const error = await refusal({ ...metadata, "x-amz-i": Buffer.alloc(28).toString("base64") });
    expect(error).toMatchObject({ code: "ERR_OBJECT_FORMAT", field: "x-amz-i" });
    expect(error.message).toMatch(/all zeros/);
  });

  it.each(["0", "115 ", " 115", "00115", "0115", "115.0", "1.15e2", "0x73", "+115", "-115", "1155555", "x"])(
    "x-amz-c that is %j",
    async (value) => {
      const error = await refusal({ ...metadata, "x-amz-c": value });
      expect(error).toMatchObject({ code: "ERR_OBJECT_FORMAT", field: "x-amz-c" });
    },
  );

  it.each([112, 113, 114, 116, 1, 0x0178, 0x0478, 0x6700, 65535, 99999])(
    "x-amz-c that names suite %d",
    async (suiteId) => {
      const error = await refusal({ ...metadata, "x-amz-c": String(suiteId) });
      expect(error).toMatchObject({ code: "ERR_ALGORITHM_SUITE", suiteId });
    },
  );

  it.each(["2", "002", "01", "11", "21", "AES/GCM", "kms+context", "__proto__", "constructor", "toString"])(
    "x-amz-w that is %j",
    async (value) => {
      const error = await refusal({ ...metadata, "x-amz-w": value });
      expect(error).toMatchObject({ code: "ERR_OBJECT_FORMAT", field: "x-amz-w" });
      expect(error.message).not.toContain(value === "2" ? "known: 2" : value);
    },
  );

  it.each(["x-amz-key", "x-amz-key-v2", "x-amz-iv", "x-amz-wrap-alg", "x-amz-cek-alg"])(
    "%s of an older format, alone and beside V3",
    async (field) => {
      const alone = await refusal({ [field]: "x" });
      expect(alone).toMatchObject({ code: "ERR_OBJECT_FORMAT", field });
      expect(alone.message).toMatch(/base64|without a data key/);
      const both = await refusal({ ...metadata, [field.toUpperCase()]: "x" });
      expect(both).toMatchObject({ code: "ERR_OBJECT_FORMAT", field });
      expect(both.message).toMatch(/several formats/);
    },
  );

  it("of over 64 KiB, before it is read", async () => {
    for (const name of ["x-amz-3", "x-amz-m", "colour"]) {
      const error = await refusal({ ...metadata, [name]: "A".repeat(70_000) });
      expect(error).toMatchObject({ code: "ERR_LIMIT", maximum: 65_536 });
    }
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`n${i}`, ""]));
    expect((await refusal({ ...metadata, ...many })).code).toBe("ERR_LIMIT");
  });

  it("of no strings, or no metadata at all", async () => {
    for (const value of [115, null, undefined, true, {}, [], utf8("115")]) {
      expect((await refusal({ ...metadata, "x-amz-c": value })).code).toBe("ERR_OBJECT_FORMAT");
    }
    for (const value of [undefined, null, 5, "text"]) {
      expect((await refusal(value)).code).toBe("ERR_INVALID_ARGUMENT");
    }
    for (const value of [{}, [], new Map(Object.entries(metadata))]) {
      expect((await refusal(value)).code).toBe("ERR_OBJECT_FORMAT");
    }
  });

  it("of which nothing is echoed", async () => {
    const marked = "bWFya2Vk".repeat(3);
    for (const name of FIELDS) {
      const error = await refusal({ ...metadata, [name]: `${marked}%` });
      expect(textOf(error)).not.toContain("bWFya2Vk");
    }
    const error = await refusal({ ...metadata, "x-amz-m": `{"${marked}": 1}` });
    expect(textOf(error)).not.toContain("bWFya2Vk");
  });
});

describe.each([
  ["label", "x-amz-m", "02"],
  ["label", "x-amz-m", "22"],
  ["context", "x-amz-t", "12"],
])("a %s in %s under %s", (_, field, wrap) => {
  const around = (text: string) => ({ ...metadata, "x-amz-w": wrap, [field]: text });

  it.each([
    "x",
    "null",
    "5",
    '"text"',
    "[]",
    '["a","b"]',
    "true",
    '{"a":1}',
    '{"a":null}',
    '{"a":["b"]}',
    '{"a":{"b":"c"}}',
    '{"a":"b"',
    "{'a':'b'}",
    '{"a":"b"}{}',
    "\u0000",
    `${"[".repeat(20_000)}`,
    `${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`,
  ])("that is no object of strings: %.20s", async (text) => {
    const error = await refusal(around(text));
    expect(error).toMatchObject({ code: "ERR_OBJECT_FORMAT", field });
    expect(error.cause).toBeUndefined();
  });

  it("with __proto__ is pairs like others", () => {
    const facts = inspectObject(around('{"__proto__":"p","constructor":"c","toString":"t"}'));
    const pairs = wrap === "12" ? facts.encryptionContext : facts.materialsDescription;
    expect(Object.entries(pairs)).toEqual([
      ["__proto__", "p"],
      ["constructor", "c"],
      ["toString", "t"],
    ]);
    expect(Object.getPrototypeOf(pairs)).toBe(Object.prototype);
    expect("p" in {}).toBe(false);
  });

  it("that nests a __proto__ is refused, and changes no prototype", async () => {
    await refusal(around('{"__proto__":{"polluted":"yes"}}'));
    expect("polluted" in {}).toBe(false);
  });

  it("with text of any plane comes back", () => {
    const pairs = { é: "ü", 𝒳: "\u0000", "": "", "=?utf-8?Q?a?=": "日本" };
    for (const text of [JSON.stringify(pairs), JSON.stringify(pairs, null, 2)]) {
      const facts = inspectObject(around(text));
      expect(wrap === "12" ? facts.encryptionContext : facts.materialsDescription).toEqual(pairs);
    }
  });
});

describe("the body", () => {
  it.each<[string, unknown, string]>([
    ["base64 text", Buffer.from(body).toString("base64"), "ERR_INVALID_ARGUMENT"],
    ["missing", undefined, "ERR_INVALID_ARGUMENT"],
    ["a stream", new ReadableStream(), "ERR_INVALID_ARGUMENT"],
    ["empty", new Uint8Array(0), "ERR_TRUNCATED"],
    ["shorter than a tag", random(15), "ERR_TRUNCATED"],
    ["of other bytes", random(17), "ERR_AUTHENTICATION"],
  ])("%s", async (_, given, code) => {
    const object = { metadata, body: given as Uint8Array };
    await failure(openObject(object, { keyring: aes() }), code as "ERR_LIMIT");
  });
});

it("any metadata is a typed error, and nothing else", () => {
  const name = fc.constantFrom(...FIELDS, "x-amz-m", "x-amz-t", "x-amz-key", "X-AMZ-3", "other");
  const value = fc.oneof(fc.string(), fc.json(), fc.base64String(), fc.constantFrom("115", "02", "12", "22"));
  const object = fc.dictionary(name, value, { maxKeys: 8 });
  return check(object, async (altered) => {
    for (const whole of [altered, { ...metadata, ...altered }]) {
      const outcome = await openObject({ metadata: whole, body }, { keyring: aes() }).catch((error) => error);
      if (outcome instanceof Error) await failure(Promise.reject(outcome));
      else expect(outcome.plaintext).toEqual(utf8("x"));
    }
  });
});
