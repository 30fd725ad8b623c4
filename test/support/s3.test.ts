import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { counting, random, toHex, utf8 } from "./bytes.ts";
import { outcome } from "./failure.ts";
import { s3Client, s3Fault, startS3 } from "./s3.ts";

type S3 = Awaited<ReturnType<typeof startS3>>;

let s3: S3;
const Bucket = "b";
const MIB = 1 << 20;

beforeEach(async () => {
  s3 = await startS3("b", "other");
  onTestFinished(() => s3.close());
});

const put = (Key: string, Body: Uint8Array | Readable | string, more = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Key: string, more = {}) => {
  const output = await s3.client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...output, bytes: await output.Body!.transformToByteArray() };
};
const status = (error: unknown) =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
const nameOf = (error: unknown) => (error as Error).name;

describe("objects", () => {
  it.each([0, 1, 70_000, 12 * MIB])("of %d bytes", async (length) => {
    const body = random(length);
    await put("k", body);
    const { bytes, ContentLength, ETag } = await get("k");
    expect(Buffer.compare(bytes, body)).toBe(0);
    expect(ContentLength).toBe(length);
    expect(ETag).toMatch(/^"[0-9a-f]{32}"$/);
  });

  it.each([
    "a b",
    "a+b",
    "100%",
    "%2F",
    "a/../b",
    "a//b",
    "/x",
    "é/日本/𝒳",
    "a&b<c>'\"",
    "k?q#f;x",
    "x".repeat(1024),
  ])("under the key %j", async (key) => {
    await put(key, "x");
    expect((await get(key)).bytes).toEqual(utf8("x"));
    expect(s3.requests.map((request) => request.key)).toEqual([key, key]);
    expect(await s3.keys(Bucket)).toEqual([key]);
    await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: key }] } }));
    expect(await s3.keys(Bucket)).toEqual([]);
  });

  it("with metadata, empty values and headers", async () => {
    const Metadata = { "x-amz-w": "02", empty: "", json: '{"a":"b, c"}' };
    const more = { ContentType: "text/plain", ContentEncoding: "gzip", CacheControl: "no-cache" };
    await put("k", "x", { Metadata, ...more });
    expect(await get("k")).toMatchObject({ Metadata, ...more });
    expect(await s3.client.send(new HeadObjectCommand({ Bucket, Key: "k" }))).toMatchObject({
      Metadata,
      ...more,
      ContentLength: 1,
    });
    expect((await s3.object(Bucket, "k"))?.metadata).toEqual(Metadata);
  });

  it("that are not there", async () => {
    expect(nameOf(await outcome(get("k")))).toBe("NoSuchKey");
    expect(status(await outcome(s3.client.send(new HeadObjectCommand({ Bucket, Key: "k" }))))).toBe(404);
    expect(nameOf(await outcome(put("k", "x", { Bucket: "none" })))).toBe("NoSuchBucket");
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
    expect(await s3.object(Bucket, "k")).toBeUndefined();
  });

  it("copied with their metadata, or with other", async () => {
    await put("k", "x", { Metadata: { a: "", b: "1" }, ContentType: "text/plain" });
    const CopySource = `${Bucket}/k`;
    await s3.client.send(new CopyObjectCommand({ Bucket: "other", Key: "copy", CopySource }));
    expect(await s3.object("other", "copy")).toMatchObject({ metadata: { a: "", b: "1" } });
    const replaced = { MetadataDirective: "REPLACE", Metadata: { c: "2" } } as const;
    await s3.client.send(new CopyObjectCommand({ Bucket, Key: "k2", CopySource, ...replaced }));
    expect((await s3.object(Bucket, "k2"))?.metadata).toEqual({ c: "2" });
  });

  it("listed", async () => {
    for (const key of ["a/1", "a/2", "b"]) await put(key, "x");
    const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: "a/" }));
    expect(Contents?.map(({ Key }) => Key)).toEqual(["a/1", "a/2"]);
  });

  it("not touched by what this S3 has not", async () => {
    await put("k", "x");
    const Tagging = { TagSet: [{ Key: "a", Value: "b" }] };
    for (const act of [
      () => s3.client.send(new PutObjectTaggingCommand({ Bucket, Key: "k", Tagging })),
      () => s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: "k" })),
      () => get("k", { PartNumber: 1 }),
    ]) {
      expect(status(await outcome(act))).toBe(501);
    }
    expect((await s3.object(Bucket, "k"))?.body).toEqual(utf8("x"));
  });
});

