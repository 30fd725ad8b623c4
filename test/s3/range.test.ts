import { GetObjectCommand, type GetObjectCommandOutput } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeyfoldEvent } from "../../src/index.ts";
import type { S3CallOptions } from "../../src/s3/index.ts";
import { counting, flipped, random, toHex, utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { aesV1, writeObjectV1 } from "../support/independent-object-v1.ts";
import { splitObject } from "../support/instruction-file.ts";
import { aes, KEY, watched } from "../support/keyrings.ts";
import { check } from "../support/property.ts";
import { s3Fault } from "../support/s3.ts";
import { Bucket, contentKeys, isWiped, putV2, putV3, type Rig, rig, same } from "./rig.ts";

const Key = "k";
const SMALL = { bufferLimit: 1000, unauthenticatedRanges: true };
const READ_ALL = {
  commitmentPolicy: "require-encrypt-allow-decrypt",
  legacy: { wrappingAlgorithms: true, unauthenticatedModes: true },
} as const;

const putV1 = async (s3: Rig, key: string, plaintext: Uint8Array) => {
  const object = await writeObjectV1(plaintext, aesV1(KEY));
  await s3.put(Bucket, key, object.body, object.metadata);
  return object;
};
const FORMATS = { V1: putV1, V2: putV2, V3: putV3 };

/** Reads ranges of one object. */
async function ranged(options = {}) {
  const { s3, client } = await rig({ ...READ_ALL, ...options });
  const get = (Range: string, more: S3CallOptions = {}, input = {}) =>
    client.send(new GetObjectCommand({ Bucket, Key, Range, ...input }), more);
  const bytes = async (Range: string) => (await get(Range)).Body!.transformToByteArray();
  return { s3, client, get, bytes };
}

const factsOf = ({ ContentLength, ContentRange, AcceptRanges, $metadata }: GetObjectCommandOutput) => ({
  ContentLength,
  ContentRange,
  AcceptRanges,
  status: $metadata.httpStatusCode,
});

/** A range, and what it names of 100 bytes. */
const NAMED: [string, number, number][] = [
  ["bytes=0-99", 0, 100],
  ["bytes=0-0", 0, 1],
  ["bytes=15-16", 15, 17],
  ["bytes=16-31", 16, 32],
  ["bytes=99-99", 99, 100],
  ["bytes=95-99", 95, 100],
  ["bytes=90-1000", 90, 100],
  ["bytes=50-999999999999999", 50, 100],
  ["bytes=17-", 17, 100],
  ["bytes=-1", 99, 100],
  ["bytes=-30", 70, 100],
  ["bytes=-1000", 0, 100],
];
const OUTSIDE = ["bytes=100-", "bytes=100-116", "bytes=115-115", "bytes=200-300", "bytes=-0"];

describe.each(Object.entries(FORMATS))("ranges of %s", (format, put) => {
  const whole = counting(100);
  const ways: [string, object, boolean][] = [
    ["within the limit", {}, format !== "V1"],
    ["within the limit, if others may be unauthenticated", { unauthenticatedRanges: true }, format !== "V1"],
    ["beyond the limit", { bufferLimit: 10, unauthenticatedRanges: true }, false],
  ];
  describe.each(ways)("%s", (_, options, verified) => {
    it.each(NAMED)("%s", async (Range, start, end) => {
      const { s3, get } = await ranged(options);
      const { metadata } = await put(s3, Key, whole);
      const reply = await get(Range);
      expect(factsOf(reply)).toEqual({
        ContentLength: end - start,
        ContentRange: `bytes ${start}-${end - 1}/100`,
        AcceptRanges: "bytes",
        status: 206,
      });
      expect(reply.Metadata).toEqual({});
      expect(Object.keys(metadata)).not.toEqual([]);
      expect(reply.encryption).toMatchObject({ verified, plaintextLength: 100, format });
      expect(toHex(await reply.Body!.transformToByteArray())).toBe(toHex(whole.subarray(start, end)));
    });

    it("outside of the object are an error", async () => {
      const { s3, get } = await ranged(options);
      await put(s3, Key, whole);
      for (const Range of OUTSIDE) {
        const error = await failure(get(Range), "ERR_RANGE");
        expect(error.message).toContain("100 bytes");
        expect(error.message).toContain(`s3://${Bucket}/${Key}`);
      }
      await put(s3, Key, utf8(""));
      for (const Range of ["bytes=0-", "bytes=-1"]) await failure(get(Range), "ERR_RANGE");
    });
  });

  // More of them, and without S3: test/object/range.test.ts.
  it("by chance, of a large object, are slices of its plaintext", async () => {
    const { s3, bytes } = await ranged(SMALL);
    const plaintext = random(300_007);
    await put(s3, Key, plaintext);
    const at = fc.oneof(
      fc.integer({ min: 0, max: plaintext.length - 1 }),
      fc.integer({ min: 0, max: 18_000 }).map((block) => 16 * block),
      fc.integer({ min: plaintext.length - 40, max: plaintext.length - 1 }),
    );
    const length = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 70_000 }));
    await check(
      fc.record({ at, length }),
      async (range) => {
        const end = Math.min(range.at + range.length, plaintext.length);
        const read = await bytes(`bytes=${range.at}-${range.at + range.length - 1}`);
        expect(same(read, plaintext.subarray(range.at, end))).toBe(true);
      },
      40,
    );
  });

  it("need nothing but their own blocks", async () => {
    const { s3, bytes } = await ranged(SMALL);
    await put(s3, Key, random(300_007));
    await bytes("bytes=100000-100099");
    const fetched = s3.requests.filter(({ operation }) => operation === "GetObject");
    expect(fetched.map(({ headers: { range } }) => range)).toEqual(
      format === "V1" ? ["bytes=299984-300015", "bytes=99984-100111"] : ["bytes=100000-100099"],
    );
    expect(s3.requests[0]!.operation).toBe("HeadObject");
    expect(new Set(fetched.map(({ headers }) => headers["if-match"])).size).toBe(1);
    expect(fetched[0]!.headers["if-match"]).toMatch(/^"[0-9a-f]{32}"$/);
  });

  it("come in whatever pieces S3 sends", async () => {
    const { s3, bytes } = await ranged(SMALL);
    const plaintext = random(5000);
    await put(s3, Key, plaintext);
    s3.script = s3Fault("GetObject", { pieces: 7 });
    expect(same(await bytes("bytes=1001-4000"), plaintext.subarray(1001, 4001))).toBe(true);
  });

  it("of an object with an instruction file", async () => {
    const { s3, get, bytes } = await ranged(SMALL);
    const plaintext = random(5000);
    const { metadata, body, instruction } = splitObject(await put(s3, Key, plaintext));
    await s3.put(Bucket, Key, body, metadata);
    await s3.put(Bucket, `${Key}.other`, instruction.body, instruction.metadata);
    const reply = await get("bytes=2000-2099", { instructionFileSuffix: ".other" });
    expect(reply.encryption).toMatchObject({ instructionFile: true, verified: false });
    expect(same(await reply.Body!.transformToByteArray(), plaintext.subarray(2000, 2100))).toBe(true);
    await s3.put(Bucket, `${Key}.instruction`, instruction.body, instruction.metadata);
    expect(same(await bytes("bytes=-9"), plaintext.subarray(4991))).toBe(true);
  });
});

