import { Readable } from "node:stream";
import { UploadPartCommand } from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import { utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { s3Fault } from "../support/s3.ts";
import { deferred } from "../support/virtual.ts";
import {
  type Body,
  Bucket,
  contentKeys,
  encrypting,
  isWiped,
  MIB,
  type Rig,
  rig,
  settle,
  unheard,
} from "./rig.ts";

const Key = "k";
const PART = 5 * MIB;
const PARTS = { partSize: PART, concurrency: 2 } as const;
const PIECE = new Uint8Array(MIB).fill(7);

/** So many pieces of 1 MiB, and then nothing more: the end, an error, or silence. */
function source(pieces: number, then: "end" | "silence" | Error = "end") {
  let given = 0;
  return new Readable({
    read() {
      if (given++ < pieces) this.push(PIECE);
      else if (then === "end") this.push(null);
      else if (then !== "silence") this.destroy(then);
    },
  });
}

/** The same as a stream of the web; tells whether it was cancelled. */
function webSource(pieces: number) {
  let given = 0;
  const cancelled = deferred<unknown>();
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => (given++ < pieces ? controller.enqueue(PIECE) : new Promise<void>(() => {})),
    cancel: (reason) => cancelled.resolve(reason),
  });
  return { stream, cancelled: cancelled.promise };
}

/** What is left when an upload has failed: nothing. */
async function nothingLeft(s3: Rig, keys: readonly Uint8Array[], reasons: readonly unknown[]) {
  await expect.poll(() => s3.uploads()).toEqual([]);
  expect(await s3.keys(Bucket)).toEqual([]);
  expect(keys.every(isWiped)).toBe(true);
  await settle();
  expect(reasons).toEqual([]);
}

/** An upload that is to fail. */
async function failing() {
  const { s3, client } = await rig();
  const [reasons, keys] = [unheard(), contentKeys()];
  return {
    s3,
    client,
    upload: (Body: Body, more = {}) =>
      client.upload({ Bucket, Key, Body: Body as never }, { ...PARTS, ...more }),
    clean: () => nothingLeft(s3, keys, reasons),
  };
}

it("a dozen parts under way make no warning of a leak", async () => {
  const { s3, upload } = await failing();
  const [gate, warnings] = [deferred<null>(), [] as Error[]];
  const listen = (warning: Error) => void warnings.push(warning);
  process.on("warning", listen);
  onTestFinished(() => void process.off("warning", listen));
  s3.script = ({ operation }) => (operation === "UploadPart" ? gate.promise : null);
  const done = upload(source(61), { concurrency: 12 });
  await expect.poll(() => s3.asked().filter((name) => name.startsWith("UploadPart"))).toHaveLength(12);
  gate.resolve(null);
  await done;
  expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
});

