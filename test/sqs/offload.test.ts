import type { S3Client } from "@aws-sdk/client-s3";
import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it, onTestFinished } from "vitest";
import { utf8 } from "../../src/bytes/utf8.ts";
import type { LimitError } from "../../src/index.ts";
import { createS3EncryptionClient, type S3Offload, s3Offload } from "../../src/s3/index.ts";
import type { PayloadOffload } from "../../src/sqs/index.ts";
import { writeReference } from "../../src/sqs/reference.ts";
import { failure, outcome } from "../support/failure.ts";
import { type LocalS3, s3Fault, startS3 } from "../support/s3.ts";
import {
  type Place,
  plant,
  receive,
  receiveOne,
  sealedByHand,
  send,
  sendAll,
  startQueue,
} from "./helpers.ts";

const LONG = "long ".repeat(300_000);
const QUEUE = { "keyfold:queue": "000000000000/orders" };

interface OffloadPlace extends Place {
  readonly s3: LocalS3 & { readonly client: S3Client };
  readonly offload: S3Offload;
}

/** A queue beside a bucket. */
async function startBoth(): Promise<OffloadPlace> {
  const place = await startQueue();
  const s3 = await startS3("big-messages");
  onTestFinished(() => s3.close());
  const client = createS3EncryptionClient({ client: s3.client, keyring: place.keyring, bindTo: "object" });
  return { ...place, s3, offload: s3Offload({ s3: client, bucket: "big-messages" }) };
}

describe("a payload that is too long for the queue", () => {
  it("goes to S3, sealed, and comes back from there", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload });
    await send(client, place.url, LONG);
    const [key] = await place.s3.keys("big-messages");
    expect(key).toMatch(/^payloads\/[0-9a-f-]{36}$/);
    const object = await place.s3.object("big-messages", key!);
    expect(Buffer.from(object!.body).includes("long")).toBe(false);

    const { Body, encryption } = await receiveOne(client, place.url);
    expect(Body === LONG).toBe(true);
    expect(encryption).toMatchObject({ offloaded: `big-messages/${key}`, encryptionContext: {} });
    await place.offload.remove(encryption!.offloaded!);
    expect(await place.s3.keys("big-messages")).toEqual([]);
  });

  it("is one only if it does not fit", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload });
    await send(client, place.url, "short");
    expect((await receiveOne(client, place.url)).encryption?.offloaded).toBeUndefined();
    expect(place.s3.requests).toEqual([]);
  });

  it("is that of a queue that takes less", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload, maxMessageBytes: 4096 });
    await sendAll(client, place.url, ["short", "x".repeat(5000), "y".repeat(5000)]);
    const messages = await receive(client, place.url);
    expect(messages.map(({ Body }) => Body?.[0])).toEqual(["s", "x", "y"]);
    expect(messages.map(({ encryption }) => encryption?.offloaded !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("is the longest of a batch that is too long together, and no more than needed", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload });
    const bodies = ["a".repeat(200_000), "b".repeat(400_000), "c".repeat(300_000)];
    await sendAll(client, place.url, bodies);
    const messages = await receive(client, place.url);
    expect(messages.map(({ Body }, i) => Body === bodies[i])).toEqual([true, true, true]);
    expect(messages.map(({ encryption }) => encryption?.offloaded !== undefined)).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("does not help where the attributes are too long", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload });
    const MessageAttributes = { pad: { DataType: "String", StringValue: "x".repeat(1_048_000) } };
    const error = await failure<LimitError>(send(client, place.url, LONG, MessageAttributes), "ERR_LIMIT");
    expect(error.message).toContain("the attributes alone are too many");
    const Entries = ["a", "b"].map((Id) => ({
      Id,
      MessageBody: "short",
      MessageAttributes: { pad: { DataType: "String", StringValue: "x".repeat(600_000) } },
    }));
    const batch = client.send(new SendMessageBatchCommand({ QueueUrl: place.url, Entries }));
    expect((await failure<LimitError>(batch, "ERR_LIMIT")).limit).toBe("SQS_BATCH_BYTES");
    expect(place.sqs.asked()).toEqual([]);
  });

  it("is not sent if S3 does not take it", async () => {
    const place = await startBoth();
    place.s3.script = s3Fault("PutObject", { status: 503, code: "SlowDown" });
    const error = await outcome(send(place.client({ offload: place.offload }), place.url, LONG));
    expect(error).toMatchObject({ name: "SlowDown" });
    expect(place.sqs.asked()).toEqual([]);
  });
});

