import { Readable } from "node:stream";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import { random, toHex } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { s3Client, s3Fault } from "../support/s3.ts";
import { deferred } from "../support/virtual.ts";
import {
  Bucket,
  contentKeys,
  encrypting,
  inPieces,
  isWiped,
  MIB,
  opened,
  rig,
  same,
  settle,
  unheard,
} from "./rig.ts";

const Key = "k";
/** Over what is held in memory: it is sealed as it goes. */
const LONG = 8 * MIB + 12_345;
const bytes = random(LONG);
const HELD = 8 * MIB;

const streamed = (length: number, piece = 65_536) =>
  Readable.from(inPieces(bytes.subarray(0, length), piece));
const command = (Body: unknown, ContentLength?: number) =>
  new PutObjectCommand({ Bucket, Key, Body: Body as never, ContentLength });

describe("a stream of known length", () => {
  it.each([0, 1, 100_000, HELD, HELD + 1, LONG])(
    "of %d bytes: as many on the wire, and the tag",
    async (length) => {
      const { s3, client } = await rig();
      await client.send(command(streamed(length), length));
      const [put, ...more] = s3.requests;
      expect(more).toEqual([]);
      expect(put!.body).toHaveLength(length + 16);
      const { "x-amz-decoded-content-length": decoded, "content-length": sent } = put!.headers;
      expect(Number(decoded ?? sent)).toBe(length + 16);
      expect(same(await opened(s3, Key), bytes.subarray(0, length))).toBe(true);
    },
  );

  it.each([1, 13, 8191, 65_535, 65_537, 3 * MIB])(
    "in pieces of %d bytes is sent in chunks that S3 takes",
    async (piece) => {
      const { s3, client } = await rig();
      const tiny = piece < 100;
      const chunks = tiny
        ? Readable.from([...inPieces(bytes.subarray(0, 1000), piece), bytes.subarray(1000)])
        : streamed(LONG, piece);
      await client.send(command(chunks, LONG));
      const { chunkLengths } = s3.requests[0]!;
      expect(Math.min(...chunkLengths.slice(0, -1))).toBeGreaterThanOrEqual(8192);
      expect(same(await opened(s3, Key), bytes)).toBe(true);
    },
  );

  it("of the web, or any iterable", async () => {
    const { s3, client } = await rig();
    const iterable = async function* () {
      yield* inPieces(bytes, 100_000);
    };
    for (const Body of [new Blob([bytes as BlobPart]).stream(), iterable()]) {
      await client.send(command(Body, LONG));
      expect(same(await opened(s3, Key), bytes)).toBe(true);
    }
  });

  it.each([
    [100, 99],
    [100, 101],
    [0, 1],
    [LONG, LONG - 1],
    [LONG, LONG + 1],
    [LONG, HELD + 1],
    [LONG, 2 * LONG],
    [100, LONG],
  ])("where %d bytes come in place of %d: nothing is stored", async (length, ContentLength) => {
    const { s3, client } = await rig();
    const [reasons, keys] = [unheard(), contentKeys()];
    const body = streamed(length);
    const error = await failure(client.send(command(body, ContentLength)), "ERR_S3_BODY");
    expect(error.message).toMatch(new RegExp(`s3://b/k: ContentLength says ${ContentLength} bytes`));
    expect(body.destroyed).toBe(true);
    await settle();
    expect(await s3.keys(Bucket)).toEqual([]);
    expect(keys.every(isWiped)).toBe(true);
    expect(reasons).toEqual([]);
  });

  it("is not read far beyond its length", async () => {
    const { s3, client } = await rig();
    let given = 0;
    const endless = async function* () {
      // No test waits for its end.
      for (; given < 10 * LONG; given += 65_536) yield bytes.subarray(0, 65_536);
    };
    for (const send of [
      () => client.send(command(endless(), LONG)),
      () => client.upload({ Bucket, Key, Body: endless() as never, ContentLength: LONG }),
    ]) {
      given = 0;
      await failure(send, "ERR_S3_BODY");
      expect(given).toBeLessThan(LONG + MIB);
    }
    expect(await s3.keys(Bucket)).toEqual([]);
  });

  it.each([-1, 0.5, Number.NaN, "5"])("has no length of %j", async (ContentLength) => {
    const { s3, client } = await rig();
    await failure(client.send(command(streamed(5), ContentLength as number)), "ERR_INVALID_ARGUMENT");
    expect(s3.asked()).toEqual([]);
  });

  it("is refused where the cipher cannot hold it", async () => {
    const { s3, client } = await rig();
    const error = await failure(client.send(command(streamed(5), 2 ** 36)), "ERR_LIMIT");
    expect(error).toMatchObject({ limit: "MAX_PLAINTEXT" });
    expect(s3.asked()).toEqual([]);
  });
});

describe("the SDK's repeats", () => {
  const repeating = async () => {
    const { s3 } = await rig();
    const sdk = s3Client(s3.url, { maxAttempts: 3 });
    onTestFinished(() => sdk.destroy());
    return { s3, client: encrypting(sdk) };
  };

  it("of a body that is held are the same ciphertext", async () => {
    const { s3, client } = await repeating();
    s3.script = s3Fault("PutObject", { loseReply: true }, { times: 2 });
    await client.send(command(streamed(5000), 5000));
    const sent = s3.requests.map(({ body }) => toHex(body));
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
    expect(same(await opened(s3, Key), bytes.subarray(0, 5000))).toBe(true);
  });

  it.each([
    ["500", { status: 500, code: "InternalError" }],
    ["a lost reply", { loseReply: true }],
  ])("of a long stream there are none: %s comes out", async (_, fault) => {
    const { s3, client } = await repeating();
    s3.script = s3Fault("PutObject", fault, { times: 1 });
    const error = await outcome(client.send(command(streamed(LONG), LONG)));
    if ("status" in fault) expect(error).toMatchObject({ name: "InternalError" });
    else expect(error).toMatchObject({ code: expect.any(String) });
    expect(s3.asked()).toEqual([`PutObject ${Key}`]);
  });
});