describe("a range that is none", () => {
  it.each([
    "bytes=",
    "bytes=-",
    "bytes=5-2",
    "bytes=0-1,5-6",
    "bytes=a-b",
    "bytes=0x1-2",
    "bytes=-1-2",
    "bytes=1.5-2",
    "bytes=0-9999999999999999",
    "lines=0-1",
    "0-1",
    "Bytes=0-1",
    "",
  ])("%j is misuse", async (Range) => {
    const { s3, get } = await ranged(SMALL);
    const error = await failure(get(Range), "ERR_INVALID_ARGUMENT");
    expect(error).toBeInstanceOf(TypeError);
    expect(s3.asked()).toEqual([]);
  });
});

describe("beyond the limit", () => {
  it("no range can be verified: an error, and no key is asked for", async () => {
    const keyring = watched(aes());
    const { s3, get } = await ranged({ bufferLimit: 1000, keyring });
    await putV3(s3, Key, random(1001));
    const error = await failure(get("bytes=0-9"), "ERR_RANGE_UNVERIFIED");
    expect(error.message).toMatch(/1001 bytes.*bufferLimit \(1000\).*unauthenticatedRanges/);
    expect(keyring.calls).toEqual([]);
    await putV3(s3, Key, random(1000));
    await get("bytes=0-9");
  });

  it("not even where delayed authentication is allowed", async () => {
    const { s3, get } = await ranged({ bufferLimit: 1000, delayedAuthentication: true });
    await putV3(s3, Key, random(1001));
    await failure(get("bytes=0-9"), "ERR_RANGE_UNVERIFIED");
  });

  it("the limit is of plaintext", async () => {
    const { s3, get } = await ranged({ bufferLimit: 1000, unauthenticatedRanges: true });
    await putV3(s3, Key, random(1000));
    expect((await get("bytes=0-9")).encryption!.verified).toBe(true);
    await putV3(s3, Key, random(1001));
    expect((await get("bytes=0-9")).encryption!.verified).toBe(false);
  });

  it("a tampered byte comes out, within the limit it does not", async () => {
    const { s3, get, bytes } = await ranged({ bufferLimit: 1000, unauthenticatedRanges: true });
    const large = await putV3(s3, Key, counting(1001));
    await s3.put(Bucket, Key, flipped(large.body, 8 * 900), large.metadata);
    expect(await bytes("bytes=899-900")).not.toEqual(counting(1001).subarray(899, 901));
    const small = await putV3(s3, Key, counting(1000));
    await s3.put(Bucket, Key, flipped(small.body, 8 * 900), small.metadata);
    await failure(get("bytes=0-9"), "ERR_AUTHENTICATION");
  });

  it("the observer hears what was opened, and the key is wiped", async () => {
    const events: KeyfoldEvent[] = [];
    const keys = contentKeys();
    const { s3, bytes } = await ranged({ ...SMALL, observer: (event: KeyfoldEvent) => events.push(event) });
    await putV3(s3, Key, random(2000));
    await bytes("bytes=5-20");
    expect(events.filter(({ type }) => type === "decrypted")).toMatchObject([
      { plaintextBytes: 16, ciphertextBytes: 21, object: { bucket: Bucket, key: Key } },
    ]);
    expect(keys.map(isWiped)).toEqual([true]);
  });
});

