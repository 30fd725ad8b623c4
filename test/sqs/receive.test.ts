import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { cachingMaterialsManager, createEncryptionClient } from "../../src/index.ts";
import { ARN_A } from "../kms/helpers.ts";
import { failure, outcome, textOf } from "../support/failure.ts";
import {
  MARK,
  type Place,
  plant,
  receive,
  receiveOne,
  sealedByHand,
  send,
  sendAll,
  startQueue,
  stored,
  TEXT,
} from "./helpers.ts";

const QUEUE = { "keyfold:queue": "000000000000/orders" };

/** A sealed body that is not as it was. */
async function alteredBody(place: Place): Promise<string> {
  const bytes = Buffer.from(await sealedByHand(place.keyring, TEXT, QUEUE), "base64");
  bytes[bytes.length - 1]! ^= 1;
  return bytes.toString("base64");
}

describe("a message that does not open", () => {
  it("comes back with its typed error, its handle and what was received, and with no body", async () => {
    const place = await startQueue();
    const body = await alteredBody(place);
    await plant(place, place.url, body, { ...MARK, kind: { DataType: "String", StringValue: "order" } });
    const command = new ReceiveMessageCommand({
      QueueUrl: place.url,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["ApproximateReceiveCount"],
    });
    const { Messages } = await place.client().send(command);
    const message = Messages![0]!;
    expect(message.error?.code).toBe("ERR_AUTHENTICATION");
    expect(message).not.toHaveProperty("Body");
    expect(message).not.toHaveProperty("encryption");
    expect(message.sealedBody).toBe(body);
    expect(message.ReceiptHandle).toBeTypeOf("string");
    expect(message.MessageId).toBeTypeOf("string");
    expect(message.Attributes).toEqual({ ApproximateReceiveCount: "1" });
    expect(message.MessageAttributes).toEqual({ kind: { DataType: "String", StringValue: "order" } });
    expect(textOf(message.error)).not.toContain("plaintext-marker");
  });

  it("does not hide the nine others", async () => {
    const place = await startQueue();
    const client = place.client();
    await sendAll(client, place.url, ["0", "1", "2", "3"]);
    await plant(place, place.url, await alteredBody(place));
    await sendAll(client, place.url, ["5", "6", "7", "8", "9"]);
    const messages = await receive(client, place.url);
    expect(messages.map(({ Body, error }) => Body ?? error?.code)).toEqual([
      ..."0123",
      "ERR_AUTHENTICATION",
      ..."56789",
    ]);
    expect(new Set(messages.map(({ ReceiptHandle }) => ReceiptHandle)).size).toBe(10);
  });

  it.each([
    ["no base64", () => "42 pears!", "ERR_MESSAGE_FORMAT"],
    ["no message", () => "AAAA", "ERR_MESSAGE_FORMAT"],
    [
      "cut short",
      async (place: Place) => (await sealedByHand(place.keyring, TEXT, QUEUE)).slice(0, 400),
      "ERR_TRUNCATED",
    ],
    ["for no queue", (place: Place) => sealedByHand(place.keyring, TEXT, {}), "ERR_ENCRYPTION_CONTEXT"],
  ] as const)("is told by its code: %s", async (_, bodyOf, code) => {
    const place = await startQueue();
    await plant(place, place.url, await bodyOf(place));
    expect((await receiveOne(place.client(), place.url)).error?.code).toBe(code);
  });

  it("has an error too if it is authentic, but no text", async () => {
    const place = await startQueue();
    const { ciphertext } = await createEncryptionClient({ keyring: place.keyring }).encrypt(
      Uint8Array.of(255),
      { encryptionContext: QUEUE },
    );
    await plant(place, place.url, Buffer.from(ciphertext).toString("base64"));
    const { error } = await receiveOne(place.client(), place.url);
    expect(error?.message).toContain("not UTF-8");
  });

  it("has KMS's refusal in its error, where the key does not open", async () => {
    const place = await startQueue();
    await send(place.client(), place.url);
    place.kms.disableKey(ARN_A);
    const { error } = await receiveOne(place.client(), place.url);
    expect(error).toMatchObject({ code: "ERR_NO_DATA_KEY", cause: { code: "ERR_KMS_KEY_DISABLED" } });
  });

  it("has a typed error also where the caller's manager throws another one", async () => {
    const place = await startQueue();
    const materialsManager = cachingMaterialsManager({
      keyring: place.keyring,
      partition: ({ encryptionContext: { tenant } }) => tenant!,
    });
    const client = place.client({ materialsManager });
    await plant(place, place.url, await sealedByHand(place.keyring, "of nobody", QUEUE));
    const command = new SendMessageCommand({ QueueUrl: place.url, MessageBody: TEXT });
    await client.send(command, { encryptionContext: { tenant: "t1" } });
    const [bad, good] = await receive(client, place.url);
    expect(bad?.error).toMatchObject({ code: "ERR_KEYRING" });
    expect(bad?.error?.cause).toBeInstanceOf(TypeError);
    expect(good?.Body).toBe(TEXT);
  });
});

