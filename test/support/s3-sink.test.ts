import { Readable } from "node:stream";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { describe, expect, it, onTestFinished } from "vitest";
import { forkSink, serveSink } from "../../bench/s3-sink.mjs";
import { random } from "./bytes.ts";
import { outcome } from "./failure.ts";
import { s3Client } from "./s3.ts";

const Bucket = "b";
const Key = "a b/ü";
const MIB = 1 << 20;

const start = async (serve: typeof serveSink, keep: boolean) => {
  const sink = await serve({ keep });
  const client = s3Client(sink.url);
  onTestFinished(async () => {
    client.destroy();
    await sink.close();
  });
  return { sink, client };
};

describe.each([
  ["here", serveSink],
  ["in a process of its own", forkSink],
])("%s", (_name, serve) => {
  it("keeps and answers single bodies, streamed ones too, whole and in ranges", async () => {
    const { sink, client } = await start(serve, true);
    const body = random(300_000);
    const Metadata = { "x-amz-c": "115", empty: "" };
    for (const Body of [body, Readable.from([body.subarray(0, 100_000), body.subarray(100_000)])]) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: body.length, Metadata }));
      const whole = await client.send(new GetObjectCommand({ Bucket, Key }));
      expect(whole.Metadata).toEqual(Metadata);
      expect(Buffer.compare(await whole.Body!.transformToByteArray(), body)).toBe(0);
    }
    const part = await client.send(new GetObjectCommand({ Bucket, Key, Range: "bytes=99990-100009" }));
    expect(part.ContentRange).toBe("bytes 99990-100009/300000");
    expect(await part.Body!.transformToByteArray()).toEqual(body.slice(99_990, 100_010));
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({ ContentLength: 300_000, Metadata });
    expect(await sink.stats()).toEqual({
      requests: { PutObject: 2, GetObject: 3, HeadObject: 1 },
      received: 600_000,
      sent: 600_020,
    });
  });

  it("keeps and answers what came in parts", async () => {
    const { sink, client } = await start(serve, true);
    const body = random(11 * MIB + 5);
    const params = { Bucket, Key, Body: Readable.from([body]) };
    await new Upload({ client, params, partSize: 5 * MIB }).done();
    const whole = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(Buffer.compare(await whole.Body!.transformToByteArray(), body)).toBe(0);
    const across = await client.send(
      new GetObjectCommand({ Bucket, Key, Range: `bytes=${5 * MIB - 3}-${10 * MIB + 2}` }),
    );
    const expected = body.subarray(5 * MIB - 3, 10 * MIB + 3);
    expect(Buffer.compare(await across.Body!.transformToByteArray(), expected)).toBe(0);
    expect((await sink.stats()).requests).toMatchObject({ UploadPart: 3, CompleteMultipartUpload: 1 });
  });

  it("or counts alone", async () => {
    const { sink, client } = await start(serve, false);
    await client.send(new PutObjectCommand({ Bucket, Key, Body: random(MIB) }));
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head.ContentLength).toBe(MIB);
    expect((await sink.stats()).received).toBe(MIB);
    expect(await outcome(client.send(new GetObjectCommand({ Bucket, Key: "none" })))).toMatchObject({
      name: "NoSuchKey",
    });
  });
});
