import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { counting, flipped, random, utf8 } from "../support/bytes.ts";
import { outcome, textOf } from "../support/failure.ts";
import { writeKmsObject } from "../support/independent-object.ts";
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

const TEXT = "42 pears, é 日本 𝒳";
const BYTES = utf8(TEXT);
const MIB = 1 << 20;

describe("GetObject", () => {
  it.each([0, 1, 15, 16, 17, 70_000])("of %d bytes, written by somebody else", async (length) => {
    const plaintext = random(length);
    await at.place("k", await writeKmsObject(plaintext, at.byHand));
    expect(Buffer.compare(await read(at.client(), "k"), plaintext)).toBe(0);
  });

  it("answers length and metadata of the plaintext, and how it was encrypted", async () => {
    const more = { ContentType: "text/plain", Metadata: { colour: "red", Shape: "round" } };
    const encryptionContext = { tenant: "t1" };
    await put(at.client(), "k", TEXT, more, { encryptionContext });
    at.forget();
    const reply = await get(at.client(), "k", { ChecksumMode: "ENABLED" }, { encryptionContext });
    expect(reply).toMatchObject({
      ContentLength: BYTES.length,
      ContentType: "text/plain",
      Metadata: { colour: "red", shape: "round" },
      encryption: {
        format: "V3",
        wrap: "kms+context",
        encryptionContext: { tenant: "t1" },
        materialsDescription: {},
        plaintextLength: BYTES.length,
        storedLength: BYTES.length + 16,
        verified: true,
        instructionFile: false,
      },
    });
    expect(reply.encryption!.suite).toMatchObject({ id: 0x73 });
    expect(Object.keys(reply.Metadata!).sort()).toEqual(["colour", "shape"]);
    expect(Object.keys(reply).filter((name) => name.startsWith("Checksum"))).toEqual([]);
    expect(at.events).toEqual([
      {
        type: "decrypted",
        format: "object",
        suiteId: 0x73,
        plaintextBytes: BYTES.length,
        ciphertextBytes: BYTES.length + 16,
        object: { bucket: Bucket, key: "k" },
      },
    ]);
  });

  it("passes on what else was asked, such as conditions", async () => {
    const { ETag } = await put(at.client(), "k", TEXT);
    const error = await outcome(get(at.client(), "k", { IfNoneMatch: ETag }));
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 304 } });
    expect(await read(at.client(), "k", { IfMatch: ETag })).toEqual(BYTES);
  });

  it("does not read by PartNumber", () => misused(get(at.client(), "k", { PartNumber: 1 }), /PartNumber/));

  it("does not take a part of the body for the whole", async () => {
    await put(at.client(), "k", TEXT);
    at.s3.script = s3Fault("GetObject", {
      alter: ({ headers }) => ({ status: 206, headers: { ...headers, "content-range": "bytes 0-5/44" } }),
    });
    await refused(get(at.client(), "k"), "ERR_RANGE", "k");
    expect(at.kms.events.filter(({ eventName }) => eventName === "Decrypt")).toEqual([]);
  });
});

describe("the body", () => {
  beforeAll(() => put(at.client(), "body", TEXT));
  const body = async () => (await get(at.client(), "body")).Body!;

  it("is bytes, text, or a stream of the web", async () => {
    expect(await (await body()).transformToByteArray()).toEqual(BYTES);
    expect(await (await body()).transformToString()).toBe(TEXT);
    for (const encoding of ["utf-8", "utf8", "base64", "hex"] as const) {
      expect(await (await body()).transformToString(encoding)).toBe(Buffer.from(BYTES).toString(encoding));
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await body()).transformToWebStream()) chunks.push(chunk as Uint8Array);
    expect(Buffer.concat(chunks).toString()).toBe(TEXT);
  });

  it("works in a pipeline", async () => {
    const chunks: Buffer[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _, done) {
        chunks.push(chunk);
        done();
      },
    });
    await pipeline((await body()) as NodeJS.ReadableStream, sink);
    expect(Buffer.concat(chunks).toString()).toBe(TEXT);
  });

  it("is empty where the object is", async () => {
    await put(at.client(), "empty", "");
    const { Body, ContentLength } = await get(at.client(), "empty");
    expect(ContentLength).toBe(0);
    expect(await Body!.transformToString()).toBe("");
    const chunks: unknown[] = [];
    for await (const chunk of (await get(at.client(), "empty")).Body as AsyncIterable<unknown>)
      chunks.push(chunk);
    expect(chunks).toEqual([]);
  });

  it("cannot be read twice", async () => {
    const taken = [
      (one: Awaited<ReturnType<typeof body>>) => one.transformToByteArray(),
      (one: Awaited<ReturnType<typeof body>>) => one.transformToString(),
      async (one: Awaited<ReturnType<typeof body>>) => {
        const stream = one.transformToWebStream();
        for await (const _ of stream);
      },
      async (one: Awaited<ReturnType<typeof body>>) => {
        for await (const _ of one as AsyncIterable<unknown>);
      },
    ];
    for (const first of taken) {
      const one = await body();
      await first(one);
      await misused(one.transformToByteArray(), /already been read/);
      await misused(one.transformToString(), /already been read/);
      await misused(() => one.transformToWebStream(), /already been read/);
    }
  });

  it("may be left unread, or be thrown away", async () => {
    await body();
    ((await body()) as unknown as { destroy(): void }).destroy();
    await (await body()).transformToWebStream().cancel();
  });
});