describe("bodies", () => {
  it("streamed with a length come out of their framing, with a checksum after them", async () => {
    const body = counting(200_000);
    const pieces = [body.subarray(0, 100_000), body.subarray(100_000)];
    await put("k", Readable.from(pieces), { ContentLength: body.length });
    expect(toHex((await s3.object(Bucket, "k"))!.body)).toBe(toHex(body));
    expect(s3.requests[0]!.headers["content-encoding"]).toBe("aws-chunked");
    expect(Object.keys(s3.requests[0]!.trailers)).toEqual(["x-amz-checksum-crc32"]);
    expect(s3.requests[0]!.chunkLengths.reduce((sum, length) => sum + length)).toBe(body.length);
    expect((await get("k")).ContentEncoding).toBeUndefined();
  });

  it("streamed in small pieces are refused, but for a client that gathers them", async () => {
    const pieces = () => Readable.from([random(20), random(100)]);
    const more = { Bucket, Key: "k", ContentLength: 120 };
    const error = await outcome(s3.client.send(new PutObjectCommand({ ...more, Body: pieces() })));
    expect(nameOf(error)).toBe("InvalidChunkSizeError");
    const client = s3Client(s3.url, { requestStreamBufferSize: 65_536 });
    onTestFinished(() => client.destroy());
    await client.send(new PutObjectCommand({ ...more, Body: pieces() }));
    expect((await s3.object(Bucket, "k"))?.body).toHaveLength(120);
  });

  it("whose checksum is another's are refused, and nothing is written", async () => {
    for (const wrong of [
      { ChecksumCRC32: "AAAAAA==" },
      { ChecksumSHA256: Buffer.alloc(32).toString("base64") },
      { ContentMD5: Buffer.alloc(16).toString("base64") },
    ]) {
      expect(nameOf(await outcome(put("k", "x", wrong)))).toBe("BadDigest");
    }
    expect(await s3.keys(Bucket)).toEqual([]);
  });

  it("have their checksum in the answer, which the SDK verifies", async () => {
    await put("k", "body");
    expect(await get("k")).toMatchObject({ ChecksumCRC32: expect.any(String) });
    expect((await get("k", { Range: "bytes=0-1" })).ChecksumCRC32).toBeUndefined();
    s3.script = s3Fault("GetObject", { alter: () => ({ body: utf8("BODY") }) });
    expect((await outcome(get("k"))) as Error).toMatchObject({ message: expect.stringMatching(/checksum/i) });
  });

  it("of an unknown length are refused", async () => {
    const error = await outcome(
      fetch(`${s3.url}/b/k`, {
        method: "PUT",
        body: Readable.toWeb(Readable.from([utf8("x")])) as never,
        duplex: "half",
      } as RequestInit)
        .then((answer) => answer.text())
        .then((text) => Promise.reject(new Error(text))),
    );
    expect((error as Error).message).toMatch(/NotImplemented.*Transfer-Encoding/);
    expect(await s3.keys(Bucket)).toEqual([]);
  });
});

