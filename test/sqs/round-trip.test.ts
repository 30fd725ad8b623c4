import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failure } from "../support/failure.ts";
import { check, someText } from "../support/property.ts";
import { receive, receiveOne, send, sendAll, startQueue, stored, TEXT } from "./helpers.ts";

describe("a message through the queue", () => {
  it.each([
    ["text", TEXT],
    ["nothing, which SQS would refuse", ""],
    ["characters that SQS would refuse", "\u0000\u0001\uFFFF 🍐"],
    ["100,000 characters", "七".repeat(100_000)],
  ])("comes back: %s", async (_, text) => {
    const place = await startQueue();
    const client = place.client();
    await send(client, place.url, text);
    const message = await receiveOne(client, place.url);
    expect(message.Body).toBe(text);
    expect(message.error).toBeUndefined();
    expect(message.ReceiptHandle).toBeTypeOf("string");
    expect(message.encryption).toMatchObject({ queue: "000000000000/orders", encryptionContext: {} });
    expect(message.encryption?.offloaded).toBeUndefined();
    expect(message.encryption?.message.suite.id).toBe(0x0478);
  });

  it("comes back, whatever it says", async () => {
    const place = await startQueue();
    const client = place.client();
    await check(
      fc.array(someText(200), { minLength: 1, maxLength: 10 }),
      async (texts) => {
        await sendAll(client, place.url, texts);
        const messages = await receive(client, place.url);
        expect(messages.map(({ Body }) => Body)).toEqual(texts);
      },
      30,
    );
  });

  it("lies in the queue as base64 with one marker, and without a word of it", async () => {
    const place = await startQueue();
    await send(place.client(), place.url);
    const [message] = await stored(place, place.url);
    expect(message?.MessageAttributes).toEqual({ keyfold: { DataType: "String", StringValue: "1" } });
    const bytes = Buffer.from(message!.Body!, "base64");
    expect(bytes.toString("base64")).toBe(message!.Body);
    expect(bytes.toString("latin1")).not.toContain("plaintext-marker");
    expect(JSON.stringify(place.sqs.requests)).not.toContain("plaintext-marker");
  });

  it("shows its attributes without the marker, and asks for those that the caller names", async () => {
    const place = await startQueue();
    const client = place.client();
    const kind = { DataType: "String", StringValue: "order" };
    await send(client, place.url, TEXT, { kind, other: kind });
    const command = new ReceiveMessageCommand({ QueueUrl: place.url, MessageAttributeNames: ["kind"] });
    const { Messages } = await client.send(command);
    expect(Messages?.[0]?.MessageAttributes).toEqual({ kind });
    expect(Messages?.[0]).not.toHaveProperty("MD5OfBody");
    expect(Messages?.[0]).not.toHaveProperty("MD5OfMessageAttributes");
    expect(place.sqs.requests.at(-1)?.input.MessageAttributeNames).toEqual(["kind", "keyfold"]);
    expect(command.input.MessageAttributeNames).toEqual(["kind"]);
  });

  it.each([
    { names: undefined, asked: ["keyfold"], shown: [] },
    { names: ["keyfold"], asked: ["keyfold"], shown: [] },
    { names: ["All"], asked: ["All"], shown: ["kind"] },
    { names: [".*"], asked: [".*"], shown: ["kind"] },
    { names: ["kind", "no"], asked: ["kind", "no", "keyfold"], shown: ["kind"] },
  ])("asks for the marker beside $names", async ({ names, asked, shown }) => {
    const place = await startQueue();
    const client = place.client();
    await send(client, place.url, TEXT, { kind: { DataType: "String", StringValue: "order" } });
    const command = new ReceiveMessageCommand({ QueueUrl: place.url, MessageAttributeNames: names });
    const { Messages } = await client.send(command);
    expect(place.sqs.requests.at(-1)?.input.MessageAttributeNames).toEqual(asked);
    expect(Messages?.[0]?.Body).toBe(TEXT);
    expect(Object.keys(Messages?.[0]?.MessageAttributes ?? {})).toEqual(shown);
  });

  it("shows no attributes where there are none", async () => {
    const place = await startQueue();
    const client = place.client();
    await send(client, place.url);
    expect(await receiveOne(client, place.url)).not.toHaveProperty("MessageAttributes");
  });

  it("leaves the caller's input as it was, and answers what SQS answers", async () => {
    const place = await startQueue();
    const client = place.client();
    const MessageAttributes = { kind: { DataType: "String", StringValue: "order" } };
    const command = new SendMessageCommand({ QueueUrl: place.url, MessageBody: TEXT, MessageAttributes });
    const reply = await client.send(command);
    expect(command.input).toEqual({ QueueUrl: place.url, MessageBody: TEXT, MessageAttributes });
    expect(reply.MessageId).toBe((await stored(place, place.url))[0]?.MessageId);
  });

  it("answers an empty queue as SQS does", async () => {
    const place = await startQueue();
    const { Messages } = await place.client().send(new ReceiveMessageCommand({ QueueUrl: place.url }));
    expect(Messages).toBeUndefined();
    expect(place.kms.events).toEqual([]);
  });

  it("goes in a batch, each with its own id", async () => {
    const place = await startQueue();
    const client = place.client();
    const texts = Array.from({ length: 10 }, (_, i) => `${i} pears`);
    const { Successful = [], Failed = [] } = await sendAll(client, place.url, texts);
    expect(Successful.map(({ Id }) => Id)).toEqual(texts.map((_, i) => `${i}`));
    expect(Failed).toEqual([]);
    const bodies = (await stored(place, place.url)).map(({ Body }) => Body);
    expect(new Set(bodies).size).toBe(10);
    expect((await receive(client, place.url)).map(({ Body }) => Body)).toEqual(texts);
  });

  it("binds the pairs of client and call, and shows them verified", async () => {
    const place = await startQueue();
    const client = place.client({ encryptionContext: { purpose: "orders" } });
    const command = new SendMessageCommand({ QueueUrl: place.url, MessageBody: TEXT });
    await client.send(command, { encryptionContext: { tenant: "t1" } });
    const { encryption } = await receiveOne(client, place.url, { encryptionContext: { tenant: "t1" } });
    expect(encryption?.encryptionContext).toEqual({ purpose: "orders", tenant: "t1" });
    expect(place.kms.events[0]?.requestParameters).toMatchObject({
      encryptionContext: { purpose: "orders", tenant: "t1", "keyfold:queue": "000000000000/orders" },
    });
  });

  it("does not open where other pairs are expected", async () => {
    const place = await startQueue();
    const client = place.client();
    await send(client, place.url);
    const message = await receiveOne(client, place.url, { encryptionContext: { tenant: "t2" } });
    expect(message.error).toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT", key: "tenant" });
  });
});

describe("other commands", () => {
  it("go through as they are", async () => {
    const place = await startQueue();
    const client = place.client();
    await send(client, place.url);
    const { ReceiptHandle } = await receiveOne(client, place.url);
    await client.send(new DeleteMessageCommand({ QueueUrl: place.url, ReceiptHandle }));
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: place.url, AttributeNames: ["All"] }),
    );
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
    });
    expect(place.sqs.asked()).toEqual([
      "SendMessage",
      "ReceiveMessage",
      "DeleteMessage",
      "GetQueueAttributes",
    ]);
  });

  it("are refused if they are no commands", async () => {
    const place = await startQueue();
    const client = place.client();
    const input = { QueueUrl: place.url, MessageBody: TEXT };
    await failure(client.send({ input } as never), "ERR_INVALID_ARGUMENT");
    await failure(client.send(undefined as never), "ERR_INVALID_ARGUMENT");
    expect(place.sqs.asked()).toEqual([]);
  });
});
