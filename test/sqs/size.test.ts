import {
  type MessageAttributeValue,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSServiceException,
} from "@aws-sdk/client-sqs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/bytes/utf8.ts";
import { inspectMessage, type LimitError } from "../../src/index.ts";
import { MAX_MESSAGE_BYTES, messageBytes, plaintextExcess } from "../../src/sqs/size.ts";
import { failure, outcome } from "../support/failure.ts";
import { check, someText } from "../support/property.ts";
import { type Place, receive, receiveOne, send, sendAll, startQueue, stored } from "./helpers.ts";

const padding = (bytes: number): Record<string, MessageAttributeValue> => ({
  pad: { DataType: "String", StringValue: "x".repeat(bytes) },
});

/** Bytes of a sealed message with a plaintext of this length, as SQS counted them. */
async function countedBytes(place: Place, url: string, length: number): Promise<number> {
  await send(place.client(), url, "x".repeat(length));
  const [message] = await stored(place, url);
  return messageBytes({ MessageBody: message!.Body!, MessageAttributes: message!.MessageAttributes! });
}

describe("a message of 1,048,576 bytes", () => {
  it("is sent, and one byte more is an error before anything is sent", async () => {
    const place = await startQueue();
    const client = place.client();
    const body = await countedBytes(place, await place.sqs.queue("probe"), 600_000);
    const left = MAX_MESSAGE_BYTES - body - "pad".length - "String".length;

    await send(client, place.url, "x".repeat(600_000), padding(left));
    expect((await receiveOne(client, place.url)).Body).toHaveLength(600_000);

    place.sqs.requests.length = 0;
    const error = await failure<LimitError>(
      send(client, place.url, "x".repeat(600_000), padding(left + 1)),
      "ERR_LIMIT",
    );
    expect(error).toMatchObject({ limit: "maxMessageBytes", actual: 1_048_577, maximum: 1_048_576 });
    expect(place.sqs.asked()).toEqual([]);
  });

  it("is where SQS itself draws the line", async () => {
    const { sqs, url: QueueUrl } = await startQueue();
    const MessageBody = "x".repeat(MAX_MESSAGE_BYTES - 12);
    const sent = (pad: string) => ({
      QueueUrl,
      MessageBody,
      MessageAttributes: { key: { DataType: "String", StringValue: pad } },
    });
    expect(messageBytes(sent("abc"))).toBe(MAX_MESSAGE_BYTES);
    await sqs.client.send(new SendMessageCommand(sent("abc")));
    const refusal = await outcome(sqs.client.send(new SendMessageCommand(sent("abcd"))));
    expect(refusal).toBeInstanceOf(SQSServiceException);
  });

  it("holds as much plaintext as the error says", async () => {
    const place = await startQueue();
    const client = place.client();
    const error = await failure<LimitError>(send(client, place.url, "x".repeat(800_000)), "ERR_LIMIT");
    const [, excess] = /\((\d+) bytes of plaintext too many/.exec(error.message)!;
    await send(client, place.url, "x".repeat(800_000 - Number(excess)));
    await failure(send(client, place.url, "x".repeat(800_001 - Number(excess))), "ERR_LIMIT");
  });

  it("is less if the queue takes less", async () => {
    const place = await startQueue();
    const client = place.client({ maxMessageBytes: 2048 });
    await send(client, place.url, "x".repeat(400));
    const error = await failure<LimitError>(send(client, place.url, "x".repeat(2000)), "ERR_LIMIT");
    expect(error.maximum).toBe(2048);
  });

  it("cannot be filled by attributes alone", async () => {
    const place = await startQueue();
    const error = await failure(
      send(place.client(), place.url, "x", padding(MAX_MESSAGE_BYTES)),
      "ERR_LIMIT",
    );
    expect(error.message).toContain("the attributes alone");
    expect(error.message).not.toContain("xx");
  });
});

describe("a batch of 1,048,576 bytes", () => {
  it("is sent, and one byte more is an error before anything is sent", async () => {
    const place = await startQueue();
    const client = place.client();
    const each = await countedBytes(place, await place.sqs.queue("probe"), 300_000);
    const left = MAX_MESSAGE_BYTES - 2 * each - "pad".length - "String".length;
    const batch = (pad: number) =>
      client.send(
        new SendMessageBatchCommand({
          QueueUrl: place.url,
          Entries: [
            { Id: "a", MessageBody: "x".repeat(300_000), MessageAttributes: padding(pad) },
            { Id: "b", MessageBody: "x".repeat(300_000) },
          ],
        }),
      );
    expect((await batch(left)).Successful).toHaveLength(2);
    expect(await receive(client, place.url)).toHaveLength(2);

    place.sqs.requests.length = 0;
    const error = await failure<LimitError>(batch(left + 1), "ERR_LIMIT");
    expect(error).toMatchObject({ limit: "SQS_BATCH_BYTES", actual: 1_048_577, maximum: 1_048_576 });
    expect(error.message).toContain("1 bytes too many");
    expect(place.sqs.asked()).toEqual([]);
  });

  it("is so also where the queue's messages must be shorter", async () => {
    const place = await startQueue();
    const client = place.client({ maxMessageBytes: 2048 });
    const { Successful } = await sendAll(client, place.url, ["x".repeat(400), "x".repeat(400)]);
    expect(Successful).toHaveLength(2);
  });

  it("is not sent in part, if one of its messages cannot be", async () => {
    const place = await startQueue();
    const client = place.client();
    await failure(sendAll(client, place.url, ["fits", "x".repeat(1_000_000)]), "ERR_LIMIT");
    await failure(sendAll(client, place.url, ["fits", "\uD800"]), "ERR_INVALID_ARGUMENT");
    expect(place.sqs.asked()).toEqual([]);
  });
});

describe("the bytes of a message", () => {
  it("are those that SQS counts", async () => {
    const place = await startQueue();
    const url = await place.sqs.queue("short", { MaximumMessageSize: "1024" });
    const attributes = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,20}$/),
      // XML's characters are all that SQS takes.
      someText(40).filter((text) => text !== "" && !/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD]/.test(text)),
      { maxKeys: 5 },
    );
    await check(
      fc.tuple(attributes, fc.integer({ min: -2, max: 2 })),
      async ([pairs, by]) => {
        const MessageAttributes = Object.fromEntries(
          Object.entries(pairs).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
        );
        const left = 1024 - messageBytes({ MessageAttributes }) + by;
        if (left < 2) return;
        const MessageBody = "é".repeat(Math.floor(left / 2)) + "x".repeat(left % 2);
        const bytes = messageBytes({ MessageBody, MessageAttributes });
        expect(bytes).toBe(1024 + by);
        const sent = place.sqs.client.send(
          new SendMessageCommand({ QueueUrl: url, MessageBody, MessageAttributes }),
        );
        const isTaken = await sent.then(
          () => true,
          () => false,
        );
        expect(isTaken).toBe(bytes <= 1024);
      },
      60,
    );
  });

  it("count a binary attribute by its bytes", () => {
    const MessageAttributes = { ab: { DataType: "Binary", BinaryValue: new Uint8Array(5) } };
    expect(messageBytes({ MessageBody: "七", MessageAttributes })).toBe(3 + 2 + 6 + 5);
    expect(messageBytes({})).toBe(0);
  });

  it("tell how much plaintext is too much", async () => {
    const place = await startQueue();
    await send(place.client(), place.url);
    const [message] = await stored(place, place.url);
    const facts = inspectMessage(Buffer.from(message!.Body!, "base64"));
    await check(fc.tuple(fc.nat(20_000), fc.nat(20_000)), ([length, forBody]) => {
      const excess = plaintextExcess(facts, length, forBody);
      const base64 = (bytes: number) => Math.ceil(facts.ciphertextSize(bytes) / 3) * 4;
      if (excess === undefined) {
        expect(base64(0)).toBeGreaterThan(forBody);
        return;
      }
      expect(base64(length - excess)).toBeLessThanOrEqual(forBody);
      if (excess > 0) expect(base64(length - excess + 1)).toBeGreaterThan(forBody);
    });
  });
});