describe("a message that nobody sealed", () => {
  it("is refused unless the caller says otherwise", async () => {
    const place = await startQueue();
    await plant(place, place.url, TEXT, {});
    const { error, Body, sealedBody } = await receiveOne(place.client(), place.url);
    expect(error?.code).toBe("ERR_MESSAGE_FORMAT");
    expect(error?.message).toContain("Nobody sealed this message");
    expect([Body, sealedBody]).toEqual([undefined, TEXT]);
  });

  it("passes as it is where the queue holds both", async () => {
    const place = await startQueue();
    const client = place.client({ plaintext: "pass" });
    const kind = { DataType: "String", StringValue: "order" };
    await plant(place, place.url, TEXT, { kind });
    await send(client, place.url, "sealed");
    const command = new ReceiveMessageCommand({
      QueueUrl: place.url,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ["All"],
    });
    const { Messages = [] } = await client.send(command);
    expect(Messages.map(({ Body, error, encryption }) => [Body, error, encryption !== undefined])).toEqual([
      [TEXT, undefined, false],
      ["sealed", undefined, true],
    ]);
    expect(Messages[0]?.MessageAttributes).toEqual({ kind });
  });

  it("does not pass with a marker", async () => {
    const place = await startQueue();
    await plant(place, place.url, TEXT);
    const { error } = await receiveOne(place.client({ plaintext: "pass" }), place.url);
    expect(error?.code).toBe("ERR_MESSAGE_FORMAT");
  });

  it("is told from one of a newer keyfold", async () => {
    const place = await startQueue();
    await plant(place, place.url, TEXT, { keyfold: { DataType: "String", StringValue: "2" } });
    const { error } = await receiveOne(place.client({ plaintext: "pass" }), place.url);
    expect(error?.message).toContain("newer version of keyfold");
  });
});

describe("an abort", () => {
  it("ends a call before it begins", async () => {
    const place = await startQueue();
    const options = { abortSignal: AbortSignal.abort(new Error("enough")) };
    const client = place.client();
    const command = new SendMessageCommand({ QueueUrl: place.url, MessageBody: TEXT });
    for (const each of [command, new ReceiveMessageCommand({ QueueUrl: place.url })]) {
      expect(await outcome(client.send(each, options))).toMatchObject({ message: "enough" });
    }
    expect(place.sqs.asked()).toEqual([]);
    expect(place.kms.events).toEqual([]);
  });

  it("ends a long poll", async () => {
    const place = await startQueue();
    const command = new ReceiveMessageCommand({ QueueUrl: place.url, WaitTimeSeconds: 20 });
    const aborting = new AbortController();
    const poll = outcome(place.client().send(command, { abortSignal: aborting.signal }));
    setTimeout(() => aborting.abort(), 50);
    expect(await poll).toMatchObject({ name: "AbortError" });
  });

  it("during opening is an abort, and no error of messages", async () => {
    const place = await startQueue();
    await send(place.client(), place.url);
    const aborting = new AbortController();
    const keyring = {
      ...place.keyring,
      unwrap() {
        aborting.abort(new Error("enough"));
        return Promise.reject(aborting.signal.reason);
      },
    };
    const client = place.client({ keyring });
    const command = new ReceiveMessageCommand({ QueueUrl: place.url });
    const error = await outcome(client.send(command, { abortSignal: aborting.signal }));
    expect(error).toMatchObject({ message: "enough" });
  });

  it("is by a signal", async () => {
    const place = await startQueue();
    const command = new ReceiveMessageCommand({ QueueUrl: place.url });
    await failure(place.client().send(command, { abortSignal: {} as never }), "ERR_INVALID_ARGUMENT");
  });
});

describe("what is wrong with a call", () => {
  it("is said before messages are taken from the queue", async () => {
    const place = await startQueue();
    const client = place.client();
    await send(client, place.url);
    place.sqs.requests.length = 0;
    const to = (QueueUrl: string) => client.send(new ReceiveMessageCommand({ QueueUrl }));
    await failure(to("https://example.com/queue"), "ERR_INVALID_ARGUMENT");
    await failure(to(""), "ERR_INVALID_ARGUMENT");
    await failure(to(undefined as never), "ERR_INVALID_ARGUMENT");
    await failure(
      receive(client, place.url, { encryptionContext: { "keyfold:queue": "x" } }),
      "ERR_ENCRYPTION_CONTEXT",
    );
    client.dispose();
    await failure(to(place.url), "ERR_INVALID_ARGUMENT");
    expect(place.sqs.asked()).toEqual([]);
    expect(await stored(place, place.url)).toHaveLength(1);
  });
});
