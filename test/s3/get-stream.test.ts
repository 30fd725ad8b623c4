import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join as pathOf } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import { flipped, random } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { aes } from "../support/keyrings.ts";
import { s3Client, s3Fault } from "../support/s3.ts";
import {
  Bucket,
  bytesOf,
  contentKeys,
  encrypting,
  isWiped,
  putV2,
  putV3,
  rig,
  same,
  settle,
  unheard,
} from "./rig.ts";

const Key = "k";
const plaintext = random(400_000);
const LARGE = { bufferLimit: 1000, delayedAuthentication: true };

/** Connections that a server has open. */
const connections = (server: Server) =>
  new Promise<number>((tell) => server.getConnections((_, count) => tell(count)));

/** A reader of large objects, and a view of its connections: they go through a relay that counts them. */
async function reader(options = {}) {
  const { s3 } = await rig();
  const relay = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const onward = request(s3.url + url!, { method, headers } as object, (reply) => {
      outgoing.writeHead(reply.statusCode!, reply.headers);
      outgoing.flushHeaders();
      reply.pipe(outgoing);
      reply.on("error", () => outgoing.destroy());
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((done) => relay.listen(0, "127.0.0.1", done));
  const { port } = relay.address() as { port: number };
  const sdk = s3Client(`http://127.0.0.1:${port}`);
  onTestFinished(() => {
    sdk.destroy();
    relay.closeAllConnections();
    relay.close();
  });
  const client = encrypting(sdk, { ...LARGE, ...options });
  const get = (abortSignal?: AbortSignal, input = {}) =>
    client.send(new GetObjectCommand({ Bucket, Key, ...input }), abortSignal && { abortSignal });
  const [reasons, keys] = [unheard(), contentKeys()];
  return {
    s3,
    client,
    get,
    /** Neither a connection nor a key nor a rejection is left. */
    async nothingLeft({ open = 0 } = {}) {
      await expect.poll(() => connections(relay)).toBe(open);
      expect(keys.length).toBeGreaterThan(0);
      expect(keys.every(isWiped)).toBe(true);
      expect(reasons).toEqual([]);
    },
    reasons,
    keys,
  };
}

describe("beyond the limit", () => {
  it.each([
    ["V3", putV3, "require-encrypt-require-decrypt"],
    ["V2", putV2, "require-encrypt-allow-decrypt"],
  ] as const)(
    "a %s object streams, and its end tells that it is authentic",
    async (_, put, commitmentPolicy) => {
      const { s3, get, nothingLeft } = await reader({ commitmentPolicy });
      await put(s3, Key, plaintext);
      const reply = await get();
      expect(reply).toMatchObject({ ContentLength: plaintext.length });
      expect(reply.encryption).toMatchObject({ verified: false, plaintextLength: plaintext.length });
      expect(same(await bytesOf(reply.Body), plaintext)).toBe(true);
      await nothingLeft({ open: 1 });
    },
  );

  it.each(["transformToByteArray", "transformToString", "transformToWebStream"] as const)(
    "by %s",
    async (how) => {
      const { s3, get, nothingLeft } = await reader();
      await putV3(s3, Key, plaintext);
      const { Body } = await get();
      if (how === "transformToByteArray")
        expect(same(await Body!.transformToByteArray(), plaintext)).toBe(true);
      else if (how === "transformToString") {
        expect(await Body!.transformToString("hex")).toBe(Buffer.from(plaintext).toString("hex"));
      } else expect(same(await bytesOf(Body!.transformToWebStream()), plaintext)).toBe(true);
      await failure(async () => Body!.transformToByteArray(), "ERR_INVALID_ARGUMENT");
      await nothingLeft({ open: 1 });
    },
  );

  it.each([1, 7, 15, 16, 17, 65_536])("in pieces of %d bytes", async (pieces) => {
    const { s3, get } = await reader();
    const some = plaintext.subarray(0, pieces < 100 ? 2000 : 400_000);
    await putV3(s3, Key, some);
    s3.script = s3Fault("GetObject", { pieces });
    expect(same(await bytesOf((await get()).Body), some)).toBe(true);
  });

  it("without the option is an error, before a key is asked for", async () => {
    const { s3, get, keys } = await reader({ delayedAuthentication: false });
    await putV3(s3, Key, plaintext);
    const error = await failure(get(), "ERR_LIMIT");
    expect(error).toMatchObject({ limit: "bufferLimit", actual: plaintext.length, maximum: 1000 });
    expect(error.message).toContain("delayedAuthentication");
    expect(keys).toEqual([]);
  });

  it.each([
    ["a byte", 8 * 1000],
    ["the tag", 8 * 400_008],
  ])("%s that was altered is an error at the end, named", async (_, bit) => {
    const { s3, get, nothingLeft } = await reader();
    const { body, metadata } = await putV3(s3, Key, plaintext);
    await s3.put(Bucket, Key, flipped(body, bit), metadata);
    for (const read of [
      async () => bytesOf((await get()).Body),
      async () => (await get()).Body!.transformToByteArray(),
      async () => bytesOf((await get()).Body!.transformToWebStream()),
    ]) {
      const error = await failure(read, "ERR_AUTHENTICATION");
      expect(error.message).toContain(`s3://${Bucket}/${Key}`);
      expect(error.object).toEqual({ bucket: Bucket, key: Key });
    }
    await nothingLeft({ open: 1 });
  });

  it.each([1, 16, 17, 100_000])("a body that lacks its last %d bytes is an error", async (missing) => {
    const { s3, get } = await reader();
    await putV3(s3, Key, plaintext);
    s3.script = s3Fault("GetObject", { alter: ({ body }) => ({ body: body.subarray(0, -missing) }) });
    await failure(async () => bytesOf((await get()).Body), "ERR_AUTHENTICATION");
  });

  it("a body that has more is an error", async () => {
    const { s3, get } = await reader();
    await putV3(s3, Key, plaintext);
    s3.script = s3Fault("GetObject", {
      alter: ({ body }) => ({ body: Buffer.concat([body, Buffer.alloc(1)]) }),
    });
    await failure(async () => bytesOf((await get()).Body), "ERR_AUTHENTICATION");
  });
});

describe("within the limit", () => {
  const verified = { bufferLimit: 1_000_000, delayedAuthentication: false };

  it.each([0, 1000, 400_015])(
    "a connection that is cut after %d bytes is an error, and nothing comes out",
    async (cutAfter) => {
      const { s3, get } = await reader(verified);
      await putV3(s3, Key, plaintext);
      s3.script = s3Fault("GetObject", { cutAfter });
      expect(await outcome(get())).toBeInstanceOf(Error);
    },
  );

  it.each([0, 1000])("an abort while S3 stalls after %d bytes", async (stallAfter) => {
    const { s3, get } = await reader(verified);
    await putV3(s3, Key, plaintext);
    s3.script = s3Fault("GetObject", { stallAfter });
    const left = new AbortController();
    const pending = outcome(get(left.signal));
    await expect.poll(() => s3.requests.length).toBe(1);
    await settle();
    left.abort(new Error("enough"));
    expect(await pending).toBe(left.signal.reason);
  });

  it("a body that is shorter or longer than it was", async () => {
    const { s3, get } = await reader(verified);
    await putV3(s3, Key, plaintext);
    for (const length of [0, 1, 15]) {
      s3.script = s3Fault("GetObject", { alter: ({ body }) => ({ body: body.subarray(0, length) }) });
      await failure(get(), "ERR_TRUNCATED");
    }
    s3.script = s3Fault("GetObject", { alter: ({ body }) => ({ body: body.subarray(1) }) });
    await failure(get(), "ERR_AUTHENTICATION");
  });

  it("an abort while the instruction file stalls", async () => {
    const { s3, get } = await reader(verified);
    await s3.put(Bucket, Key, plaintext, {});
    await s3.put(Bucket, `${Key}.instruction`, new Uint8Array(1000));
    s3.script = s3Fault("GetObject", { stallAfter: 5 }, { key: `${Key}.instruction` });
    const left = new AbortController();
    const pending = outcome(get(left.signal));
    await expect.poll(() => s3.requests.length).toBe(2);
    await settle();
    left.abort(new Error("enough"));
    expect(await pending).toBe(left.signal.reason);
  });
});

describe("a stream that does not come to its end", () => {
  it.each([0, 1000, 390_000])("since the connection was cut after %d bytes", async (cutAfter) => {
    const { s3, get, nothingLeft } = await reader();
    await putV3(s3, Key, plaintext);
    s3.script = s3Fault("GetObject", { cutAfter });
    const { Body } = await get();
    expect(await outcome(bytesOf(Body))).toBeInstanceOf(Error);
    await nothingLeft();
  });

  const leave: [string, (body: Readable) => unknown][] = [
    ["destroys it unread", (body) => body.destroy()],
    ["destroys it with an error", (body) => body.on("error", () => {}).destroy(new Error("enough"))],
    [
      "breaks out of its loop",
      async (body) => {
        for await (const _ of body) break;
      },
    ],
    [
      "destroys it while it waits for more",
      async (body) => {
        body.on("data", () => {}).on("error", () => {});
        await settle();
        body.destroy();
      },
    ],
    [
      "cancels the web stream unread",
      (body) => (body as never as { transformToWebStream(): ReadableStream }).transformToWebStream().cancel(),
    ],
    [
      "cancels the web stream while it waits for more",
      async (body) => {
        const web = (body as never as { transformToWebStream(): ReadableStream }).transformToWebStream();
        const reading = web.getReader();
        await reading.read();
        const more = [reading.read(), reading.read()];
        await settle();
        await reading.cancel(new Error("enough"));
        await Promise.all(more);
      },
    ],
  ];
  it.each(leave)("since its reader %s: connection and key are gone, though S3 stalls", async (_, act) => {
    const { s3, get, nothingLeft } = await reader();
    await putV3(s3, Key, plaintext);
    s3.script = s3Fault("GetObject", { stallAfter: 100_000 });
    const { Body } = await get();
    await act(Body as Readable);
    await nothingLeft();
  });

  it.each(leave.slice(0, 3))("of a body whose checksum S3 keeps, since its reader %s", async (_, act) => {
    const { s3, client, get, nothingLeft } = await reader();
    await client.send(new PutObjectCommand({ Bucket, Key, Body: plaintext }));
    s3.script = s3Fault("GetObject", { stallAfter: 100_000 });
    const { Body } = await get();
    await act(Body as Readable);
    await nothingLeft();
  });

  it.each(["stream", "web stream", "bytes"])("since it was aborted while S3 stalls: %s", async (how) => {
    const { s3, get, nothingLeft } = await reader();
    await putV3(s3, Key, plaintext);
    s3.script = s3Fault("GetObject", { stallAfter: 100_000 });
    const left = new AbortController();
    const { Body } = await get(left.signal);
    const reading = outcome(
      how === "stream"
        ? bytesOf(Body)
        : how === "bytes"
          ? Body!.transformToByteArray()
          : bytesOf(Body!.transformToWebStream()),
    );
    await settle();
    left.abort(new Error("enough"));
    expect(await reading).toBe(left.signal.reason);
    await nothingLeft();
  });

  it("since it was aborted before anyone read of it", async () => {
    const { s3, get, nothingLeft } = await reader({ unauthenticatedRanges: true });
    await putV3(s3, Key, plaintext);
    for (const input of [{}, { Range: "bytes=5-300000" }]) {
      s3.script = s3Fault("GetObject", { stallAfter: 100_000 });
      const left = new AbortController();
      const { Body } = await get(left.signal, input);
      left.abort(new Error("enough"));
      await nothingLeft();
      expect(await outcome(bytesOf(Body))).toBe(left.signal.reason);
    }
  });

  it("since it was aborted while the key was being asked for", async () => {
    const left = new AbortController();
    const raw = aes();
    const keyring = {
      ...raw,
      unwrap: async (...asked: Parameters<NonNullable<typeof raw.unwrap>>) => {
        left.abort(new Error("enough"));
        return raw.unwrap!(...asked);
      },
    };
    const { s3, get, reasons } = await reader({ keyring, unauthenticatedRanges: true });
    await putV3(s3, Key, plaintext);
    const read = async () => bytesOf((await get(left.signal)).Body);
    expect(await outcome(read)).toBe(left.signal.reason);
    await settle();
    expect(reasons).toEqual([]);
  });
});

it("an abort after any number of bytes leaves nothing, and nothing unheard", async () => {
  const { s3, get, nothingLeft } = await reader();
  await putV3(s3, Key, plaintext);
  for (let i = 0; i < 60; i++) {
    const stallAfter = 6601 * i;
    s3.script = s3Fault("GetObject", { stallAfter });
    const left = new AbortController();
    const got = get(left.signal);
    const reading = outcome(async () => bytesOf((await got).Body));
    // Now and then before there is a reply.
    if (i % 5 > 0) await got;
    await settle(i % 7);
    left.abort(new Error("enough"));
    expect(await reading).toBe(left.signal.reason);
  }
  await nothingLeft();
});

it("goes to a file and comes from one", async () => {
  const folder = await mkdtemp(pathOf(tmpdir(), "s3-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [from, to] = [pathOf(folder, "from"), pathOf(folder, "to")];
  await writeFile(from, plaintext);
  const { client, get } = await reader();
  await client.upload({ Bucket, Key, Body: createReadStream(from) });
  await pipeline((await get()).Body as Readable, createWriteStream(to));
  expect(same(await readFile(to), plaintext)).toBe(true);
});