describe("ten attributes", () => {
  const some = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`a${i}`, { DataType: "Number", StringValue: `${i}` }]),
    );

  it("are nine of the caller's", async () => {
    const place = await startQueue();
    await send(place.client(), place.url, "42 pears", some(9));
    expect(Object.keys((await stored(place, place.url))[0]!.MessageAttributes!)).toHaveLength(10);
    const error = await failure(
      send(place.client(), place.url, "42 pears", some(10)),
      "ERR_INVALID_ARGUMENT",
    );
    expect(error.message).toContain('SQS takes 10, of which "keyfold" is one: 10 are too many');
  });

  it("have other names than the marker's", async () => {
    const place = await startQueue();
    const keyfold = { DataType: "String", StringValue: "1" };
    await failure(send(place.client(), place.url, "42 pears", { keyfold }), "ERR_INVALID_ARGUMENT");
  });
});

describe("what is no text", () => {
  it.each([
    ["nothing", undefined],
    ["bytes", utf8("42 pears")],
    ["a lone surrogate", "\uDC00"],
  ])("is refused before any key is asked: %s", async (_, body) => {
    const place = await startQueue();
    await failure(
      place.client().send(new SendMessageCommand({ QueueUrl: place.url, MessageBody: body as never })),
      "ERR_INVALID_ARGUMENT",
    );
    expect(place.kms.events).toEqual([]);
    expect(place.sqs.asked()).toEqual([]);
  });
});
