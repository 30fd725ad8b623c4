import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { random, utf8 } from "../support/bytes.ts";
import { outcome, textOf } from "../support/failure.ts";
import {
  aesObjectKey,
  readKmsObject,
  readObject,
  writeKmsObject,
  writeObject,
} from "../support/independent-object.ts";
import { aesV1, writeObjectV1 } from "../support/independent-object-v1.ts";
import {
  aesGcmV2,
  aesWrapV2,
  kmsContextV2,
  readObjectV2,
  writeObjectV2,
} from "../support/independent-object-v2.ts";
import { joinedMetadata, type SplitObject, splitObject } from "../support/instruction-file.ts";
import { aes, KEY } from "../support/keyrings.ts";
import { s3Fault } from "../support/s3.ts";
import { Bucket, get, misused, put, read, refused, type Started, start, withoutLength } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => {
  at.s3.script = null;
  at.forget();
});

const TEXT = utf8("42 pears");
const write = { instructionFile: { write: true } };
const older = "forbid-encrypt-allow-decrypt" as const;
const reads = { commitmentPolicy: "require-encrypt-allow-decrypt" } as const;

const file = async (key: string, suffix = ".instruction") => {
  const { body, metadata, headers } = await at.stored(key + suffix);
  return {
    body,
    metadata,
    headers,
    fields: JSON.parse(Buffer.from(body).toString()) as Record<string, string>,
  };
};
const place = async (key: string, { metadata, body, instruction }: SplitObject, suffix = ".instruction") => {
  await at.place(key, { metadata, body });
  await at.place(key + suffix, instruction);
};

