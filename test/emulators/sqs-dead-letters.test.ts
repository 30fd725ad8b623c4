// Messages that do not open, on queue servers that nobody here wrote: their own redrive policies count and move them.
import { StartMessageMoveTaskCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { row } from "../peers/cells.ts";
import { plant, receive, send, sendAll, stored, TEXT } from "../sqs/helpers.ts";
import { outcome } from "../support/failure.ts";
import { arnOfQueue } from "../support/sqs.ts";
import {
  nameAt,
  type QueueBench,
  queueServers,
  receiveCounts,
  receiveTen,
  remove,
  startQueueBench,
} from "./queues.ts";

const NINE = Array.from({ length: 9 }, (_, i) => `${i}: ${TEXT}`);

/** Sends to an origin queue, and answers what lies there. */
async function sealedElsewhere(
  bench: QueueBench,
): Promise<{ readonly origin: string; readonly body: string }> {
  const origin = await bench.queue(bench.name("elsewhere"));
  await send(bench.client(), origin, "misplaced");
  const [raw] = await stored(bench, origin);
  return { origin: nameAt(origin), body: raw!.Body! };
}

function altered(body: string): string {
  const bytes = Buffer.from(body, "base64");
  bytes[bytes.length - 1]! ^= 1;
  return bytes.toString("base64");
}

describe.each(queueServers)("$name", (server) => {
  let bench: QueueBench;
  beforeAll(async () => {
    bench = await startQueueBench(server);
  });
  afterAll(() => bench.stop());

  const bad = {
    misplaced: { alter: (body: string) => body, code: "ERR_ENCRYPTION_CONTEXT", opens: "misplaced" },
    "misplaced and altered": { alter: altered, code: "ERR_ENCRYPTION_CONTEXT", opens: undefined },
    "not base64": { alter: () => "42 pears!", code: "ERR_MESSAGE_FORMAT", opens: undefined },
  };

  it("the one bad message of ten is received as often as its queue says, and then lies in the dead-letter queue", (task) =>
    row(
      task,
      Object.entries(bad),
      ([what]) => what,
      async ([, { alter, code, opens }]) => {
        const { origin, body } = await sealedElsewhere(bench);
        const { url, deadLetterUrl } = await bench.queueWithDeadLetters(bench.name("tasks"), 2);
        const client = bench.client();
        await sendAll(client, url, NINE);
        await plant(bench, url, alter(body));

        const first = await receiveTen(client, url);
        const good = first.filter(({ error }) => error === undefined);
        expect(good.map(({ Body }) => Body).toSorted()).toEqual(NINE);
        expect(first.flatMap(({ error }) => (error === undefined ? [] : [error.code]))).toEqual([code]);
        expect(receiveCounts(first)).toEqual(Array(10).fill("1"));
        await remove(client, url, good);

        const again = await receiveTen(client, url);
        expect(again.map(({ error }) => error?.code)).toEqual([code]);
        expect(receiveCounts(again)).toEqual(["2"]);
        expect(await receiveTen(client, url)).toEqual([]);

        const look = { VisibilityTimeout: 0 };
        const [strict] = await receiveTen(bench.client(), deadLetterUrl, look);
        expect(strict?.error?.code).toBe(code);
        expect(strict?.sealedBody).toBe(alter(body));
        const ofDead = bench.client({ deadLettersOf: [nameAt(url), origin] });
        const [letter] = await receiveTen(ofDead, deadLetterUrl, look);
        expect([letter?.Body, letter?.error === undefined]).toEqual([opens, opens !== undefined]);
      },
    ));

  it("a good message that nobody deleted opens there, and says where it comes from", async () => {
    const { url, deadLetterUrl } = await bench.queueWithDeadLetters(bench.name("tasks"), 1);
    const client = bench.client();
    await send(client, url);
    expect(receiveCounts(await receiveTen(client, url))).toEqual(["1"]);
    expect(await receiveTen(client, url)).toEqual([]);
    const [letter] = await receive(bench.client({ deadLettersOf: [nameAt(url)] }), deadLetterUrl);
    expect([letter?.Body, letter?.encryption?.queue]).toEqual([TEXT, bench.queueAt(url)]);
  });

  it("a dead letter that is moved back opens in its queue as before", async ({ task }) => {
    const { url, deadLetterUrl } = await bench.queueWithDeadLetters(bench.name("tasks"), 1);
    const client = bench.client();
    await send(client, url);
    await receive(client, url);
    expect(await receive(client, url)).toEqual([]);

    const SourceArn = await arnOfQueue(bench.sqs.client, deadLetterUrl);
    const move = client.send(new StartMessageMoveTaskCommand({ SourceArn }));
    if (server.name === "moto") {
      expect(await outcome(move)).toMatchObject({ $response: { statusCode: 500 } });
      task.meta.impossible = [{ cell: "moto: StartMessageMoveTask", reason: "it answers with status 500" }];
      return;
    }
    expect((await move).TaskHandle).toBeTypeOf("string");
    const [back] = await receiveTen(client, url, { WaitTimeSeconds: 10 });
    expect([back?.Body, back?.encryption?.queue]).toEqual([TEXT, bench.queueAt(url)]);
    await remove(client, url, [back!]);
    expect(await receive(bench.client({ deadLettersOf: [nameAt(url)] }), deadLetterUrl)).toEqual([]);
  });
});
