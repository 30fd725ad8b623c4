// Ten queue messages of 1 KiB by one call, with a reused data key: keyfold's SQS client, and what one would write by hand,
// over an SQS that keeps nothing: what is timed lies before the request and behind the reply.
import { ReceiveMessageCommand, SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { cachingMaterialsManager, createEncryptionClient } from "keyfold";
import { createSqsEncryptionClient } from "keyfold/sqs";
import { interleaved } from "./measure.mjs";
import { keyring, official, officialCache, officialKeyring, UNSIGNED } from "./peers.mjs";
import { effort, headline, perSecond, table, times } from "./report.mjs";

const COUNT = 10;
const QueueUrl = "https://sqs.us-east-1.amazonaws.com/111122223333/orders";
const encryptionContext = { "keyfold:queue": "111122223333/orders" };
const text = "x".repeat(1024);
const Entries = Array.from({ length: COUNT }, (_, i) => ({ Id: `${i}`, MessageBody: text }));
const MessageAttributes = { keyfold: { DataType: "String", StringValue: "1" } };
const options = {
  rounds: effort({ quick: 3, normal: 15 }),
  turn: effort({ quick: 20, normal: 100 }),
  warmUp: effort({ quick: 60, normal: 1000 }),
};

/** Takes what it is given, and gives what was sent last. */
const queue = {
  Messages: [],
  async send({ input }) {
    if (input.Entries === undefined) return { Messages: queue.Messages };
    queue.Messages = input.Entries.map(({ MessageBody: Body }) => ({ Body, MessageAttributes }));
    return {};
  },
};

const sqs = createSqsEncryptionClient({ client: queue, keyring });
const client = createEncryptionClient({ materialsManager: cachingMaterialsManager({ keyring }) });
const manager = officialCache(officialKeyring);
/** As one would send without an SQS client that seals: each text by a function, and a command of one's own. */
const byHand = (sealText) => async () => {
  const sealed = Entries.map(async ({ Id, MessageBody }) => ({
    Id,
    MessageBody: await sealText(MessageBody),
    MessageAttributes,
  }));
  return queue.send(new SendMessageBatchCommand({ QueueUrl, Entries: await Promise.all(sealed) }));
};
const received = (openText) => async () => {
  const { Messages } = await queue.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: COUNT }));
  return Promise.all(Messages.map(({ Body }) => openText(Body)));
};

const send = {
  keyfold: () => sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
  "by hand": byHand(async (body) => (await client.encryptText(body, { encryptionContext })).ciphertext),
  official: byHand(async (body) => {
    const { result } = await official.encrypt(manager, Buffer.from(body), {
      encryptionContext,
      suiteId: UNSIGNED,
    });
    return result.toString("base64");
  }),
};
const receive = {
  keyfold: async () =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: COUNT }))).Messages.map(
      ({ Body }) => Body,
    ),
  "by hand": received(async (body) => (await client.decryptText(body, { encryptionContext })).plaintext),
  official: received(async (body) =>
    (await official.decrypt(manager, Buffer.from(body, "base64"))).plaintext.toString(),
  ),
};

const sent = await interleaved(send, options);
await send.keyfold();
for (const [name, open] of Object.entries(receive)) {
  const texts = await open();
  if (texts.length !== COUNT || texts.some((each) => each !== text)) throw new Error(`${name}: another text`);
}
const opened = await interleaved(receive, options);

const rows = { "seal and send": sent, "receive and open": opened };
table(
  `${COUNT} queue messages of 1 KiB by one call, reused data key, raw AES (microseconds a message; by hand: encryptText or decryptText for each)`,
  ["", "keyfold", "by hand", "official", "of by hand", "over official"],
  Object.entries(rows).map(([what, us]) => [
    what,
    ...[us.keyfold, us["by hand"], us.official].map((time) => (time / COUNT).toFixed(1)),
    times(us["by hand"] / us.keyfold),
    times(us.official / us.keyfold),
  ]),
);
for (const [what, us] of Object.entries(rows)) {
  headline(
    `SQS: ${what} ten messages of 1 KiB, reused data key`,
    `${times(us["by hand"] / us.keyfold)} as fast as its own client called for each of them`,
    perSecond(us.keyfold / COUNT),
    perSecond(us["by hand"] / COUNT),
  );
}