describe("writing", () => {
  it("format V3: commitment and message id on the object, the data key in the file", async () => {
    const client = at.client(write);
    await put(client, "v3", TEXT, { Metadata: { colour: "red" } }, { encryptionContext: { a: "1" } });
    expect(at.s3.asked()).toEqual(["PutObject v3.instruction", "PutObject v3"]);
    const { metadata, body } = await at.stored("v3");
    const { fields, metadata: marker } = await file("v3");
    expect(Object.keys(metadata).sort()).toEqual(["colour", "x-amz-c", "x-amz-d", "x-amz-i"]);
    expect(Object.keys(fields).sort()).toEqual(["x-amz-3", "x-amz-t", "x-amz-w"]);
    expect(marker).toEqual({ "x-amz-crypto-instr-file": "" });
    const joined = joinedMetadata(metadata, (await file("v3")).body);
    expect(await readKmsObject(joined, body, at.byHand)).toEqual({ plaintext: TEXT, context: { a: "1" } });
    const reply = await get(client, "v3", {}, { encryptionContext: { a: "1" } });
    expect(await reply.Body!.transformToByteArray()).toEqual(TEXT);
    expect(reply.Metadata).toEqual({ colour: "red" });
    expect(reply.encryption).toMatchObject({ instructionFile: true, format: "V3", verified: true });
  });

  it("format V2: all of it in the file", async () => {
    const client = at.client({ ...write, commitmentPolicy: older });
    await put(client, "v2", TEXT, { Metadata: { colour: "red" } });
    const { metadata, body } = await at.stored("v2");
    expect(metadata).toEqual({ colour: "red" });
    const { fields, body: bytes, metadata: marker } = await file("v2");
    expect(marker).toEqual({ "x-amz-crypto-instr-file": "" });
    expect(Object.keys(fields).sort()).toEqual(
      [
        "x-amz-cek-alg",
        "x-amz-iv",
        "x-amz-key-v2",
        "x-amz-matdesc",
        "x-amz-tag-len",
        "x-amz-wrap-alg",
      ].sort(),
    );
    expect(await readObjectV2(joinedMetadata(metadata, bytes), body, kmsContextV2(at.byHand))).toEqual(TEXT);
    expect(await read(client, "v2")).toEqual(TEXT);
  });

  it("with a raw key's label, and a suffix of one's own", async () => {
    const client = at.client({ keyring: aes(), instructionFile: { write: true, suffix: ".keys" } });
    await put(client, "own", TEXT);
    expect(at.s3.asked()).toEqual(["PutObject own.keys", "PutObject own"]);
    const { metadata, body } = await at.stored("own");
    const joined = joinedMetadata(metadata, (await file("own", ".keys")).body);
    expect(readObject(joined, body, aesObjectKey(KEY))).toEqual(TEXT);
    expect(await read(client, "own")).toEqual(TEXT);
    await refused(get(at.client({ keyring: aes() }), "own"), "ERR_S3_INSTRUCTION_FILE", "own");
    const call = { instructionFileSuffix: ".keys" };
    expect(await read(at.client({ keyring: aes() }), "own", {}, call)).toEqual(TEXT);
  });

  it("takes over who may read the object, and how the server keeps it, but not what it is", async () => {
    const shared = {
      ACL: "private",
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: "k",
      RequestPayer: "requester",
    };
    await put(at.client(write), "k", TEXT, { ...shared, ContentType: "a/b", Metadata: { colour: "red" } });
    const [first, second] = at.s3.requests;
    for (const { headers } of [first!, second!]) {
      expect(headers).toMatchObject({
        "x-amz-acl": "private",
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-request-payer": "requester",
      });
    }
    expect(first!.metadata).toEqual({ "x-amz-crypto-instr-file": "" });
    expect(first!.headers["content-type"]).not.toBe("a/b");
  });

  it("that fails for the file leaves the object unwritten", async () => {
    at.s3.script = s3Fault("PutObject", { status: 403, code: "AccessDenied" }, { key: "denied.instruction" });
    expect(await outcome(put(at.client(write), "denied", TEXT))).toMatchObject({ name: "AccessDenied" });
    expect(at.s3.asked()).toEqual(["PutObject denied.instruction"]);
  });

  it("does not go with conditions, which would be met too late", async () => {
    await put(at.client(write), "there", TEXT);
    const before = await at.stored("there.instruction");
    for (const condition of [{ IfNoneMatch: "*" }, { IfMatch: '"0"' }]) {
      at.forget();
      await misused(put(at.client(write), "there", "2", condition), /instruction file/);
      await misused(
        at.client(write).upload({ Bucket, Key: "there", Body: "2", ...condition }),
        /instruction file/,
      );
      expect(at.s3.requests).toEqual([]);
      expect(at.kms.events).toEqual([]);
      // Without a file they are S3's business.
      expect(await outcome(put(at.client(), "there", "2", condition))).toMatchObject({
        name: "PreconditionFailed",
      });
    }
    expect((await at.stored("there.instruction")).body).toEqual(before.body);
    expect(await read(at.client(), "there")).toEqual(TEXT);
  });
});

