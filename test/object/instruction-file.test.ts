import { describe, expect, it } from "vitest";
import { inspectObject, type ObjectOptions, openObject, type StoredObject } from "../../src/index.ts";
import {
  formatInstructionFile,
  parseInstructionFile,
  splitMetadata,
} from "../../src/object/instruction-file.ts";
import { utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aesObjectKey, writeObject } from "../support/independent-object.ts";
import { aesV1, writeObjectV1 } from "../support/independent-object-v1.ts";
import { aesGcmV2, aesWrapV2, writeObjectV2 } from "../support/independent-object-v2.ts";
import { aes, clear, KEY, watched } from "../support/keyrings.ts";

type Metadata = Record<string, string>;
const OPTIONS = {
  commitmentPolicy: "require-encrypt-allow-decrypt",
  legacy: { wrappingAlgorithms: true, unauthenticatedModes: true },
} as const;

const V3 = writeObject(utf8("x"), aesObjectKey(KEY), { team: "orders" });
const { object: ON_OBJECT, file: IN_FILE } = splitMetadata(V3.metadata);
const LENGTH = { unencryptedLength: true } as const;
const GCM = await writeObjectV2(utf8("x"), aesGcmV2(KEY), LENGTH);
const CBC = await writeObjectV2(utf8("x"), aesWrapV2(KEY), { content: "AES/CBC/PKCS5Padding", ...LENGTH });
const V1 = await writeObjectV1(utf8("x"), aesV1(KEY), LENGTH);

const opens = async (object: StoredObject) =>
  expect((await openObject(object, { keyring: aes(), ...OPTIONS } as ObjectOptions)).plaintext).toEqual(
    utf8("x"),
  );

async function refusal(metadata: Metadata, instructionFile?: Metadata) {
  const keyring = watched(clear());
  const object = { metadata, body: V3.body, ...(instructionFile && { instructionFile }) };
  const error = await failure(openObject(object, { keyring, ...OPTIONS }), "ERR_OBJECT_FORMAT");
  expect(keyring.calls).toEqual([]);
  const inspected = await failure(() => inspectObject(metadata, instructionFile), "ERR_OBJECT_FORMAT");
  expect(inspected.message).toBe(error.message);
  return error;
}

describe("an envelope in an instruction file", () => {
  it("of V3 lies there in part, and opens", async () => {
    expect(Object.keys(ON_OBJECT).sort()).toEqual(["x-amz-c", "x-amz-d", "x-amz-i"]);
    expect(Object.keys(IN_FILE).sort()).toEqual(["x-amz-3", "x-amz-m", "x-amz-w"]);
    await opens({ metadata: ON_OBJECT, instructionFile: IN_FILE, body: V3.body });
    const facts = inspectObject(
      { ...ON_OBJECT, colour: "red" },
      { "X-AMZ-META-X-Amz-3": IN_FILE["x-amz-3"]!, ...IN_FILE, "x-amz-3": "" },
    );
    expect(facts).toMatchObject({ format: "V3", materialsDescription: { team: "orders" } });
  });

  it.each([
    ["V2", GCM],
    ["V2 with CBC", CBC],
    ["V1", V1],
  ])("of %s lies there whole, and opens", async (_, { metadata, body }) => {
    await opens({ metadata: {}, instructionFile: metadata, body });
    await opens({
      metadata: { colour: "red" },
      instructionFile: { ...metadata, "x-amz-crypto-instr-file": "" },
      body,
    });
    // Older writers note the length on the object.
    const { "x-amz-unencrypted-content-length": length, ...rest } = metadata;
    const noted = { "x-amz-unencrypted-content-length": length! };
    await opens({ metadata: noted, instructionFile: rest, body });
    await opens({ metadata: noted, instructionFile: metadata, body });
  });

  it("is not looked at where the object has one of its own", async () => {
    await opens({ ...V3, instructionFile: { "x-amz-3": "%", "x-amz-c": "115" } });
    await opens({ ...GCM, instructionFile: V3.metadata });
  });

  it.each(["x-amz-c", "x-amz-d", "x-amz-i"])(
    "must not hold %s: whoever writes the file would say what the object is",
    async (name) => {
      for (const spelled of [name, name.toUpperCase(), `x-amz-meta-${name}`]) {
        for (const metadata of [ON_OBJECT, {}]) {
          const error = await refusal(metadata, { ...IN_FILE, [spelled]: V3.metadata[name]! });
          expect(error).toMatchObject({ field: name });
          expect(error.message).toMatch(/must not stand in an instruction file/);
        }
        // Nor beside V2.
        expect((await refusal({}, { ...GCM.metadata, [spelled]: V3.metadata[name]! })).message).toMatch(
          /several formats/,
        );
      }
    },
  );

  it("of another format than its object", async () => {
    for (const { metadata } of [GCM, CBC, V1]) {
      const error = await refusal(ON_OBJECT, metadata);
      expect(error.message).toMatch(/of another format than its object/);
    }
    const error = await refusal({}, IN_FILE);
    expect(error).toMatchObject({ field: "x-amz-c" });
    expect(error.message).toMatch(/whose data key is of format V3/);
    // One part of V2 on the object is no sign of V2: it is refused.
    for (const name of ["x-amz-iv", "x-amz-cek-alg", "x-amz-wrap-alg", "x-amz-matdesc", "x-amz-tag-len"]) {
      const stray = { [name]: GCM.metadata[name]! };
      expect(await refusal(stray, GCM.metadata)).toMatchObject({ field: name });
      expect(await refusal({ ...ON_OBJECT, ...stray }, IN_FILE)).toMatchObject({ field: name });
    }
  });

  it("of several formats, or in part", async () => {
    expect((await refusal(ON_OBJECT, { ...IN_FILE, ...GCM.metadata })).message).toMatch(/several formats/);
    expect((await refusal({}, { ...GCM.metadata, "x-amz-key": "AAAA" })).message).toMatch(/several formats/);
    for (const name of ["x-amz-3", "x-amz-w"]) {
      const { [name]: _, ...rest } = IN_FILE as Metadata;
      expect(await refusal(ON_OBJECT, rest)).toMatchObject({ field: name });
    }
    for (const name of ["x-amz-key-v2", "x-amz-iv", "x-amz-wrap-alg", "x-amz-cek-alg"]) {
      const { [name]: _, ...rest } = GCM.metadata;
      expect((await refusal({}, rest)).message).toMatch(/missing/);
    }
    expect((await refusal({}, {})).message).toMatch(/missing/);
    expect((await refusal(ON_OBJECT, {})).message).toMatch(/missing/);
    for (const name of ["x-amz-c", "x-amz-d", "x-amz-i"]) {
      const { [name]: _, ...rest } = ON_OBJECT as Metadata;
      expect((await refusal(rest, IN_FILE)).message).toMatch(/in part only/);
    }
    for (const stray of ["x-amz-w", "x-amz-m", "x-amz-t"]) {
      expect((await refusal({ ...ON_OBJECT, [stray]: "02" }, IN_FILE)).message).toMatch(/in part only/);
    }
  });

  it("with a data key that is not the object's: the commitment notices", async () => {
    const other = writeObject(utf8("y"), aesObjectKey(KEY));
    const { file } = splitMetadata(other.metadata);
    const swapped = { metadata: ON_OBJECT, instructionFile: file, body: V3.body };
    await failure(openObject(swapped, { keyring: aes(), ...OPTIONS }), "ERR_AUTHENTICATION");
  });

  it("is to be parsed by the caller", async () => {
    for (const file of [null, "{}", 5, true, utf8("{}")]) {
      for (const metadata of [{}, ON_OBJECT, V3.metadata]) {
        const object = { metadata, body: V3.body, instructionFile: file as never };
        const error = await failure(openObject(object, { keyring: aes() }), "ERR_INVALID_ARGUMENT");
        expect(error.message).toMatch(/instructionFile must be an object of strings/);
        await failure(() => inspectObject(metadata, file as never), "ERR_INVALID_ARGUMENT");
      }
    }
    for (const file of [{ "x-amz-3": 5 }, { "x-amz-3": null }, []]) {
      const object = { metadata: ON_OBJECT, body: V3.body, instructionFile: file as never };
      await failure(openObject(object, { keyring: aes() }), "ERR_OBJECT_FORMAT");
    }
  });

  it("takes twins of a name for a mistake", async () => {
    expect((await refusal(ON_OBJECT, { ...IN_FILE, "X-AMZ-W": "02" })).message).toMatch(/twice/);
  });
});

