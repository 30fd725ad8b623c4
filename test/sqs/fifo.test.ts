import { SendMessageBatchCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { failure } from "../support/failure.ts";
import { type Place, receive, startQueue, stored, TEXT } from "./helpers.ts";

const secret = new Uint8Array(32).fill(7);
const group = { MessageGroupId: "g" };

/** Deduplication ids of what was sent. */
const idsOf = (place: Place) => place.sqs.requests.map(({ input }) => input.MessageDeduplicationId);

describe("a FIFO queue", () => {
  it("takes the caller's deduplication ids, and drops by them", async () => {
    const place = await startQueue();
    const QueueUrl = await place.sqs.queue("orders.fifo");
    const client = place.client();
    const message = { QueueUrl, MessageBody: TEXT, ...group, MessageDeduplicationId: "1" };
    await client.send(new SendMessageCommand(message));
    await client.send(new SendMessageCommand(message));
    expect(idsOf(place)).toEqual(["1", "1"]);
    const messages = await receive(client, QueueUrl);
    expect(messages.map(({ Body }) => Body)).toEqual([TEXT]);
    expect(messages[0]?.encryption?.queue).toBe("000000000000/orders.fifo");
  });

  it("needs ids, and the error says why", async () => {
    const place = await startQueue();
    const QueueUrl = await place.sqs.queue("orders.fifo", { ContentBasedDeduplication: "true" });
    const sent = place.client().send(new SendMessageCommand({ QueueUrl, MessageBody: TEXT, ...group }));
    const error = await failure(sent, "ERR_INVALID_ARGUMENT");
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain("MessageDeduplicationId for each message, or deduplicationKey");
    const Entries = [
      { Id: "a", MessageBody: "a", ...group, MessageDeduplicationId: "1" },
      { Id: "b", MessageBody: "b", ...group },
    ];
    await failure(
      place.client().send(new SendMessageBatchCommand({ QueueUrl, Entries })),
      "ERR_INVALID_ARGUMENT",
    );
    expect(place.sqs.asked()).toEqual([]);
    expect(place.kms.events).toEqual([]);
  });

  it("drops what was sent twice, by ids that follow from the plaintext", async () => {
    const place = await startQueue();
    const QueueUrl = await place.sqs.queue("orders.fifo");
    const client = place.client({ deduplicationKey: secret });
    const again = place.client({ deduplicationKey: secret });
    const sendTo = (by: typeof client, MessageBody: string, MessageGroupId: string) =>
      by.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId }));
    await sendTo(client, TEXT, "a");
    await sendTo(again, TEXT, "b");
    await sendTo(client, "another", "c");
    const ids = idsOf(place);
    expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect((await receive(client, QueueUrl)).map(({ Body }) => Body)).toEqual([TEXT, "another"]);
  });

  it("does so in a batch, beside ids of the caller", async () => {
    const place = await startQueue();
    const QueueUrl = await place.sqs.queue("orders.fifo");
    const client = place.client({ deduplicationKey: secret });
    const Entries = ["x", "x", "y"].map((MessageBody, i) => ({
      Id: `${i}`,
      MessageBody,
      MessageGroupId: `${i}`,
      ...(MessageBody === "y" && { MessageDeduplicationId: "mine" }),
    }));
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    const ids = (await stored(place, QueueUrl)).map(({ Attributes }) => Attributes?.MessageDeduplicationId);
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), "mine"]);
  });

  it("has other ids for another secret, queue or context", async () => {
    const place = await startQueue();
    const [one, two] = [await place.sqs.queue("one.fifo"), await place.sqs.queue("two.fifo")];
    const client = place.client({ deduplicationKey: secret });
    const stranger = place.client({ deduplicationKey: new Uint8Array(32) });
    const command = (QueueUrl: string) => new SendMessageCommand({ QueueUrl, MessageBody: TEXT, ...group });
    await client.send(command(one));
    await client.send(command(two));
    await stranger.send(command(one));
    await client.send(command(one), { encryptionContext: { tenant: "t1" } });
    await client.send(command(one), { encryptionContext: { tenant: "t2" } });
    expect(new Set(idsOf(place)).size).toBe(5);
  });
});

describe("another queue", () => {
  it("has no deduplication ids", async () => {
    const place = await startQueue();
    const client = place.client({ deduplicationKey: secret });
    await client.send(new SendMessageCommand({ QueueUrl: place.url, MessageBody: TEXT }));
    expect(idsOf(place)).toEqual([undefined]);
  });
});