describe("reading", () => {
  const raw = { keyring: aes(), ...reads, legacy: { wrappingAlgorithms: true, unauthenticatedModes: true } };
  it.each<[string, () => Promise<SplitObject>]>([
    ["V3", async () => splitObject(writeObject(TEXT, aesObjectKey(KEY)))],
    [
      "V3 without the marker",
      async () => splitObject(writeObject(TEXT, aesObjectKey(KEY)), { marker: false }),
    ],
    ["V2", async () => splitObject(await writeObjectV2(TEXT, aesGcmV2(KEY)))],
    [
      "V2 with a length",
      async () => splitObject(await writeObjectV2(TEXT, aesGcmV2(KEY), { unencryptedLength: true })),
    ],
    ["V1", async () => splitObject(await writeObjectV1(TEXT, aesV1(KEY)))],
  ])("of %s by another writer", async (_, written) => {
    await place("k", await written());
    const reply = await get(at.client(raw), "k");
    expect(await reply.Body!.transformToByteArray()).toEqual(TEXT);
    expect(reply.encryption).toMatchObject({ instructionFile: true });
    expect(reply.Metadata).toEqual({});
  });

  it("of KMS, with the context", async () => {
    await place("k", splitObject(await writeKmsObject(TEXT, at.byHand, { a: "1" })));
    await refused(get(at.client(), "k"), "ERR_ENCRYPTION_CONTEXT", "k");
    expect(at.kms.events.filter(({ eventName }) => eventName === "Decrypt")).toEqual([]);
    expect(await read(at.client(), "k", {}, { encryptionContext: { a: "1" } })).toEqual(TEXT);
  });

  it("takes numbers where other writers put them, names in any case, and empty values", async () => {
    const { metadata, body } = await writeObjectV2(TEXT, aesGcmV2(KEY), { unencryptedLength: true });
    const upper = Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [name.toUpperCase(), value]),
    );
    const numbers = { ...upper, "X-AMZ-TAG-LEN": 128, "X-AMZ-UNENCRYPTED-CONTENT-LENGTH": 8, "x-amz-m": "" };
    await at.place("k", { metadata: {}, body });
    await at.s3.put(Bucket, "k.instruction", utf8(JSON.stringify(numbers)));
    expect(await read(at.client(raw), "k")).toEqual(TEXT);
  });

  it("does not look at a file where the object itself has its data key", async () => {
    await at.place("k", writeObject(TEXT, aesObjectKey(KEY)));
    await at.s3.put(Bucket, "k.instruction", utf8("no JSON"));
    expect(await read(at.client(raw), "k")).toEqual(TEXT);
    expect(at.s3.asked()).toEqual(["GetObject k"]);
  });
});