describe("what was altered", () => {
  const sealed = async () => {
    const object = await writeKmsObject(counting(100), at.byHand);
    await at.place("altered", object);
    return object;
  };

  it("does not open: no bit of the body, none more and none less", async () => {
    const { metadata, body } = await sealed();
    const bodies = [
      ...[0, 7, 799, 800, 927].map((bit) => flipped(body, bit)),
      ...[115, 100, 17].map((length) => body.slice(0, length)),
      Buffer.concat([body, new Uint8Array(1)]),
    ];
    for (const altered of bodies) {
      await at.place("altered", { metadata, body: altered });
      await refused(get(at.client(), "altered"), "ERR_AUTHENTICATION", "altered");
    }
    await at.place("altered", { metadata, body: body.slice(0, 15) });
    await refused(get(at.client(), "altered"), "ERR_TRUNCATED", "altered");
  });

  it("does not open: nothing of the metadata", async () => {
    const { metadata, body } = await sealed();
    const swapped = (name: string, bit: number) => {
      const bytes = flipped(new Uint8Array(Buffer.from(metadata[name]!, "base64")), bit);
      return { ...metadata, [name]: Buffer.from(bytes).toString("base64") };
    };
    for (const name of ["x-amz-d", "x-amz-i"]) {
      await at.place("altered", { metadata: swapped(name, 100), body });
      await refused(get(at.client(), "altered"), "ERR_AUTHENTICATION", "altered");
    }
    await at.place("altered", { metadata: swapped("x-amz-3", 500), body });
    const error = await refused(get(at.client(), "altered"), "ERR_NO_DATA_KEY", "altered");
    expect(textOf(error)).not.toContain(metadata["x-amz-3"]!.slice(0, 20));
  });

  it("a body that ends early is no object", async () => {
    await sealed();
    at.s3.script = s3Fault("GetObject", { cutAfter: 60 });
    const error = await outcome(read(at.client(), "altered"));
    expect(textOf(error)).not.toContain("\u0001\u0002\u0003");
  });
});

describe("bufferLimit", () => {
  it("is what opens at once, and no byte more: KMS is not asked", async () => {
    await put(at.client(), "limit", random(1000));
    at.forget();
    const error = await refused(get(at.client({ bufferLimit: 999 }), "limit"), "ERR_LIMIT", "limit");
    expect(error).toMatchObject({ limit: "bufferLimit", actual: 1000, maximum: 999 });
    expect(at.kms.events).toEqual([]);
    expect((await read(at.client({ bufferLimit: 1000 }), "limit")).length).toBe(1000);
  });

  it("is 64 MiB by default", async () => {
    await put(at.client(), "k", "x");
    at.forget();
    at.s3.script = s3Fault("GetObject", { alter: () => ({ body: new Uint8Array(64 * MIB + 17) }) });
    const error = await refused(get(at.client(), "k"), "ERR_LIMIT", "k");
    expect(error).toMatchObject({ actual: 64 * MIB + 1, maximum: 64 * MIB });
    expect(at.kms.events).toEqual([]);
  });

  it("holds where S3 does not say how long the body is", async () => {
    await put(at.client(), "unsaid", random(1000));
    const client = withoutLength(at);
    await refused(get(at.client({ client, bufferLimit: 999 }), "unsaid"), "ERR_LIMIT", "unsaid");
    const reply = await get(at.client({ client, bufferLimit: 1000 }), "unsaid");
    expect(reply.ContentLength).toBe(1000);
    expect(reply.encryption).toMatchObject({ plaintextLength: 1000, storedLength: 1016, verified: true });
  });

  it("of zero leaves empty objects", async () => {
    await put(at.client(), "none", "");
    expect(await read(at.client({ bufferLimit: 0 }), "none")).toEqual(new Uint8Array(0));
  });
});

describe("errors", () => {
  it("of S3 come out as they are", async () => {
    const missing = await outcome(get(at.client(), "nobody"));
    expect(missing).toMatchObject({ name: "NoSuchKey", $metadata: { httpStatusCode: 404 } });
    expect((missing as Error).message).not.toMatch(/^s3:/);
    expect(missing).not.toHaveProperty("object");
    at.s3.script = s3Fault("GetObject", { status: 403, code: "AccessDenied" });
    expect(await outcome(get(at.client(), "k"))).toMatchObject({ name: "AccessDenied" });
    expect(at.kms.events).toEqual([]);
  });

  it("of the caller's middleware and of an abort come out as they are", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await outcome(get(at.client(), "k", {}, { abortSignal: controller.signal }))).toBe(reason);
    expect(at.s3.requests).toEqual([]);
  });
});