describe("a message whose payload lies elsewhere", () => {
  async function sent(place: OffloadPlace): Promise<string> {
    await send(place.client({ offload: place.offload }), place.url, LONG);
    return (await place.s3.keys("big-messages"))[0]!;
  }

  it("has an error where nobody fetches it", async () => {
    const place = await startBoth();
    await sent(place);
    const { error } = await receiveOne(place.client(), place.url);
    expect(error?.message).toContain("set offload to fetch it");
  });

  it("does not hide the others if the payload is gone, or S3 fails", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload });
    const key = await sent(place);
    await send(client, place.url, "short");
    await place.offload.remove(`big-messages/${key}`);
    const [bad, good] = await receive(client, place.url);
    expect(bad?.error).toMatchObject({ code: "ERR_STORE", store: "offload", cause: { name: "NoSuchKey" } });
    expect(bad?.ReceiptHandle).toBeTypeOf("string");
    expect(good?.Body).toBe("short");
  });

  it("does not open with another message's payload, however its store seals", async () => {
    const place = await startBoth();
    const kept = new Map<string, Uint8Array>();
    const offload: PayloadOffload = {
      async put(payload) {
        kept.set(`${kept.size}`, payload);
        return `${kept.size - 1}`;
      },
      get: async (where) => kept.get(where)!,
    };
    const client = place.client({ offload });
    await send(client, place.url, LONG);
    await send(client, place.url, `${LONG}!`);
    kept.set("0", kept.get("1")!);
    const [exchanged, own] = await receive(client, place.url);
    expect(exchanged?.error?.code).toBe("ERR_AUTHENTICATION");
    expect(own?.Body === `${LONG}!`).toBe(true);
  });

  it("has a typed error if its reference is not as keyfold writes it", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload });
    const context = { ...QUEUE, "keyfold:payload": "offloaded" };
    await plant(place, place.url, await sealedByHand(place.keyring, "big-messages/payloads/1", context));
    expect((await receiveOne(client, place.url)).error?.code).toBe("ERR_MESSAGE_FORMAT");
    expect(place.s3.requests).toEqual([]);
  });

  it("has a typed error if the payload was altered, or is not text", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload });
    const key = await sent(place);
    const { body, metadata } = (await place.s3.object("big-messages", key))!;
    const altered = body.with(7, body[7]! ^ 1);
    await place.s3.put("big-messages", key, altered, metadata);
    expect((await receiveOne(client, place.url)).error?.code).toBe("ERR_AUTHENTICATION");

    const offload: PayloadOffload = {
      put: () => Promise.resolve("here"),
      get: () => Promise.resolve(Uint8Array.of(255)),
    };
    const reference = writeReference("here", Uint8Array.of(255));
    const context = { ...QUEUE, "keyfold:payload": "offloaded" };
    await plant(place, place.url, await sealedByHand(place.keyring, reference, context));
    expect((await receiveOne(place.client({ offload }), place.url)).error?.message).toContain("not UTF-8");
  });

  it.each([
    ["nothing", () => undefined],
    ["text", () => Promise.resolve(LONG)],
    ["an array", () => [1]],
    ["an error at once", () => JSON.parse("{")],
  ])("has a typed error if the store answers no bytes, but %s", async (_, get) => {
    const place = await startBoth();
    const offload = { ...place.offload, get: get as never };
    await send(place.client({ offload }), place.url, LONG);
    const { error } = await receiveOne(place.client({ offload }), place.url);
    expect(error).toMatchObject({ code: "ERR_STORE", store: "offload" });
    expect(error?.cause).toBeInstanceOf(Error);
  });

  it("has an error that repeats no endless place", async () => {
    const place = await startBoth();
    const where = "x".repeat(100_000);
    const offload = { put: () => Promise.resolve(where), get: () => Promise.reject(new Error("gone")) };
    await send(place.client({ offload }), place.url, LONG);
    const { error } = await receiveOne(place.client({ offload }), place.url);
    expect(error?.code).toBe("ERR_STORE");
    expect(error?.message).toContain("xxx");
    expect(error?.message.length).toBeLessThan(2000);
  });

  it.each([undefined, "", 7, "\uD800"])(
    "is not sent if the store does not say where it is: %j",
    async (where) => {
      const place = await startBoth();
      const offload = { ...place.offload, put: () => Promise.resolve(where as string) };
      await failure(send(place.client({ offload }), place.url, LONG), "ERR_INVALID_ARGUMENT");
      expect(place.sqs.asked()).toEqual([]);
    },
  );

  it("opens no object outside of the bucket's prefix", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload });
    const elsewhere: PayloadOffload = {
      ...place.offload,
      put: () => Promise.resolve("big-messages/other/1"),
    };
    await send(place.client({ offload: elsewhere }), place.url, LONG);
    const { error } = await receiveOne(client, place.url);
    expect(error).toMatchObject({
      code: "ERR_STORE",
      transient: false,
      cause: { code: "ERR_INVALID_ARGUMENT" },
    });
    expect(place.s3.requests).toEqual([]);
  });

  it("is one by its authentic context alone: text that looks like a reference is text", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload });
    const key = await sent(place);
    await receive(client, place.url);
    const reads = place.s3.requests.length;
    const reference = writeReference(`big-messages/${key}`, utf8(LONG));

    await send(client, place.url, reference);
    const message = await receiveOne(client, place.url);
    expect([message.Body, message.encryption?.offloaded]).toEqual([reference, undefined]);

    // The pair is written into the header of a message that was sealed without it.
    const bytes = Buffer.from(
      await sealedByHand(place.keyring, reference, { ...QUEUE, "keyfold:pxyload": "offloaded" }),
      "base64",
    );
    bytes.write("keyfold:payload", bytes.indexOf("keyfold:pxyload"));
    await plant(place, place.url, bytes.toString("base64"));
    expect((await receiveOne(client, place.url)).error?.code).toBe("ERR_NO_DATA_KEY");
    expect(place.s3.requests).toHaveLength(reads);
  });

  it("is not made by a caller's own pair", async () => {
    const place = await startBoth();
    const client = place.client({ offload: place.offload });
    const Entries = [{ Id: "a", MessageBody: "big-messages/payloads/1" }];
    const sending = client.send(new SendMessageBatchCommand({ QueueUrl: place.url, Entries }), {
      encryptionContext: { "keyfold:payload": "offloaded" },
    });
    await failure(sending, "ERR_ENCRYPTION_CONTEXT");
  });
});

