import type { Readable } from "node:stream";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { random, toHex, utf8 } from "./bytes.ts";
import { outcome } from "./failure.ts";
import { s3Client, s3Fault, startS3 } from "./s3.ts";

let s3: Awaited<ReturnType<typeof startS3>>;
const Bucket = "b";
const MIB = 1 << 20;

beforeEach(async () => {
  s3 = await startS3("b");
  onTestFinished(() => s3.close());
});

const put = (Key: string, Body: Uint8Array | string, more = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Key: string) => {
  const output = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
  return { ...output, bytes: await output.Body!.transformToByteArray() };
};
const status = (error: unknown) =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
const nameOf = (error: unknown) => (error as Error).name;

describe("the log", () => {
  it("tells what was asked", async () => {
    await put("k k", "x", { Metadata: { a: "1" } });
    await outcome(get("none"));
    const seen = s3.requests.map(({ operation, method, bucket, key, status }) => [
      operation,
      method,
      bucket,
      key,
      status,
    ]);
    expect(seen).toEqual([
      ["PutObject", "PUT", Bucket, "k k", 200],
      ["GetObject", "GET", Bucket, "none", 404],
    ]);
    expect(s3.asked()).toEqual(["PutObject k k", "GetObject none"]);
    expect(s3.requests[0]).toMatchObject({ metadata: { a: "1" }, query: { "x-id": "PutObject" } });
    expect(toHex(s3.requests[0]!.body)).toBe(toHex(utf8("x")));
    expect(s3.requests[0]!.headers["x-amz-checksum-crc32"]).toBeDefined();
  });

  it("does not tell what a test does by itself", async () => {
    await s3.put(Bucket, "k", utf8("x"), { a: "" });
    expect(await s3.object(Bucket, "k")).toMatchObject({ body: utf8("x"), metadata: { a: "" } });
    expect(s3.requests).toEqual([]);
  });
});

describe("scripted failures", () => {
  it("answer in place of S3, for as many requests as they say", async () => {
    s3.script = s3Fault("PutObject", { status: 403, code: "AccessDenied" }, { times: 1 });
    expect(nameOf(await outcome(put("k", "x")))).toBe("AccessDenied");
    expect(await s3.keys(Bucket)).toEqual([]);
    await put("k", "x");
    s3.script = s3Fault("GetObject", { status: 500, code: "InternalError" }, { key: "k" });
    expect(status(await outcome(get("k")))).toBe(500);
    expect(nameOf(await outcome(get("other")))).toBe("NoSuchKey");
    expect(s3.requests.map((request) => request.status)).toEqual([403, 200, 500, 404]);
  });

  it("are retried by a client that retries", async () => {
    s3.script = s3Fault("PutObject", { status: 503, code: "SlowDown" }, { times: 2 });
    const client = s3Client(s3.url, { maxAttempts: 3 });
    onTestFinished(() => client.destroy());
    await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
    expect(s3.requests.map((request) => request.status)).toEqual([503, 503, 200]);
  });

  it("cut the answer after some bytes", async () => {
    await s3.put(Bucket, "k", random(MIB));
    s3.script = s3Fault("GetObject", { cutAfter: 1000 });
    const { Body, ContentLength } = await s3.client.send(new GetObjectCommand({ Bucket, Key: "k" }));
    expect(ContentLength).toBe(MIB);
    let bytes = 0;
    const error = await outcome(async () => {
      for await (const piece of Body as Readable) bytes += piece.length;
    });
    expect((error as Error).message).toMatch(/aborted/);
    expect(bytes).toBe(1000);
  });

  it("stall the answer until the client leaves", async () => {
    await s3.put(Bucket, "k", random(MIB));
    s3.script = s3Fault("GetObject", { stallAfter: 1000 });
    const left = new AbortController();
    const sent = s3.client.send(new GetObjectCommand({ Bucket, Key: "k" }), { abortSignal: left.signal });
    const body = (await sent).Body as Readable;
    const first = await body[Symbol.asyncIterator]().next();
    expect(first.value).toHaveLength(1000);
    body.destroy();
  });

  it("send the answer in small pieces", async () => {
    const whole = random(10_000);
    await s3.put(Bucket, "k", whole);
    s3.script = s3Fault("GetObject", { pieces: 7 });
    expect(toHex((await get("k")).bytes)).toBe(toHex(whole));
  });

  it("cut the request, or lose the reply to what was done", async () => {
    s3.script = s3Fault("PutObject", { cutRequestAfter: 1000 });
    expect((await outcome(put("cut", random(MIB)))) as object).toMatchObject({ code: expect.any(String) });
    expect(s3.requests[0]!.status).toBeUndefined();
    s3.script = s3Fault("PutObject", { loseReply: true });
    await outcome(put("lost", "x"));
    expect(await s3.keys(Bucket)).toEqual(["lost"]);
  });

  it("wait when the script waits", async () => {
    let go = () => {};
    const gate = new Promise<void>((open) => {
      go = open;
    });
    s3.script = () => gate.then(() => null);
    const pending = put("k", "x");
    await expect.poll(() => s3.requests.length).toBe(1);
    expect(await s3.keys(Bucket)).toEqual([]);
    go();
    await pending;
    expect(await s3.keys(Bucket)).toEqual(["k"]);
  });
});