describe("what S3 may do", () => {
  it("replace the object in between: its 412 comes out", async () => {
    const keys = contentKeys();
    for (const put of Object.values(FORMATS)) {
      const { s3, get } = await ranged(SMALL);
      await put(s3, Key, random(2000));
      s3.script = async ({ operation }) => {
        if (operation === "GetObject") await put(s3, Key, random(2000));
        return null;
      };
      const error = await outcome(get("bytes=0-9"));
      expect(error).toMatchObject({ name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } });
    }
    expect(keys.every(isWiped)).toBe(true);
  });

  it.each<[string, object]>([
    ["another range", { headers: { "content-range": "bytes 0-9/2016" } }],
    ["one that begins alike", { headers: { "content-range": "bytes 16-310/2016" } }],
    ["none", { status: 200, headers: {} }],
  ])("answer %s: an error, and nothing is opened", async (_, other) => {
    const keys = contentKeys();
    for (const put of Object.values(FORMATS)) {
      const { s3, get } = await ranged(SMALL);
      await put(s3, Key, random(2000));
      s3.script = s3Fault("GetObject", { alter: () => other });
      await failure(get("bytes=16-31"), "ERR_RANGE");
    }
    expect(keys.every(isWiped)).toBe(true);
  });

  it("answer a part, where the whole was asked for", async () => {
    const { s3, client } = await ranged();
    await putV3(s3, Key, random(100));
    s3.script = s3Fault("GetObject", {
      alter: () => ({ status: 206, headers: { "content-range": "bytes 0-115/116" } }),
    });
    await failure(client.send(new GetObjectCommand({ Bucket, Key })), "ERR_RANGE");
  });

  it.each([0, 1, 15, 31])("answer with %d bytes, as if they were all", async (length) => {
    for (const [format, put] of Object.entries(FORMATS)) {
      const { s3, get, bytes } = await ranged(SMALL);
      await put(s3, Key, random(2000));
      s3.script = s3Fault("GetObject", { alter: ({ body }) => ({ body: body.subarray(0, length) }) });
      if (format === "V1") await failure(get("bytes=16-47"), "ERR_RANGE");
      else await failure(bytes("bytes=16-47"), "ERR_TRUNCATED");
    }
  });

  it("answer with more bytes than were asked for: they are left out", async () => {
    for (const [format, put] of Object.entries(FORMATS)) {
      const { s3, get, bytes } = await ranged(SMALL);
      const plaintext = random(2000);
      await put(s3, Key, plaintext);
      const alter = ({ body }: { body: Uint8Array }) => ({ body: Buffer.concat([body, body]) });
      s3.script = s3Fault("GetObject", { alter });
      if (format === "V1") await failure(get("bytes=16-47"), "ERR_RANGE");
      else expect(same(await bytes("bytes=16-47"), plaintext.subarray(16, 48))).toBe(true);
    }
  });
});

