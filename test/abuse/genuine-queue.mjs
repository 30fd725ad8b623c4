// The genuine messages of a queue from which hostile ones are made, and what lies elsewhere under the same key.
import { createHash } from "node:crypto";
import { aesEdk, utf8, writeMessage } from "./write-message.mjs";

export const QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/111122223333/orders";
export const QUEUE = "111122223333/orders";
export const TENANT = { tenant: "Zürich" };
export const base64 = (bytes) => Buffer.from(bytes).toString("base64");

/** Seals a text as a holder of the key would, under any pairs. */
export function sealQueued(random, key, name, text, pairs, what = {}) {
  const dataKey = random.bytes(32);
  const bytes = typeof text === "string" ? utf8(text) : text;
  const frameLength = 16;
  const pieces = [];
  for (let at = 0; at === 0 || at < bytes.length; at += frameLength)
    pieces.push(bytes.slice(at, at + frameLength));
  const edks = (own, context) => [aesEdk(random, key, own, context)];
  const message = writeMessage(random, { suite: 0x0478, pieces, frameLength, pairs, dataKey, edks, ...what });
  return { name, text, dataKey, reader: "aes", signed: false, ...message, body: base64(message.bytes) };
}

/** The pairs of a message of this queue. */
export const pairsOf = (queue, more = []) => [
  ...(queue === undefined ? [] : [["keyfold:queue", queue]]),
  ...Object.entries(TENANT),
  ...more,
];
const OFFLOADED = [["keyfold:payload", "offloaded"]];

/** What a sealed message holds in place of this payload. */
export const referenceTo = (where, payload) =>
  `${createHash("sha256").update(payload).digest("base64")} ${where}`;
/** Seals such a reference, or what stands in its place. */
export const sealReference = (random, key, name, text) =>
  sealQueued(random, key, name, text, pairsOf(QUEUE, OFFLOADED));

export function genuineQueue(random, key) {
  const here = pairsOf(QUEUE);
  const payload = "42 plums, which lie elsewhere";
  return {
    payload,
    messages: [
      sealQueued(random, key, "a text", "42 pears and 7 plums for the harbour", here),
      sealQueued(random, key, "no text", "", here),
      sealQueued(random, key, "an odd text", "\u0000\uFFFF 🍐 七", here),
      sealQueued(random, key, "a signed text", "42 apples", here, { suite: 0x0578 }),
    ],
    reference: sealReference(random, key, "a reference", referenceTo("s3://bucket/payload", payload)),
  };
}