describe("what fails", () => {
  /** A put of a long stream that must fail, and leave nothing. */
  const failing = async (Body: Readable, more: { signal?: AbortSignal; length?: number } = {}) => {
    const { s3, client } = await rig();
    const [reasons, keys] = [unheard(), contentKeys()];
    const options = more.signal === undefined ? {} : { abortSignal: more.signal };
    const error = outcome(client.send(command(Body, more.length ?? LONG), options));
    const clean = async () => {
      expect(Body.destroyed).toBe(true);
      await settle();
      expect(await s3.keys(Bucket)).toEqual([]);
      expect(keys.every(isWiped)).toBe(true);
      expect(reasons).toEqual([]);
    };
    return { s3, client, error, clean };
  };
  const partly = (length: number, then: (body: Readable) => void) => {
    const pieces = inPieces(bytes.subarray(0, length), 65_536);
    return new Readable({
      read() {
        const { done, value } = pieces.next();
        if (done) then(this);
        else this.push(value);
      },
    });
  };

  it.each([0, 1, 65_536, 5 * MIB])("a source, after %d bytes", async (length) => {
    const reason = new RangeError("no more");
    for (const declared of [LONG, HELD]) {
      const body = partly(length, (stream) => stream.destroy(reason));
      const { error, clean } = await failing(body, { length: declared });
      expect(await error).toBe(reason);
      await clean();
    }
  });

  it.each([0, 1, 65_536, 5 * MIB])("an abort, while the source is silent after %d bytes", async (length) => {
    const reason = new Error("enough");
    for (const declared of [LONG, HELD]) {
      const silent = deferred<void>();
      const left = new AbortController();
      const body = partly(length, () => silent.resolve());
      const { error, clean } = await failing(body, { signal: left.signal, length: declared });
      await silent.promise;
      left.abort(reason);
      expect(await error).toBe(reason);
      await clean();
    }
  });

  it("an abort of a stream whose length nobody knows", async () => {
    const { s3, client } = await rig();
    const left = new AbortController();
    const never = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 5);
      await new Promise(() => {});
    };
    const pending = outcome(client.send(command(never()), { abortSignal: left.signal }));
    await settle();
    left.abort(new Error("enough"));
    expect(await pending).toBe(left.signal.reason);
    expect(s3.asked()).toEqual([]);
  });

  it("S3, which answers before the body is there: nothing is sealed after that", async () => {
    const body = partly(MIB, () => {});
    const { s3, client } = await rig();
    const keys = contentKeys();
    s3.script = s3Fault("PutObject", { cutRequestAfter: 1000 });
    expect(await outcome(client.send(command(body, LONG)))).toMatchObject({ code: expect.any(String) });
    expect(body.destroyed).toBe(true);
    expect(keys.map(isWiped)).toEqual([true]);
  });

  it("the key: the body is let go, though nobody has read of it", async () => {
    const keyring = {
      name: "none",
      wrap: () => Promise.reject(new RangeError("no key")),
      objectWrap: "AES/GCM",
    };
    const { client } = await rig({ keyring: keyring as never });
    for (const send of [
      (Body: Readable) => client.send(command(Body, LONG)),
      (Body: Readable) => client.upload({ Bucket, Key, Body }),
    ]) {
      const body = streamed(LONG);
      await outcome(send(body));
      expect(body.destroyed).toBe(true);
    }
  });

  it("an abort at any piece leaves nothing, and nothing unheard", async () => {
    const { s3, client } = await rig();
    const [reasons, keys] = [unheard(), contentKeys()];
    for (let at = 0; at < 100; at += 5) {
      const left = new AbortController();
      const { signal: abortSignal } = left;
      const body = async function* () {
        for (const [i, piece] of [...inPieces(bytes, LONG / 100)].entries()) {
          if (i === at) left.abort(new Error("enough"));
          yield piece;
        }
      };
      expect(await outcome(client.send(command(body(), LONG), { abortSignal }))).toBe(abortSignal.reason);
    }
    await settle();
    expect(await s3.keys(Bucket)).toEqual([]);
    expect(keys.every(isWiped)).toBe(true);
    expect(reasons).toEqual([]);
  });
});

describe("a stream whose length nobody knows", () => {
  it.each([0, 1, 999, 1000])("is held up to the limit: %d bytes", async (length) => {
    const { s3, client } = await rig({ bufferLimit: 1000 });
    await client.send(command(streamed(length, 300)));
    expect(same(await opened(s3, Key), bytes.subarray(0, length))).toBe(true);
    expect(s3.requests[0]!.headers["content-length"]).toBe(String(length + 16));
  });

  it("beyond it is an error that names upload()", async () => {
    const { s3, client } = await rig({ bufferLimit: 1000 });
    for (const body of [streamed(1001, 300), streamed(LONG)]) {
      const error = await failure(client.send(command(body)), "ERR_LIMIT");
      expect(error).toMatchObject({ limit: "bufferLimit", maximum: 1000 });
      expect(error.message).toContain("upload()");
      expect(body.destroyed).toBe(true);
    }
    expect(s3.asked()).toEqual([]);
  });

  it("is no stream with a known length, whatever the limit", async () => {
    const { s3, client } = await rig({ bufferLimit: 10 });
    await client.send(command(streamed(LONG), LONG));
    expect(same(await opened(s3, Key), bytes)).toBe(true);
  });
});