describe("an abort", () => {
  const reason = new Error("enough");

  it("before anything", async () => {
    const { s3, upload, clean } = await failing();
    const body = source(1);
    expect(await outcome(upload(body, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(s3.asked()).toEqual([]);
    await clean();
  });

  it.each(["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])(
    "during %s, which S3 never answers",
    async (operation) => {
      const { s3, upload, clean } = await failing();
      const gate = deferred<null>();
      const reached = deferred<void>();
      s3.script = (request) => {
        if (request.operation !== operation) return null;
        reached.resolve();
        return gate.promise;
      };
      const left = new AbortController();
      const body = source(12);
      const pending = outcome(upload(body, { signal: left.signal }));
      await reached.promise;
      left.abort(reason);
      expect(await pending).toBe(reason);
      expect(body.destroyed).toBe(true);
      // Should it come late, the creation is taken back.
      s3.script = null;
      gate.resolve(null);
      await expect.poll(() => s3.asked()).toContain(`AbortMultipartUpload ${Key}`);
      await clean();
    },
  );

  it("during PutObject", async () => {
    const { s3, upload, clean } = await failing();
    const gate = deferred<{ cutRequestAfter: number }>();
    const reached = deferred<void>();
    s3.script = () => {
      reached.resolve();
      return gate.promise;
    };
    const left = new AbortController();
    const pending = outcome(upload(utf8("x"), { signal: left.signal }));
    await reached.promise;
    left.abort(reason);
    expect(await pending).toBe(reason);
    gate.resolve({ cutRequestAfter: 0 });
    await clean();
  });

  it.each([0, 1, 6, 11])("while the source is silent, after %d MiB", async (pieces) => {
    const { s3, upload, clean } = await failing();
    const left = new AbortController();
    const body = source(pieces, "silence");
    const pending = outcome(upload(body, { signal: left.signal }));
    const parts = () =>
      s3.requests.filter(({ operation, status }) => operation === "UploadPart" && status === 200);
    await expect.poll(() => parts().length).toBe(Math.floor(pieces / 5));
    left.abort(reason);
    expect(await pending).toBe(reason);
    expect(body.destroyed).toBe(true);
    await clean();
  });

  it("while a web stream is silent cancels it", async () => {
    const { s3, upload, clean } = await failing();
    const left = new AbortController();
    const { stream, cancelled } = webSource(6);
    const pending = outcome(upload(stream, { signal: left.signal }));
    await expect.poll(() => s3.uploads()[0]?.parts).toBe(1);
    left.abort(reason);
    expect(await pending).toBe(reason);
    expect(await cancelled).toBe(reason);
    await clean();
  });

  it("while a generator is silent does not wait for it", async () => {
    const { upload, clean } = await failing();
    const left = new AbortController();
    const started = deferred<void>();
    const silent = async function* (): AsyncGenerator<Uint8Array> {
      yield PIECE;
      started.resolve();
      await new Promise(() => {});
    };
    const pending = outcome(upload(silent() as never, { signal: left.signal }));
    await started.promise;
    left.abort(reason);
    expect(await pending).toBe(reason);
    await clean();
  });

  it("after the end changes nothing", async () => {
    const { s3, upload } = await failing();
    const left = new AbortController();
    await upload(source(1), { signal: left.signal });
    left.abort(reason);
    await settle();
    expect(await s3.keys(Bucket)).toEqual([Key]);
  });
});

describe("a source that fails", () => {
  it.each([0, 1, 6, 11])("after %d MiB", async (pieces) => {
    const { upload, clean } = await failing();
    const reason = new RangeError("no more");
    expect(await outcome(upload(source(pieces, reason)))).toBe(reason);
    await clean();
  });

  it("as a generator, or by what it yields", async () => {
    const { upload, clean } = await failing();
    const reason = new RangeError("no more");
    const throwing = async function* (): AsyncGenerator<unknown> {
      yield* [PIECE, PIECE, PIECE, PIECE, PIECE, PIECE];
      throw reason;
    };
    expect(await outcome(upload(throwing() as never))).toBe(reason);
    await failure(upload(Readable.from([PIECE, "text"])), "ERR_INVALID_ARGUMENT");
    await clean();
  });

  it("is what fails first, though a request fails after it", async () => {
    const { s3, upload, clean } = await failing();
    s3.script = s3Fault("AbortMultipartUpload", { status: 500, code: "InternalError" }, { times: 1 });
    const reason = new RangeError("no more");
    expect(await outcome(upload(source(6, reason)))).toBe(reason);
    await clean();
  });
});

describe("S3 that fails", () => {
  it.each([
    ["the creation", "CreateMultipartUpload"],
    ["a part", "UploadPart"],
    ["the completion", "CompleteMultipartUpload"],
  ])("at %s", async (_, operation) => {
    const { s3, upload, clean } = await failing();
    s3.script = s3Fault(operation, { status: 500, code: "InternalError" }, { times: 1 });
    const body = source(12);
    const error = await outcome(upload(body));
    expect(error).toMatchObject({ name: "InternalError", $metadata: { httpStatusCode: 500 } });
    expect(body.destroyed).toBe(true);
    await clean();
  });

  it("at a part, whose connection it cuts while the source goes on", async () => {
    const { s3, upload, clean } = await failing();
    s3.script = s3Fault("UploadPart", { cutRequestAfter: 1000 }, { times: 1 });
    const body = source(Number.POSITIVE_INFINITY);
    expect(await outcome(upload(body))).toMatchObject({ code: expect.any(String) });
    expect(body.destroyed).toBe(true);
    await clean();
  });

  it("at a part, while the source is silent", async () => {
    const { s3, upload, clean } = await failing();
    s3.script = s3Fault("UploadPart", { status: 403, code: "AccessDenied" });
    const body = source(6, "silence");
    expect(await outcome(upload(body))).toMatchObject({ name: "AccessDenied" });
    expect(body.destroyed).toBe(true);
    await clean();
  });

  it("to name a part that it took, as to a browser which may not see its ETag", async () => {
    const { s3, client } = await rig();
    const { config } = s3.client;
    const send = async (command: object, options: object) => {
      const reply: object = await s3.client.send(command as never, options);
      return command instanceof UploadPartCommand ? { ...reply, ETag: undefined } : reply;
    };
    const blind = encrypting({ config, send } as never);
    const error = await failure(blind.upload({ Bucket, Key, Body: source(6) }, PARTS), "ERR_S3_MULTIPART");
    expect(error.message).toMatch(/part \d was answered without an ETag.*ExposeHeaders/);
    expect(s3.uploads()).toEqual([]);
    await client.upload({ Bucket, Key, Body: source(6) }, PARTS);
  });

  it("at PutObject", async () => {
    const { s3, upload, clean } = await failing();
    s3.script = s3Fault("PutObject", { status: 403, code: "AccessDenied" });
    expect(await outcome(upload(source(1)))).toMatchObject({ name: "AccessDenied" });
    await clean();
  });

  it("and never answers the abort: the caller does not wait for ever", async () => {
    const { s3, upload } = await failing();
    const gate = deferred<null>();
    onTestFinished(() => gate.resolve(null));
    s3.script = ({ operation }) => {
      if (operation === "UploadPart") return { status: 403, code: "AccessDenied" };
      return operation === "AbortMultipartUpload" ? gate.promise : null;
    };
    expect(await outcome(upload(source(6)))).toMatchObject({ name: "AccessDenied" });
  });

  it("and answers the abort late: the source is let go all the same", async () => {
    const { s3, upload } = await failing();
    const gate = deferred<null>();
    s3.script = ({ operation }) => {
      if (operation === "UploadPart") return { status: 403, code: "AccessDenied" };
      return operation === "AbortMultipartUpload" ? gate.promise : null;
    };
    const body = source(6, "silence");
    const pending = outcome(upload(body));
    await expect.poll(() => body.destroyed).toBe(true);
    gate.resolve(null);
    expect(await pending).toMatchObject({ name: "AccessDenied" });
  });

  it("at the completion, and at the abort that follows: the completion's error comes out", async () => {
    const { s3, upload } = await failing();
    s3.script = ({ operation }) => {
      if (operation === "CompleteMultipartUpload") return { status: 500, code: "InternalError" };
      return operation === "AbortMultipartUpload" ? { status: 403, code: "AccessDenied" } : null;
    };
    expect(await outcome(upload(source(6)))).toMatchObject({ name: "InternalError" });
    expect(s3.uploads()).toHaveLength(1);
  });
});
