import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isKeyfoldError } from "../../src/index.ts";
import { textOf } from "../support/failure.ts";
import { check, someText } from "../support/property.ts";
import { MARK, receive, sealedByHand, startQueue, TEXT } from "./helpers.ts";

const QUEUE = { "keyfold:queue": "000000000000/orders" };
/** What SQS takes in a body. */
const inXml = (text: string) => text !== "" && !/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD]/.test(text);

/** A sealed body, altered in one of many ways. */
function altered(body: string): fc.Arbitrary<string> {
  const bytes = Buffer.from(body, "base64");
  const at = fc.nat(bytes.length - 1);
  const ofBytes = fc.oneof(
    fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(([i, by]) => bytes.with(i, bytes[i]! ^ by)),
    at.map((length) => bytes.subarray(0, length + 1)),
    fc.tuple(at, at).map(([i, length]) => Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + length)])),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => Buffer.concat([bytes, more])),
  );
  return fc
    .oneof(
      { weight: 4, arbitrary: ofBytes.map((changed) => Buffer.from(changed).toString("base64")) },
      { weight: 1, arbitrary: someText(60) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(` ${body}`, `${body}\n`, body.replace(/.$/, "="), body + body),
      },
    )
    .filter((text) => inXml(text) && text !== body);
}

it("whatever lies in the queue beside it, a good message opens, and the others have typed errors", async () => {
  const place = await startQueue();
  const client = place.client();
  const good = await sealedByHand(place.keyring, TEXT, QUEUE);
  await check(
    fc.array(altered(good), { minLength: 9, maxLength: 9 }),
    async (bad) => {
      const bodies = [...bad.slice(0, 4), good, ...bad.slice(4)];
      const Entries = bodies.map((MessageBody, i) => ({
        Id: `${i}`,
        MessageBody,
        MessageAttributes: MARK,
      }));
      await place.sqs.client.send(new SendMessageBatchCommand({ QueueUrl: place.url, Entries }));
      const messages = await receive(client, place.url);
      expect(messages).toHaveLength(10);
      for (const [i, message] of messages.entries()) {
        expect(message.ReceiptHandle).toBeTypeOf("string");
        if (i === 4) {
          expect([message.Body, message.error]).toEqual([TEXT, undefined]);
          continue;
        }
        expect(isKeyfoldError(message.error)).toBe(true);
        expect(message).not.toHaveProperty("Body");
        expect(message.sealedBody).toBe(bodies[i]);
        expect(textOf(message.error)).not.toContain("plaintext-marker");
      }
    },
    60,
  );
});
