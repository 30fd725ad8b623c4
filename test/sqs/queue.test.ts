import { DeleteMessageBatchCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { queueOfUrl } from "../../src/sqs/queue.ts";
import { failure } from "../support/failure.ts";
import { plant, receive, receiveOne, sealedByHand, send, startQueue, stored, TEXT } from "./helpers.ts";

describe("the queue behind a URL", () => {
  it.each([
    ["of SQS", "https://sqs.us-east-1.amazonaws.com/111122223333/orders"],
    ["of a FIPS endpoint", "https://sqs-fips.us-east-1.amazonaws.com/111122223333/orders"],
    ["of the legacy endpoint", "https://us-east-2.queue.amazonaws.com/111122223333/orders"],
    ["of the older legacy endpoint", "https://queue.amazonaws.com/111122223333/orders"],
    ["of China", "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/orders"],
    ["of a VPC endpoint", "https://vpce-0a1b-2c3d.sqs.us-east-1.vpce.amazonaws.com/111122223333/orders"],
    ["of LocalStack", "http://sqs.us-east-1.localhost.localstack.cloud:4566/111122223333/orders"],
    ["of LocalStack by path", "http://localhost:4566/queue/us-east-1/111122223333/orders"],
    ["of ElasticMQ", "http://localhost:9324/111122223333/orders"],
    ["or an ARN", "arn:aws:sqs:us-east-1:111122223333:orders"],
    ["or an ARN of China", "arn:aws-cn:sqs:cn-north-1:111122223333:orders"],
  ])("is account and name: %s", (_, url) => {
    expect(queueOfUrl(url)).toEqual({ accountId: "111122223333", name: "orders" });
  });

  it("keeps its suffix", () => {
    expect(queueOfUrl("http://localhost:4566/111122223333/orders.fifo").name).toBe("orders.fifo");
    expect(queueOfUrl("arn:aws:sqs:us-east-1:111122223333:a-b_c.fifo").name).toBe("a-b_c.fifo");
  });

  it.each([
    "orders",
    "http://localhost:9324/queue/orders",
    "https://sqs.us-east-1.amazonaws.com/111122223333/orders/",
    "https://sqs.us-east-1.amazonaws.com/111122223333/orders?x=1",
    "https://sqs.us-east-1.amazonaws.com/11112222333/orders",
    "https://sqs.us-east-1.amazonaws.com/111122223333/or.ders",
    "https://sqs.us-east-1.amazonaws.com/111122223333/orders\n",
    "arn:aws:sns:us-east-1:111122223333:orders",
    "",
  ])("is not guessed: %j", async (url) => {
    const error = await failure(() => queueOfUrl(url), "ERR_INVALID_ARGUMENT");
    expect(error.message).toContain("queueOf: (url) => ({ accountId, name })");
  });

  it("is said by queueOf where the URL does not say it, and asked for once", async () => {
    const place = await startQueue();
    const asked: string[] = [];
    const queueOf = (url: string) => {
      asked.push(url);
      return { accountId: "111122223333", name: "renamed" };
    };
    const client = place.client({ queueOf });
    await send(client, place.url);
    const { encryption } = await receiveOne(client, place.url);
    expect(encryption?.queue).toBe("111122223333/renamed");
    expect(asked).toEqual([place.url]);
  });

  it.each([
    undefined,
    {},
    { accountId: "1", name: "orders" },
    { accountId: "111122223333", name: "" },
    { accountId: 111122223333, name: "orders" },
  ])("is checked: %j", async (answer) => {
    const place = await startQueue();
    const client = place.client({ queueOf: () => answer as never });
    await failure(send(client, place.url), "ERR_INVALID_ARGUMENT");
    expect(place.sqs.asked()).toEqual([]);
  });
});

describe("a message of another queue", () => {
  it("does not open, and its error says which", async () => {
    const place = await startQueue();
    const client = place.client();
    const other = await place.sqs.queue("other");
    await send(client, place.url);
    const [message] = await stored(place, place.url);
    await plant(place, other, message!.Body!);
    const { error, Body } = await receiveOne(client, other);
    expect(Body).toBeUndefined();
    expect(error).toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT", key: "keyfold:queue" });
    expect(error?.message).toContain('sealed for the queue "000000000000/orders"');
    expect(error?.message).toContain("came from 000000000000/other");
  });

  it("opens where messages are not bound, and says where it was sealed for", async () => {
    const place = await startQueue();
    await send(place.client(), place.url);
    await send(place.client({ bindToQueue: false }), place.url, "of no queue");
    const reader = place.client({ bindToQueue: false });
    const [bound, free] = await receive(reader, place.url);
    expect([bound?.Body, bound?.encryption?.queue]).toEqual([TEXT, "000000000000/orders"]);
    expect([free?.Body, free?.encryption?.queue]).toEqual(["of no queue", undefined]);
  });

  it("is repeated in no error if SQS has no such name", async () => {
    const place = await startQueue();
    const names = [`111122223333/${"x".repeat(30_000)}`, "111122223333/\u202Ered", "\u001B[31m", "七/é", ""];
    for (const name of names) {
      await plant(place, place.url, await sealedByHand(place.keyring, TEXT, { "keyfold:queue": name }));
    }
    const messages = await receive(place.client(), place.url);
    expect(messages.map(({ error }) => error?.message)).toEqual(
      names.map(
        () =>
          "The message was sealed for another queue, and came from 000000000000/orders. If this is its dead-letter queue, name it in deadLettersOf.",
      ),
    );
  });

  it("does not open under another name that its header is given", async () => {
    const place = await startQueue();
    const client = place.client();
    const other = await place.sqs.queue("othera");
    await send(client, place.url);
    const [message] = await stored(place, place.url);
    const bytes = Buffer.from(message!.Body!, "base64");
    bytes.write("othera", bytes.indexOf("orders"));
    await plant(place, other, bytes.toString("base64"));
    expect((await receiveOne(client, other)).error?.code).toBe("ERR_NO_DATA_KEY");
  });
});

describe("dead letters", () => {
  it("open in their own queue, and say where they come from", async () => {
    const place = await startQueue();
    const { url, deadLetterUrl } = await place.sqs.queueWithDeadLetters("tasks", 2);
    await send(place.client(), url);
    // Nobody deletes it, and it is visible at once: after two times SQS moves it.
    const client = place.client();
    expect(await receive(client, url)).toHaveLength(1);
    expect(await receive(client, url)).toHaveLength(1);
    expect(await receive(client, url)).toHaveLength(0);

    const ofDead = place.client({ deadLettersOf: ["tasks"] });
    const message = await receiveOne(ofDead, deadLetterUrl);
    expect([message.Body, message.encryption?.queue]).toEqual([TEXT, "000000000000/tasks"]);
  });

  it("open by account and name too", async () => {
    const place = await startQueue();
    const { url, deadLetterUrl } = await place.sqs.queueWithDeadLetters("tasks", 1);
    await send(place.client(), url);
    await receive(place.client(), url);
    await receive(place.client(), url);
    const names = ["111122223333/tasks", "task", "asks", "000000000000/tasks"];
    expect((await receiveOne(place.client({ deadLettersOf: names }), deadLetterUrl)).Body).toBe(TEXT);
  });

  it.each([
    ["of no queue that was named", []],
    ["of a queue that has another name", ["task", "tasks-dead", "Tasks"]],
    ["of a queue in another account", ["111122223333/tasks"]],
  ])("do not open: %s", async (_, deadLettersOf) => {
    const place = await startQueue();
    const { url, deadLetterUrl } = await place.sqs.queueWithDeadLetters("tasks", 1);
    await send(place.client(), url);
    await receive(place.client(), url);
    await receive(place.client(), url);
    const { error } = await receiveOne(place.client({ deadLettersOf }), deadLetterUrl);
    expect(error).toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT", key: "keyfold:queue" });
    expect(error?.message).toContain("name it in deadLettersOf");
  });

  it("of the queue itself open as ever, and those of a third queue do not", async () => {
    const place = await startQueue();
    const dead = await place.sqs.queue("tasks-dead");
    const client = place.client({ deadLettersOf: ["tasks"] });
    await send(client, dead, "sent right there");
    await send(client, place.url);
    const [message] = await stored(place, place.url);
    await plant(place, dead, message!.Body!);
    const [own, strange] = await receive(client, dead);
    expect([own?.Body, own?.encryption?.queue]).toEqual(["sent right there", "000000000000/tasks-dead"]);
    expect(strange?.error?.code).toBe("ERR_ENCRYPTION_CONTEXT");
  });

  it("take the one bad message of a batch, which opens there if it was only misplaced", async () => {
    const place = await startQueue();
    const { url, deadLetterUrl } = await place.sqs.queueWithDeadLetters("tasks", 2);
    const client = place.client();
    // The misplaced one was sealed for `orders`.
    await send(client, place.url, "misplaced");
    const [misplaced] = await stored(place, place.url);
    for (let i = 0; i < 9; i++) await send(client, url, `${i}`);
    await plant(place, url, misplaced!.Body!);

    const first = await receive(client, url);
    const good = first.filter(({ error }) => error === undefined);
    expect(good.map(({ Body }) => Body)).toEqual([..."012345678"]);
    expect(first.filter(({ error }) => error?.code === "ERR_ENCRYPTION_CONTEXT")).toHaveLength(1);
    const Entries = good.map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle: ReceiptHandle! }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    // fauxqs makes messages visible again at the next look.
    for (let i = 0; i < 3; i++) await receive(client, url);
    expect(await receive(client, url)).toEqual([]);

    const ofDead = place.client({ deadLettersOf: ["tasks", "orders"] });
    const letter = await receiveOne(ofDead, deadLetterUrl);
    expect([letter.Body, letter.encryption?.queue]).toEqual(["misplaced", "000000000000/orders"]);
  });
});

describe("an ARN as QueueUrl", () => {
  it("is the queue's name, and what SQS says of it is SQS's", async () => {
    const place = await startQueue();
    const QueueUrl = "arn:aws:sqs:us-east-1:000000000000:orders";
    const client = place.client();
    // fauxqs knows no ARNs.
    await expect(client.send(new SendMessageCommand({ QueueUrl, MessageBody: TEXT }))).rejects.toThrow();
    await expect(client.send(new ReceiveMessageCommand({ QueueUrl }))).rejects.toThrow();
    expect(place.kms.events[0]?.requestParameters).toMatchObject({
      encryptionContext: { "keyfold:queue": "000000000000/orders" },
    });
  });
});