describe("ranges", () => {
  const whole = counting(100);
  beforeEach(() => s3.put(Bucket, "k", whole));

  it.each([
    ["bytes=10-19", 10, 20, "bytes 10-19/100"],
    ["bytes=0-0", 0, 1, "bytes 0-0/100"],
    ["bytes=90-", 90, 100, "bytes 90-99/100"],
    ["bytes=90-1000", 90, 100, "bytes 90-99/100"],
    ["bytes=-5", 95, 100, "bytes 95-99/100"],
    ["bytes=-500", 0, 100, "bytes 0-99/100"],
    ["bytes=5-2", 0, 100, undefined],
    ["bytes=0-1,5-6", 0, 100, undefined],
    ["lines=1-2", 0, 100, undefined],
  ])("%s", async (Range, from, to, ContentRange) => {
    const answer = await get("k", { Range });
    expect(answer.bytes).toEqual(whole.subarray(from, to));
    expect(answer.ContentRange).toBe(ContentRange);
    expect(answer.$metadata.httpStatusCode).toBe(ContentRange === undefined ? 200 : 206);
  });

  it.each(["bytes=100-", "bytes=100-200", "bytes=-0"])("%s is beyond the object", async (Range) => {
    expect(status(await outcome(get("k", { Range })))).toBe(416);
  });

  it("of nothing are beyond the object", async () => {
    await put("empty", new Uint8Array(0));
    for (const Range of ["bytes=0-", "bytes=-5"]) {
      expect(status(await outcome(get("empty", { Range })))).toBe(416);
    }
  });
});

describe("conditions", () => {
  it("of reading: If-Match and If-None-Match", async () => {
    const { ETag } = await put("k", "x");
    for (const Command of [GetObjectCommand, HeadObjectCommand]) {
      const ask = (more: object) =>
        s3.client.send(new Command({ Bucket, Key: "k", ...more }) as GetObjectCommand);
      expect((await ask({ IfMatch: ETag })).ETag).toBe(ETag);
      expect(status(await outcome(ask({ IfMatch: '"other"' })))).toBe(412);
      expect(status(await outcome(ask({ IfNoneMatch: ETag })))).toBe(304);
    }
  });

  it("of writing: If-Match and If-None-Match", async () => {
    expect(nameOf(await outcome(put("k", "x", { IfMatch: '"other"' })))).toBe("NoSuchKey");
    const { ETag } = await put("k", "x", { IfNoneMatch: "*" });
    expect(nameOf(await outcome(put("k", "y", { IfNoneMatch: "*" })))).toBe("PreconditionFailed");
    expect(nameOf(await outcome(put("k", "y", { IfMatch: '"other"' })))).toBe("PreconditionFailed");
    await put("k", "z", { IfMatch: ETag });
    expect((await s3.object(Bucket, "k"))?.body).toEqual(utf8("z"));
  });
});

describe("metadata", () => {
  it("has 2 KiB, names and values together", async () => {
    await put("k", "x", { Metadata: { abcd: "v".repeat(2044) } });
    const Metadata = { abcd: "v".repeat(2045) };
    expect(nameOf(await outcome(put("l", "x", { Metadata })))).toBe("MetadataTooLarge");
    const create = new CreateMultipartUploadCommand({ Bucket, Key: "l", Metadata });
    expect(nameOf(await outcome(s3.client.send(create)))).toBe("MetadataTooLarge");
    expect({ keys: await s3.keys(Bucket), uploads: s3.uploads() }).toEqual({ keys: ["k"], uploads: [] });
  });

  it("outside ASCII comes back as encoded words of its bytes taken for Latin-1", async () => {
    // AWS's own example: the Latin-1 bytes of the UTF-8 form of this text.
    const sent = Buffer.from("ÄMÄZÕÑ S3").toString("latin1");
    // Bytes for a body: after a string, Node writes the headers in UTF-8.
    await put("k", utf8("x"), { Metadata: { text: sent, ascii: "a=b c" } });
    const shown = async (name: string) => (await get("k")).Metadata?.[name];
    expect(await shown("ascii")).toBe("a=b c");
    const word = "=?UTF-8?Q?=C3=83=C2=84M=C3=83=C2=84Z=C3=83=C2=95=C3=83=C2=91_S3?=";
    expect(await shown("text")).toBe(word);
    s3.options.encodedWords = "B";
    expect(await shown("text")).toBe("=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=");
    s3.options.encodedWords = null;
    expect(await shown("text")).toBe(sent);
  });

  it("outside ASCII takes several words when it is long", async () => {
    const text = Buffer.from("ü".repeat(50)).toString("latin1");
    await put("k", utf8("x"), { Metadata: { text } });
    for (const encoding of ["Q", "B"] as const) {
      s3.options.encodedWords = encoding;
      const words = Object.values((await get("k")).Metadata!)[0]!.split(" ");
      expect(words.length).toBeGreaterThan(2);
      expect(Math.max(...words.map((word) => word.length))).toBeLessThanOrEqual(75);
    }
  });
});

