// How long a sealed message may be, on queue servers that nobody here wrote: keyfold's count and theirs.
import {
  type MessageAttributeValue,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSServiceException,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEncryptionClient, type LimitError } from "../../src/index.ts";
import type { SqsClientPort } from "../../src/sqs/index.ts";
import { plant, receiveOne, send, stored } from "../sqs/helpers.ts";
import { failure, outcome } from "../support/failure.ts";
import { drain, type QueueBench, queueServers, startQueueBench } from "./queues.ts";

/** Of the marker: name, type and value. */
const MARKER_BYTES = "keyfold".length + "String".length + "1".length;
const padding = (bytes: number): Record<string, MessageAttributeValue> => ({
  pad: { DataType: "String", StringValue: "x".repeat(bytes) },
});
const MAX_BATCH_BYTES = 1_048_576;
const PADDING_BYTES = "pad".length + "String".length;

describe.each(queueServers)("$name", (server) => {
  const { maxBytes } = server;
  let bench: QueueBench;
  beforeAll(async () => {
    bench = await startQueueBench(server);
  });
  afterAll(() => bench.stop());
  const queue = (): Promise<string> => bench.queue(bench.name("orders"));

  /** An encryption client, and how often it sent something. */
  const counted = () => {
    const sent = { times: 0 };
    const port: SqsClientPort = {
      send(command, options) {
        sent.times++;
        return bench.sqs.client.send(command as never, options) as Promise<object>;
      },
    };
    return { client: bench.client({ maxMessageBytes: maxBytes }, port), sent };
  };
  const contextOf = (url: string) => ({ encryptionContext: { "keyfold:queue": bench.queueAt(url) } });
  /** The body that a sealed text of so many characters has. */
  const sealed = async (url: string, length: number) => {
    const sealer = createEncryptionClient({ keyring: bench.keyring });
    return (await sealer.encryptText("x".repeat(length), contextOf(url))).ciphertext;
  };

  it("takes the longest text that keyfold takes, and one character more is an error before anything is sent", async () => {
    const url = await queue();
    const { client, sent } = counted();
    const error = await failure<LimitError>(send(client, url, "x".repeat(maxBytes)), "ERR_LIMIT");
    const [, excess] = /\((\d+) bytes of plaintext too many/.exec(error.message)!;
    const most = maxBytes - Number(excess);
    const tooLong = await failure<LimitError>(send(client, url, "x".repeat(most + 1)), "ERR_LIMIT");
    expect([tooLong.limit, tooLong.maximum, sent.times]).toEqual(["maxMessageBytes", maxBytes, 0]);

    await send(client, url, "x".repeat(most));
    const [raw] = await stored(bench, url);
    // Base64 comes by fours.
    expect(maxBytes - MARKER_BYTES - raw!.Body!.length).toBeLessThan(4);
    expect((await receiveOne(client, url)).Body).toHaveLength(most);
  });

  it("takes a message of exactly its limit, attributes counted, and one byte more is an error", async () => {
    const url = await queue();
    const { client, sent } = counted();
    const length = Math.floor(maxBytes / 2);
    const body = await sealed(url, length);
    const left = maxBytes - body.length - MARKER_BYTES - PADDING_BYTES;
    const error = await failure<LimitError>(
      send(client, url, "x".repeat(length), padding(left + 1)),
      "ERR_LIMIT",
    );
    expect([error.actual, error.maximum, sent.times]).toEqual([maxBytes + 1, maxBytes, 0]);
    await send(client, url, "x".repeat(length), padding(left));
    expect((await receiveOne(client, url)).Body).toHaveLength(length);
  });

  it("draws its own line where keyfold does, for bodies", async () => {
    const url = await queue();
    const sealer = createEncryptionClient({ keyring: bench.keyring });
    const { message: facts } = await sealer.encrypt(new Uint8Array(1), contextOf(url));
    const bodyLength = (length: number) => 4 * Math.ceil(facts.ciphertextSize(length) / 3);
    let most = Math.floor(maxBytes / 2);
    while (bodyLength(most + 1) <= maxBytes) most++;
    const [exact, longer] = [await sealed(url, most), await sealed(url, most + 1)];
    expect([exact.length, longer.length]).toEqual([maxBytes, maxBytes + 4]);

    await plant(bench, url, exact);
    expect((await receiveOne(bench.client(), url)).Body).toHaveLength(most);
    expect(await outcome(plant(bench, url, longer))).toBeInstanceOf(SQSServiceException);
    const { client, sent } = counted();
    await failure(send(client, url, "x".repeat(most + 1)), "ERR_LIMIT");
    expect(sent.times).toBe(0);
  });

  it("takes a batch of exactly SQS's limit if it takes as much; if not, its own refusal is what the caller gets", async () => {
    const QueueUrl = await queue();
    const { client, sent } = counted();
    const body = await sealed(QueueUrl, 150_000);
    const left = MAX_BATCH_BYTES - 5 * (body.length + MARKER_BYTES) - PADDING_BYTES;
    const batch = (pad: number) => {
      const Entries = Array.from({ length: 5 }, (_, i) => ({
        ...{ Id: `${i}`, MessageBody: "x".repeat(150_000) },
        ...(i === 0 && { MessageAttributes: padding(pad) }),
      }));
      return client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    };
    const error = await failure<LimitError>(batch(left + 1), "ERR_LIMIT");
    expect([error.limit, error.actual, sent.times]).toEqual(["SQS_BATCH_BYTES", MAX_BATCH_BYTES + 1, 0]);
    if (maxBytes < MAX_BATCH_BYTES) {
      expect(await outcome(batch(left))).toBeInstanceOf(SQSServiceException);
      return;
    }
    expect((await batch(left)).Successful).toHaveLength(5);
    const messages = await drain(client, QueueUrl);
    expect(messages.map(({ Body }) => Body?.length)).toEqual(Array(5).fill(150_000));
  });

  it("what it does not count, though SQS does", async ({ task }) => {
    const QueueUrl = await queue();
    const command = new SendMessageCommand({
      ...{ QueueUrl, MessageBody: "x".repeat(maxBytes) },
      MessageAttributes: padding(100),
    });
    expect((await bench.sqs.client.send(command)).MessageId).toBeTypeOf("string");
    task.meta.impossible = [
      { cell: `${server.name}: attributes count for a message's size`, reason: "it counts the body alone" },
    ];
  });
});
