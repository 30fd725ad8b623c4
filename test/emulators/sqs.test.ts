// keyfold's SQS client through a genuine SQSClient against queue servers that nobody here wrote, under a KMS over HTTP.
import { ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { row } from "../peers/cells.ts";
import { plant, receiveOne, send, sendAll, stored, TEXT } from "../sqs/helpers.ts";
import { drain, type QueueBench, queueServers, startQueueBench } from "./queues.ts";

describe.each(queueServers)("$name", (server) => {
  let bench: QueueBench;
  beforeAll(async () => {
    bench = await startQueueBench(server);
  });
  afterAll(() => bench.stop());
  const queue = () => bench.queue(bench.name("orders"));
  const bodies = (messages: readonly { Body?: string | undefined }[]) => messages.map(({ Body }) => Body);

  describe("messages", () => {
    const texts = {
      text: TEXT,
      "nothing, which SQS refuses": "",
      "characters that SQS refuses": "\u0000\u0001\uFFFF\uFFFE",
      "astral characters": "🍐 𐍈 𝄞",
      markup: '<b attr="x">&amp;</b> ]]>',
      "50,000 characters": "七".repeat(50_000),
    };

    it("come back, bound to the queue at the server's own URL", (task) =>
      row(
        task,
        Object.entries(texts),
        ([what]) => what,
        async ([, text]) => {
          const url = await queue();
          await send(bench.client(), url, text);
          const [raw] = await stored(bench, url);
          expect(raw?.Body).toMatch(/^[\w+/]+=*$/);
          expect(Buffer.from(raw!.Body!, "base64").toString("latin1")).not.toContain("plaintext-marker");
          const message = await receiveOne(bench.client(), url);
          expect([message.Body, message.error]).toEqual([text, undefined]);
          expect(message.encryption?.queue).toBe(bench.queueAt(url));
          expect(new URL(url).pathname).toBe(`/${bench.queueAt(url)}`);
        },
      ));

    it("come back by tens, once each, and are deleted by their handles", async () => {
      const url = await queue();
      const texts = Array.from({ length: 30 }, (_, i) => `${String(i).padStart(2, "0")}: ${TEXT}`);
      const producer = bench.client();
      for (let i = 0; i < 30; i += 10) {
        const { Successful } = await sendAll(producer, url, texts.slice(i, i + 10));
        expect(Successful).toHaveLength(10);
      }
      const messages = await drain(bench.client(), url);
      expect(bodies(messages).toSorted()).toEqual(texts);
      expect(await stored(bench, url)).toEqual([]);
    });

    it("come back with their attributes, and without the marker", async () => {
      const url = await queue();
      const MessageAttributes = {
        kind: { DataType: "String", StringValue: "é 七 🍐" },
        priority: { DataType: "Number", StringValue: "7" },
        digest: { DataType: "Binary.sha", BinaryValue: Uint8Array.of(0, 255, 7) },
      };
      const client = bench.client();
      await send(client, url, TEXT, MessageAttributes);
      const command = new ReceiveMessageCommand({ QueueUrl: url, MessageAttributeNames: ["All"] });
      const [message] = (await client.send(command)).Messages!;
      expect(message?.Body).toBe(TEXT);
      expect(message?.MessageAttributes).toEqual(MessageAttributes);
    });

    it("open under their encryption context alone", async () => {
      const url = await queue();
      const client = bench.client();
      const command = new SendMessageCommand({ QueueUrl: url, MessageBody: TEXT });
      await client.send(command, { encryptionContext: { tenant: "t1" } });
      const [raw] = await stored(bench, url);
      expect((await receiveOne(client, url, { encryptionContext: { tenant: "t1" } })).Body).toBe(TEXT);
      await plant(bench, url, raw!.Body!);
      const { error } = await receiveOne(client, url, { encryptionContext: { tenant: "t2" } });
      expect(error).toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT", key: "tenant" });
    });
  });

  describe("a message that was received and sent to another queue", () => {
    it("is refused there, also with its header made to fit", async () => {
      const [from, to] = [await queue(), await queue()];
      const client = bench.client();
      await send(client, from);
      const [raw] = await stored(bench, from);
      const MessageBody = raw!.Body!;
      const command = new SendMessageCommand({
        ...{ QueueUrl: to, MessageBody },
        MessageAttributes: raw!.MessageAttributes,
      });
      await bench.sqs.client.send(command);
      const moved = await receiveOne(client, to);
      expect(moved.error).toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT", key: "keyfold:queue" });
      expect(moved.error?.message).toContain(bench.queueAt(from));
      expect([moved.Body, moved.sealedBody]).toEqual([undefined, MessageBody]);

      const bytes = Buffer.from(MessageBody, "base64");
      const [was, is] = [bench.queueAt(from), bench.queueAt(to)];
      expect(is).toHaveLength(was.length);
      bytes.write(is, bytes.indexOf(was));
      await plant(bench, to, bytes.toString("base64"));
      expect((await receiveOne(client, to)).error?.code).toBe("ERR_NO_DATA_KEY");
    });

    it("opens where queues are not bound", async () => {
      const [from, to] = [await queue(), await queue()];
      const client = bench.client({ bindToQueue: false });
      await send(client, from);
      const [raw] = await stored(bench, from);
      await plant(bench, to, raw!.Body!);
      expect((await receiveOne(client, to)).Body).toBe(TEXT);
    });
  });

  describe("a FIFO queue", () => {
    const fifo = () => bench.queue(`${bench.name("orders")}.fifo`, { FifoQueue: "true" });
    const deduplicationKey = new Uint8Array(32).fill(7);

    it("delivers a payload once that several producers send, and each group in order", async () => {
      const QueueUrl = await fifo();
      const producers = [bench.client({ deduplicationKey }), bench.client({ deduplicationKey })];
      const texts = ["a1", "b1", "a2", "b2", "a2", "a3", "b1", "b3"];
      for (const MessageBody of texts) {
        for (const producer of producers) {
          await producer.send(
            new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: MessageBody[0]! }),
          );
        }
      }
      const messages = await drain(bench.client(), QueueUrl);
      const ofGroup = (group: string) => bodies(messages).filter((text) => text?.startsWith(group));
      expect(messages).toHaveLength(6);
      expect([ofGroup("a"), ofGroup("b")]).toEqual([
        ["a1", "a2", "a3"],
        ["b1", "b2", "b3"],
      ]);
      expect(messages[0]?.encryption?.queue).toBe(bench.queueAt(QueueUrl));
    });

    it("does so in batches too", async () => {
      const QueueUrl = await fifo();
      const batch = ["1", "2", "2", "3"].map((MessageBody, i) => ({
        ...{ Id: `${i}`, MessageBody, MessageGroupId: "g" },
      }));
      for (let i = 0; i < 2; i++) {
        const client = bench.client({ deduplicationKey });
        await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: batch }));
      }
      expect(bodies(await drain(bench.client(), QueueUrl))).toEqual(["1", "2", "3"]);
    });

    it("takes the same payload for others under another context or secret", async () => {
      const QueueUrl = await fifo();
      const command = new SendMessageCommand({ QueueUrl, MessageBody: TEXT, MessageGroupId: "g" });
      const client = bench.client({ deduplicationKey });
      await client.send(command);
      await client.send(command, { encryptionContext: { tenant: "t1" } });
      await bench.client({ deduplicationKey: new Uint8Array(32) }).send(command);
      expect(bodies(await drain(bench.client(), QueueUrl))).toEqual([TEXT, TEXT, TEXT]);
    });
  });
});