it("the commitment is checked before a byte of the range is asked for", async () => {
  const { s3, get } = await ranged(SMALL);
  const { body, metadata } = await putV3(s3, Key, random(2000));
  const wrong = flipped(new Uint8Array(Buffer.from(metadata["x-amz-d"]!, "base64")), 0);
  await s3.put(Bucket, Key, body, { ...metadata, "x-amz-d": Buffer.from(wrong).toString("base64") });
  await failure(get("bytes=0-9"), "ERR_AUTHENTICATION");
  expect(s3.asked()).toEqual([`HeadObject ${Key}`]);
});

it("policy and legacy options hold for ranges as for the whole", async () => {
  const { s3, get } = await ranged({
    ...SMALL,
    commitmentPolicy: "require-encrypt-require-decrypt",
    legacy: {},
  });
  await putV2(s3, Key, random(2000));
  await failure(get("bytes=0-9"), "ERR_COMMITMENT_POLICY");
  const strict = await ranged({ ...SMALL, legacy: { wrappingAlgorithms: true } });
  await putV1(strict.s3, Key, random(2000));
  await failure(strict.get("bytes=0-9"), "ERR_S3_LEGACY");
});

it("the padding of a CBC object that does not open looks like any other mistake", async () => {
  const { s3, get, client } = await ranged(SMALL);
  const { body, metadata } = await putV1(s3, Key, counting(2000));
  const errors: string[] = [];
  for (const bad of [flipped(body, 8 * (body.length - 17)), body.subarray(0, 2000), body.subarray(0, 2005)]) {
    await s3.put(Bucket, Key, bad, metadata);
    errors.push((await failure(get("bytes=0-9"), "ERR_AUTHENTICATION")).message);
    const limited = await failure(client.send(new GetObjectCommand({ Bucket, Key })), "ERR_LIMIT");
    expect(limited.message).toContain("bufferLimit");
  }
  const whole = await ranged();
  for (const bad of [flipped(body, 8 * (body.length - 17)), body.subarray(0, 2000), body.subarray(0, 2005)]) {
    await whole.s3.put(Bucket, Key, bad, metadata);
    errors.push((await failure(whole.get("bytes=0-9"), "ERR_AUTHENTICATION")).message);
  }
  expect(new Set(errors).size).toBe(1);
});

describe("an object that is not encrypted", () => {
  it.each([
    ["verified ranges", {}],
    ["unauthenticated ones", SMALL],
  ])("is an error for %s, unless it may pass", async (_, options) => {
    const { s3, get } = await ranged(options);
    await s3.put(Bucket, Key, counting(3000));
    await failure(get("bytes=0-9"), "ERR_S3_UNENCRYPTED");
    const passing = await ranged({ ...options, passUnencrypted: true });
    await passing.s3.put(Bucket, Key, counting(3000));
    const reply = await passing.get("bytes=-9");
    expect(reply).toMatchObject({ ContentLength: 9, ContentRange: "bytes 2991-2999/3000" });
    expect(reply.encryption).toBeUndefined();
    expect(await reply.Body!.transformToByteArray()).toEqual(counting(3000).subarray(2991));
  });
});

it("the parts of an encrypted object cannot be read by number", async () => {
  const { client, s3 } = await ranged(SMALL);
  const command = new GetObjectCommand({ Bucket, Key, PartNumber: 1 });
  await failure(client.send(command), "ERR_INVALID_ARGUMENT");
  expect(s3.asked()).toEqual([]);
});