describe("the body of an instruction file", () => {
  it("comes back", () => {
    const fields = { ...IN_FILE, É: "日本 𝒳", __proto: "p" };
    expect(parseInstructionFile(formatInstructionFile(fields))).toEqual(fields);
  });

  it("may hold numbers, where other writers have them", () => {
    const text = '{"x-amz-tag-len": 128, "X-Amz-Unencrypted-Content-Length": 7, "x-amz-iv": "a"}';
    expect(parseInstructionFile(utf8(text))).toEqual({
      "x-amz-tag-len": "128",
      "X-Amz-Unencrypted-Content-Length": "7",
      "x-amz-iv": "a",
    });
    const { "x-amz-tag-len": _, ...rest } = GCM.metadata;
    const numbers = JSON.stringify({ ...rest, "x-amz-tag-len": 128, "x-amz-unencrypted-content-length": 1 });
    return opens({ metadata: {}, instructionFile: parseInstructionFile(utf8(numbers)), body: GCM.body });
  });

  it.each([
    "",
    "x",
    "{",
    "\ufeffx",
    '{"a":"b"}x',
    "[".repeat(50_000),
    `${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`,
  ])("that is no JSON, or too deep: %.12s", async (text) => {
    await failure(() => parseInstructionFile(utf8(text)), "ERR_OBJECT_FORMAT");
  });

  it.each([
    "null",
    "5",
    '"text"',
    "true",
    "[]",
    '["a"]',
    '{"x-amz-3": 5}',
    '{"x-amz-c": 115}',
    '{"x-amz-tag-len": 128.5}',
    '{"x-amz-tag-len": 1e400}',
    '{"x-amz-tag-len": 9007199254740993}',
    '{"x-amz-tag-len": [128]}',
    '{"x-amz-tag-len": true}',
    '{"x-amz-3": null}',
    '{"x-amz-3": {"a": "b"}}',
    '{"__proto__": {"x-amz-3": "a"}}',
    '{"x-amz-matdesc": {}}',
  ])("that is no object of strings: %s", async (text) => {
    const error = await failure(() => parseInstructionFile(utf8(text)), "ERR_OBJECT_FORMAT");
    expect(error.message).toMatch(/object of strings/);
    expect(error.cause).toBeUndefined();
  });

  it("that is no UTF-8", async () => {
    await failure(() => parseInstructionFile(Uint8Array.of(0x22, 0xff, 0x22)), "ERR_OBJECT_FORMAT");
  });

  it("with __proto__ is a name like others", () => {
    const fields = parseInstructionFile(utf8('{"__proto__":"p","x-amz-w":"02"}'));
    expect(Object.entries(fields)).toEqual([
      ["__proto__", "p"],
      ["x-amz-w", "02"],
    ]);
  });
});