describe("multipart uploads", () => {
  const create = async (more = {}) =>
    (await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key: "k", ...more }))).UploadId!;
  const part = (UploadId: string, PartNumber: number, Body: Uint8Array, Key = "k") =>
    s3.client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  const complete = (UploadId: string, Parts: object[]) =>
    s3.client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key: "k", UploadId, MultipartUpload: { Parts } }),
    );

  it("complete into the object, with the metadata of their beginning", async () => {
    const body = random(5 * MIB + 17);
    const UploadId = await create({ Metadata: { a: "" } });
    const parts = [body.subarray(0, 5 * MIB), body.subarray(5 * MIB)];
    const Parts = [];
    for (const [i, bytes] of parts.entries()) {
      const { ETag, ChecksumCRC32 } = await part(UploadId, i + 1, bytes);
      Parts.push({ PartNumber: i + 1, ETag, ChecksumCRC32 });
    }
    const listed = await s3.client.send(new ListPartsCommand({ Bucket, Key: "k", UploadId }));
    expect(listed.Parts).toMatchObject(parts.map(({ length }, i) => ({ PartNumber: i + 1, Size: length })));
    await complete(UploadId, Parts);
    expect(Buffer.compare((await get("k")).bytes, body)).toBe(0);
    expect((await get("k")).Metadata).toEqual({ a: "" });
    expect(s3.uploads()).toEqual([]);
  });

  it("are listed until they are aborted, and then nothing is left", async () => {
    const UploadId = await create();
    await part(UploadId, 1, utf8("x"));
    expect(s3.uploads()).toEqual([{ bucket: Bucket, key: "k", uploadId: UploadId, parts: 1 }]);
    const list = async () => (await s3.client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads;
    expect(await list()).toMatchObject([{ Key: "k", UploadId }]);
    await s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key: "k", UploadId }));
    expect(await list()).toBeUndefined();
    expect(nameOf(await outcome(part(UploadId, 2, utf8("x"))))).toBe("NoSuchUpload");
    expect(await s3.keys(Bucket)).toEqual([]);
  });

  it("refuse small parts before the last, other keys, and no parts", async () => {
    const UploadId = await create();
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      Parts.push({ PartNumber, ETag: (await part(UploadId, PartNumber, utf8("small"))).ETag });
    }
    expect(nameOf(await outcome(complete(UploadId, Parts)))).toBe("EntityTooSmall");
    expect(nameOf(await outcome(complete(UploadId, [])))).toBe("MalformedXML");
    expect(nameOf(await outcome(complete(UploadId, [...Parts].reverse())))).toBe("InvalidPartOrder");
    expect(nameOf(await outcome(part(UploadId, 1, utf8("x"), "other")))).toBe("NoSuchUpload");
    expect(await s3.keys(Bucket)).toEqual([]);
  });

  it("serve the SDK's uploader", async () => {
    const body = random(11 * MIB);
    const Body = Readable.from([body.subarray(0, 1), body.subarray(1, 7 * MIB), body.subarray(7 * MIB)]);
    await new Upload({ client: s3.client, params: { Bucket, Key: "k", Body }, partSize: 5 * MIB }).done();
    expect(Buffer.compare((await get("k")).bytes, body)).toBe(0);
    const counts = s3.requests.filter(({ operation }) => operation === "UploadPart").length;
    expect(counts).toBe(3);
  });
});
