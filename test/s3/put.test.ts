import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { counting, random, utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { s3Fault } from "../support/s3.ts";
import { Bucket, misused, put, refused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => at.forget());

const TEXT = "42 pears, é 日本 𝒳: a plaintext that must not be seen on the wire";
const BYTES = utf8(TEXT);
const MIB = 1 << 20;

const nodeStream = (...chunks: Uint8Array[]) => Readable.from(chunks);
const webStream = (...chunks: Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
async function* generated(...chunks: Uint8Array[]) {
  yield* chunks;
}
const length = { ContentLength: BYTES.length };
const within = new Uint8Array([9, 9, ...BYTES, 9]).subarray(2, 2 + BYTES.length);

describe("PutObject", () => {
  it.each<[string, () => unknown, object]>([
    ["bytes", () => BYTES, {}],
    ["bytes of a stated length", () => BYTES, length],
    ["a part of a buffer", () => within, {}],
    ["an ArrayBuffer", () => BYTES.slice().buffer, {}],
    ["a DataView", () => new DataView(within.buffer, 2, BYTES.length), {}],
    ["a string", () => TEXT, {}],
    ["a string of a stated length", () => TEXT, length],
    ["a Blob", () => new Blob([BYTES.slice()]), {}],
    ["a Blob of a stated length", () => new Blob([BYTES.slice()]), length],
    ["a stream of Node", () => nodeStream(BYTES.subarray(0, 5), BYTES.subarray(5)), length],
    ["a stream of Node of unknown length", () => nodeStream(BYTES.subarray(0, 5), BYTES.subarray(5)), {}],
    ["a stream of the web", () => webStream(BYTES.subarray(0, 5), BYTES.subarray(5)), length],
    ["a stream of the web of unknown length", () => webStream(BYTES), {}],
    ["an async iterable", () => generated(BYTES.subarray(0, 1), BYTES.subarray(1)), length],
  ])("of %s", async (name, body, more) => {
    const reply = await put(at.client(), name, body(), more);
    expect(reply.$metadata.httpStatusCode).toBe(200);
    expect((await at.opened(name)).plaintext).toEqual(BYTES);
    const [request] = at.s3.requests;
    expect(at.s3.asked()).toEqual([`PutObject ${name}`]);
    expect(request!.body.length).toBe(BYTES.length + 16);
    expect(Buffer.from(request!.body).includes("pears")).toBe(false);
  });

  it.each<[string, () => unknown, object]>([
    ["no bytes", () => new Uint8Array(0), {}],
    ["an empty string", () => "", { ContentLength: 0 }],
    ["no body", () => undefined, {}],
    ["an empty stream", () => nodeStream(), { ContentLength: 0 }],
    ["an empty stream of unknown length", () => webStream(), {}],
  ])("of %s, which has a tag", async (name, body, more) => {
    await put(at.client(), name, body(), more);
    expect((await at.stored(name)).body.length).toBe(16);
    expect((await at.opened(name)).plaintext).toEqual(new Uint8Array(0));
  });

  it("of a large stream, which is sealed as it is sent", async () => {
    const chunks = Array.from({ length: 9 }, (_, i) => counting(MIB + i, i));
    const plaintext = Buffer.concat(chunks);
    await put(at.client({ bufferLimit: 0 }), "large", nodeStream(...chunks), {
      ContentLength: plaintext.length,
    });
    const { headers } = at.s3.requests[0]!;
    expect(headers["x-amz-decoded-content-length"] ?? headers["content-length"]).toBe(
      String(plaintext.length + 16),
    );
    expect(Buffer.compare((await at.opened("large")).plaintext, plaintext)).toBe(0);
  });

  it("says what was stored, and passes on what else was asked", async () => {
    const more = { ContentType: "text/plain", CacheControl: "no-store", Metadata: { colour: "red" } };
    const reply = await put(at.client(), "more", TEXT, more);
    const { headers, metadata, body } = await at.stored("more");
    expect(reply.ETag).toBe(`"${createHash("md5").update(body).digest("hex")}"`);
    expect(headers).toMatchObject({ "content-type": "text/plain", "cache-control": "no-store" });
    expect(metadata).toMatchObject({ colour: "red" });
    expect(Object.keys(metadata).sort()).toEqual(
      ["colour", "x-amz-3", "x-amz-c", "x-amz-d", "x-amz-i", "x-amz-t", "x-amz-w"].sort(),
    );
    expect(at.events).toEqual([
      {
        type: "encrypted",
        format: "object",
        suiteId: 0x73,
        plaintextBytes: BYTES.length,
        ciphertextBytes: BYTES.length + 16,
        object: { bucket: Bucket, key: "more" },
      },
    ]);
  });

  it("does not change the command that it was given", async () => {
    const Metadata = Object.freeze({ colour: "red" });
    const client = at.client();
    await put(client, "same", TEXT, { Metadata });
    await put(client, "same", TEXT, { Metadata });
    expect(Metadata).toEqual({ colour: "red" });
  });

  it.each(["a b/é/日本/𝒳", "a//b", "/x", "%2F?#&<>'\"", "x".repeat(1000)])(
    "under the key %j",
    async (key) => {
      await put(at.client({ bindTo: "object" }), key, TEXT);
      expect((await at.opened(key)).context).toEqual({ "aws:s3:arn": `arn:aws:s3:::b/${key}` });
    },
  );
});

describe("ContentLength", () => {
  const bodies: [string, () => unknown][] = [
    ["bytes", () => BYTES],
    ["a string", () => TEXT],
    ["a Blob", () => new Blob([BYTES.slice()])],
    ["a stream of Node", () => nodeStream(BYTES)],
    ["a stream of the web", () => webStream(BYTES)],
  ];
  it.each(bodies)("must be that of %s", async (name, body) => {
    for (const ContentLength of [BYTES.length - 1, BYTES.length + 1, 0]) {
      const key = `wrong ${name}`;
      await refused(put(at.client(), key, body(), { ContentLength }), "ERR_S3_BODY", key);
    }
    expect(at.s3.requests).toEqual([]);
    expect(at.kms.events).toEqual([]);
  });

  it.each([-1, +1])("must be that of a large stream (%d): the request is cut", async (off) => {
    const chunks = Array.from({ length: 10 }, () => random(MIB));
    const body = nodeStream(...chunks);
    const error = await refused(
      put(at.client(), "cut", body, { ContentLength: 10 * MIB + off }),
      "ERR_S3_BODY",
      "cut",
    );
    expect(error.message).toContain("Nothing was stored");
    expect(await at.s3.object(Bucket, "cut")).toBeUndefined();
  });

  it("is not passed by much: a longer stream is not read to its end", async () => {
    let pulled = 0;
    const endless = async function* () {
      for (; pulled < 40; pulled++) yield random(MIB);
    };
    await refused(put(at.client(), "cut", endless(), { ContentLength: 9 * MIB }), "ERR_S3_BODY", "cut");
    expect(pulled).toBeLessThan(12);
    expect(await at.s3.object(Bucket, "cut")).toBeUndefined();
  });

  it("of an unknown length needs room in memory, and KMS is not asked", async () => {
    const client = at.client({ bufferLimit: 10 });
    const error = await refused(
      put(client, "unknown", nodeStream(random(6), random(5))),
      "ERR_LIMIT",
      "unknown",
    );
    expect(error).toMatchObject({ limit: "bufferLimit", maximum: 10 });
    expect(at.s3.requests).toEqual([]);
    expect(at.kms.events).toEqual([]);
    await put(client, "known", nodeStream(random(6), random(4)));
  });
});

describe("a body that fails", () => {
  it.each([1, 10 * MIB])(
    "of %d bytes: its own error comes out, and nothing is stored",
    async (ContentLength) => {
      const broken = new Error("the disk is gone");
      const body = Readable.from(
        (async function* () {
          for (let sent = 0; sent < ContentLength - 1; sent += MIB)
            yield random(Math.min(MIB, ContentLength));
          throw broken;
        })(),
      );
      expect(await outcome(put(at.client(), "broken", body, { ContentLength }))).toBe(broken);
      expect(await at.s3.object(Bucket, "broken")).toBeUndefined();
    },
  );

  it.each([
    ["a stream of text", () => Readable.from(["a", "b"])],
    ["a stream of Node with an encoding", () => Readable.from([BYTES]).setEncoding("utf8")],
    ["a number", () => 42],
    ["an object", () => ({ a: 1 })],
    ["an array", () => [1, 2]],
    ["a promise", () => Promise.resolve("x")],
  ])("%s is misuse", async (_, body) => {
    await misused(put(at.client(), "k", body(), { ContentLength: 2 }), /^Body/);
    expect(at.s3.requests).toEqual([]);
  });
});

describe("metadata of the caller", () => {
  it.each([
    ...["x-amz-3", "x-amz-w", "x-amz-c", "x-amz-d", "x-amz-i", "x-amz-t", "x-amz-m"],
    ...["x-amz-key", "x-amz-key-v2", "x-amz-iv", "x-amz-wrap-alg", "x-amz-cek-alg", "x-amz-matdesc"],
    ...["x-amz-tag-len", "x-amz-unencrypted-content-length", "x-amz-crypto-instr-file"],
    ...["X-Amz-3", "X-AMZ-KEY-V2", "x-amz-meta-x-amz-3", "X-Amz-Meta-X-Amz-I"],
  ])("must not be named %s", async (name) => {
    for (const write of [false, true]) {
      const client = at.client({ instructionFile: { write } });
      await misused(put(client, "named", TEXT, { Metadata: { [name]: "" } }), /belongs to encryption/);
    }
    expect(at.s3.requests).toEqual([]);
    expect(at.kms.events).toEqual([]);
  });

  it("has what encryption leaves of the 2 KiB", async () => {
    const client = at.client();
    await put(client, "measure", TEXT);
    const { metadata } = await at.stored("measure");
    const used = Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    const room = 2048 - used - "colour".length;
    await put(client, "full", TEXT, { Metadata: { colour: "x".repeat(room) } });
    expect((await at.opened("full")).plaintext).toEqual(BYTES);
    for (const colour of ["x".repeat(room + 1), "é".repeat(room / 2 + 1)]) {
      const error = await refused(put(client, "over", TEXT, { Metadata: { colour } }), "ERR_LIMIT", "over");
      expect(error).toMatchObject({ limit: "MAX_USER_METADATA", maximum: 2048 });
    }
    expect(await at.s3.object(Bucket, "over")).toBeUndefined();
  });

  it("over 2 KiB by itself is refused before KMS is asked", async () => {
    const Metadata = { colour: "x".repeat(2043) };
    for (const write of [false, true]) {
      const client = at.client({ instructionFile: { write } });
      await refused(put(client, "over", TEXT, { Metadata }), "ERR_LIMIT", "over");
    }
    expect(at.s3.requests).toEqual([]);
    expect(at.kms.events).toEqual([]);
  });

  it("has more room beside an instruction file", async () => {
    const client = at.client({ instructionFile: { write: true } });
    await put(client, "beside", TEXT, { Metadata: { colour: "x".repeat(1800) } });
    const error = await refused(
      put(client, "over", TEXT, { Metadata: { colour: "x".repeat(2000) } }),
      "ERR_LIMIT",
      "over",
    );
    expect(error.message).toContain("2 KiB");
    expect(await at.s3.keys(Bucket)).not.toContain("over.instruction");
  });
});

describe("checksums of the plaintext", () => {
  const names = "CRC32 CRC32C CRC64NVME SHA1 SHA256".split(" ").map((name) => `Checksum${name}`);
  it.each(["ContentMD5", ...names])("%s is refused", async (name) => {
    await misused(put(at.client(), "k", TEXT, { [name]: "AAAAAA==" }), new RegExp(`${name} would be that`));
    expect(at.s3.requests).toEqual([]);
    expect(at.kms.events).toEqual([]);
  });

  it.each([undefined, "CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"])(
    "never go over the wire, with the SDK's algorithm %s",
    async (ChecksumAlgorithm) => {
      const large = random(9 * MIB);
      const streamed: [Uint8Array, () => unknown] = [large, () => nodeStream(large)];
      const bodies: [Uint8Array, () => unknown][] = [
        [BYTES, () => TEXT],
        [BYTES, () => webStream(BYTES)],
        ...(ChecksumAlgorithm === undefined || ChecksumAlgorithm === "SHA256" ? [streamed] : []),
      ];
      for (const [plaintext, body] of bodies) {
        const more = { ContentLength: plaintext.length, ChecksumAlgorithm };
        await put(at.client({ instructionFile: { write: true } }), "sums", body(), more);
        const { headers, trailers } = at.s3.requests.at(-1)!;
        const said = JSON.stringify([headers, trailers]);
        for (const name of ["md5", "sha1", "sha256", "sha512"]) {
          const digest = createHash(name).update(plaintext).digest();
          expect(said).not.toContain(digest.toString("base64"));
          expect(said).not.toContain(digest.toString("hex"));
        }
        const sum = Buffer.alloc(4);
        sum.writeUInt32BE(crc32(plaintext));
        expect(said).not.toContain(sum.toString("base64"));
        // There is one all the same: of what was sent.
        expect(said).toMatch(/x-amz-checksum-/);
        // Nor does it stand in the metadata.
        expect(said).not.toMatch(/unencrypted-content-(md5|length)/i);
      }
    },
  );
});

describe("what else is refused before anything is sent", () => {
  it("an append, and an empty place", async () => {
    await misused(put(at.client(), "k", TEXT, { WriteOffsetBytes: 4 }), /appended/);
    await misused(put(at.client(), "", TEXT), /Bucket and Key/);
    await misused(put(at.client(), "k", TEXT, { Bucket: "" }), /Bucket and Key/);
    await misused(put(at.client(), "k", TEXT, { Bucket: undefined }), /Bucket and Key/);
    expect(at.s3.requests).toEqual([]);
    expect(at.kms.events).toEqual([]);
  });

  it("a context that is none", async () => {
    const call = { encryptionContext: { a: 1 } as never };
    await refused(put(at.client(), "k", TEXT, {}, call), "ERR_ENCRYPTION_CONTEXT", "k");
    for (const name of ["aws:x-amz-cek-alg", "kms_cmk_id"]) {
      const own = { encryptionContext: { [name]: "x" } };
      await refused(put(at.client(), "k", TEXT, {}, own), "ERR_ENCRYPTION_CONTEXT", "k");
    }
    expect(at.s3.requests).toEqual([]);
    expect(at.kms.events).toEqual([]);
  });
});

describe("S3's own errors", () => {
  it("come out as they are", async () => {
    const error = await outcome(put(at.client(), "k", TEXT, { Bucket: "nobody" }));
    expect(error).toMatchObject({ name: "NoSuchBucket", $metadata: { httpStatusCode: 404 } });
    expect(error).not.toHaveProperty("object");
  });

  it("also while a large stream is sent", async () => {
    const body = nodeStream(...Array.from({ length: 10 }, () => random(MIB)));
    at.s3.script = s3Fault("PutObject", { status: 503, code: "SlowDown" });
    try {
      const error = await outcome(put(at.client(), "slow", body, { ContentLength: 10 * MIB }));
      expect(error).toMatchObject({ name: "SlowDown" });
    } finally {
      at.s3.script = null;
    }
    expect(await at.s3.object(Bucket, "slow")).toBeUndefined();
  });

  it("KMS's failures name the object, and nothing is stored", async () => {
    at.kms.faults.add({ operation: "GenerateDataKey", times: 1, fault: { error: "KMSInternalException" } });
    const error = await failure(put(at.client(), "k", TEXT));
    expect(error).toMatchObject({ name: "KmsError", object: { bucket: Bucket, key: "k" } });
    expect(at.s3.requests).toEqual([]);
  });
});