describe("s3Offload", () => {
  it("keeps payloads where it is told to, each under a name of its own", async () => {
    const { s3, keyring } = await startBoth();
    const client = createS3EncryptionClient({ client: s3.client, keyring });
    const offload = s3Offload({ s3: client, bucket: "big-messages", prefix: "queue/" });
    const signal = undefined;
    const references = await Promise.all(["a", "b"].map((text) => offload.put(utf8(text), { signal })));
    for (const reference of references) expect(reference).toMatch(/^big-messages\/queue\/[0-9a-f-]{36}$/);
    expect(await offload.get(references[0]!, { signal })).toEqual(utf8("a"));
    expect(await offload.get(references[1]!, { signal })).toEqual(utf8("b"));
    await offload.remove(references[0]!);
    expect(await s3.keys("big-messages")).toHaveLength(1);
    await failure(offload.get("big-messages/payloads/1", { signal }), "ERR_INVALID_ARGUMENT");
    await failure(offload.remove("elsewhere/queue/1"), "ERR_INVALID_ARGUMENT");
  });

  it("stops when its caller does", async () => {
    const { offload, s3 } = await startBoth();
    const signal = AbortSignal.abort(new Error("enough"));
    await outcome(offload.put(utf8("a"), { signal }));
    await outcome(offload.get("big-messages/payloads/1", { signal }));
    expect(s3.requests).toEqual([]);
  });

  it("needs an S3 encryption client and a bucket", async () => {
    const { s3, keyring } = await startBoth();
    const client = createS3EncryptionClient({ client: s3.client, keyring });
    await failure(() => s3Offload(undefined as never), "ERR_INVALID_ARGUMENT");
    await failure(() => s3Offload({ s3: {} as never, bucket: "b" }), "ERR_INVALID_ARGUMENT");
    await failure(() => s3Offload({ s3: client, bucket: "" }), "ERR_INVALID_ARGUMENT");
  });
});