describe("a file that is refused", () => {
  const v3 = () => splitObject(writeObject(TEXT, aesObjectKey(KEY)));
  const v2 = async () => splitObject(await writeObjectV2(TEXT, aesGcmV2(KEY)));
  const client = () => at.client({ keyring: aes(), ...reads });
  const parsed = ({ instruction }: SplitObject) =>
    JSON.parse(Buffer.from(instruction.body).toString()) as Record<string, unknown>;
  const withFile = async (split: SplitObject, content: unknown) => {
    await at.place("bad", split);
    const bytes =
      content instanceof Uint8Array
        ? content
        : utf8(typeof content === "string" ? content : JSON.stringify(content));
    await at.s3.put(Bucket, "bad.instruction", bytes);
  };

  it("missing: of a V3 object it is known to be", async () => {
    await at.place("bad", v3());
    const error = await refused(
      get(client(), "bad", {}, { instructionFileSuffix: ".none" }),
      "ERR_S3_INSTRUCTION_FILE",
      "bad",
    );
    expect(error.message).toContain("bad.none is not there");
    await at.place("bad", await v2());
    await refused(get(client(), "bad", {}, { instructionFileSuffix: ".none" }), "ERR_S3_UNENCRYPTED", "bad");
  });

  it.each([
    ["forbidden", 403, "AccessDenied", /denied.*s3:GetObject/],
    ["out of order", 500, "InternalError", /could not be read/],
  ] as const)("%s", async (_, status, code, text) => {
    await place("bad", v3());
    for (const loose of [false, true]) {
      at.s3.script = s3Fault("GetObject", { status, code }, { key: "bad.instruction" });
      const reader = at.client({ keyring: aes(), passUnencrypted: loose });
      const error = await refused(get(reader, "bad"), "ERR_S3_INSTRUCTION_FILE", "bad");
      expect(error.message).toMatch(text);
      expect(error.cause).toMatchObject({ name: code });
    }
  });

  it("huge, whether S3 says so or not", async () => {
    const split = v3();
    const padded = JSON.stringify({ ...parsed(split), "x-amz-m": "x".repeat(66_000) });
    await withFile(split, padded);
    const error = await refused(get(client(), "bad"), "ERR_S3_INSTRUCTION_FILE", "bad");
    expect(error.message).toContain("more than 65536 bytes");
    const unsaid = at.client({ keyring: aes(), client: withoutLength(at) });
    await refused(get(unsaid, "bad"), "ERR_S3_INSTRUCTION_FILE", "bad");
  });

  it.each<[string, unknown]>([
    ["empty", ""],
    ["not JSON", "{"],
    ["not UTF-8", Uint8Array.of(0x22, 0xff, 0x22)],
    ["a string", '"x-amz-3"'],
    ["a number", "115"],
    ["null", "null"],
    ["an array", [{ "x-amz-3": "AAAA" }]],
    ["numbers", { "x-amz-3": 1 }],
    ["nested", { "x-amz-3": { a: "b" } }],
    ["null in it", { "x-amz-3": null }],
    ["a fraction for a number", { "x-amz-tag-len": 1.5 }],
    ["an object without fields", {}],
    ["a prototype", '{"__proto__":{"x-amz-3":"AAAA","x-amz-w":"02"}}'],
  ])("%s", async (_, content) => {
    for (const split of [v3(), await v2()]) {
      await withFile(split, content);
      const error = await refused(get(client(), "bad"), "ERR_OBJECT_FORMAT", "bad");
      expect(textOf(error)).not.toContain("pears");
    }
  });

  it.each(["x-amz-c", "x-amz-d", "x-amz-i", "X-Amz-D"])(
    "with %s in it, which is the object's to say",
    async (name) => {
      const split = v3();
      const value = split.metadata[name.toLowerCase()];
      await withFile(split, { ...parsed(split), [name]: value });
      const error = await refused(get(client(), "bad"), "ERR_OBJECT_FORMAT", "bad");
      expect(error.message).toContain("must not stand in an instruction file");
      // All of V3 in the file, and nothing on the object.
      const { metadata } = writeObject(TEXT, aesObjectKey(KEY));
      await withFile({ ...split, metadata: {} }, metadata);
      await refused(get(client(), "bad"), "ERR_OBJECT_FORMAT", "bad");
    },
  );

  it("of another format than its object", async () => {
    const [three, two] = [v3(), await v2()];
    await withFile(three, parsed(two));
    await refused(get(client(), "bad"), "ERR_OBJECT_FORMAT", "bad");
    await withFile(two, parsed(three));
    await refused(get(client(), "bad"), "ERR_OBJECT_FORMAT", "bad");
    await withFile(three, { ...parsed(three), ...parsed(two) });
    await refused(get(client(), "bad"), "ERR_OBJECT_FORMAT", "bad");
  });

  it("of V1 and V2 at once", async () => {
    const split = splitObject(await writeObjectV2(TEXT, aesWrapV2(KEY), { content: "AES/CBC/PKCS5Padding" }));
    const fields = parsed(split);
    await withFile(split, { ...fields, "x-amz-key": fields["x-amz-key-v2"] });
    const legacy = { wrappingAlgorithms: true, unauthenticatedModes: true };
    await refused(get(at.client({ keyring: aes(), ...reads, legacy }), "bad"), "ERR_OBJECT_FORMAT", "bad");
  });

  it("with names doubled in another case", async () => {
    const split = v3();
    await withFile(split, { ...parsed(split), "X-AMZ-3": "AAAA" });
    await refused(get(client(), "bad"), "ERR_OBJECT_FORMAT", "bad");
  });

  it("beside an object that has V2's content on itself", async () => {
    const { metadata, body } = await writeObjectV2(TEXT, aesGcmV2(KEY));
    const { "x-amz-key-v2": key, ...rest } = metadata;
    await at.place("bad", { metadata: rest, body });
    await at.s3.put(Bucket, "bad.instruction", utf8(JSON.stringify({ "x-amz-key-v2": key })));
    await refused(get(client(), "bad"), "ERR_OBJECT_FORMAT", "bad");
  });

  it("of another object: the commitment notices", async () => {
    await place("one", v3());
    await place("two", v3());
    await at.place("one.instruction", (await at.stored("two.instruction")) as never);
    await refused(get(client(), "one"), "ERR_AUTHENTICATION", "one");
  });

  it("with a data key of somebody else's: it does not open", async () => {
    const split = v3();
    await withFile(split, parsed(splitObject(writeObject(TEXT, aesObjectKey(random(32))))));
    await refused(get(client(), "bad"), "ERR_NO_DATA_KEY", "bad");
  });
});
