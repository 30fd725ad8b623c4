// Receives a hostile message among good ones through keyfold's SQS client. SQS itself is a stand-in that answers what it
// is told to.
import { QUEUE_URL, TENANT } from "./genuine-queue.mjs";
import { STORE } from "./queue-cases.mjs";
import { utf8 } from "./write-message.mjs";

export function queueReader(lib, { key, queue }) {
  const keyring = lib.rawAesKeyring({ namespace: "test", name: "k", key });
  const place = { batch: [], fetched: 0 };
  const client = lib.createSqsEncryptionClient({
    client: { send: async () => ({ Messages: place.batch }) },
    keyring,
    encryptionContext: TENANT,
    offload: {
      put: () => Promise.reject(new Error("nothing is put anywhere")),
      async get(where) {
        place.fetched++;
        if (where === "s3://bucket/payload") return utf8(queue.payload);
        if (!Object.hasOwn(STORE, where)) throw new Error("not there");
        return STORE[where]();
      },
    },
  });
  const goods = [...queue.messages, { ...queue.reference, text: queue.payload, fetches: 1 }];
  // Only its name is asked for.
  class ReceiveMessageCommand {
    input = { QueueUrl: QUEUE_URL, MaxNumberOfMessages: 10 };
  }

  /** Receives good messages in this order, with a hostile one at this place. */
  async function receive(chosen, hostile, at) {
    const good = chosen.map(({ body: Body }) => ({
      Body,
      MessageAttributes: { keyfold: { DataType: "String", StringValue: "1" } },
    }));
    place.batch = (hostile === undefined ? good : good.toSpliced(at, 0, hostile)).map((message, i) => ({
      ...message,
      ReceiptHandle: `handle ${i}`,
    }));
    place.fetched = 0;
    const { Messages } = await client.send(new ReceiveMessageCommand());
    const rest = hostile === undefined ? Messages : Messages.toSpliced(at, 1);
    const lost = chosen.filter(({ text }, i) => rest[i]?.error !== undefined || rest[i]?.Body !== text);
    const fetched = place.fetched - chosen.reduce((sum, { fetches = 0 }) => sum + fetches, 0);
    return { received: Messages[at], lost: lost.map(({ name }) => name), fetched };
  }

  return {
    /** Without this every refusal could be for want of a key. */
    async assertGenuineOpens() {
      const { lost } = await receive(goods, undefined, 0);
      if (lost.length > 0) throw new Error(`the queue's ${lost.join(", ")}: not opened`);
    },

    /** What the hostile message's error is, and what else went wrong. */
    async feed(random, { message, mayFetch = false }) {
      const count = random.chance(10) ? 9 : 1;
      const chosen = Array.from({ length: count }, () => random.pick(goods));
      const at = random.below(count + 1);
      const { received, lost, fetched } = await receive(chosen, message, at);
      const faults = lost.map((name) => `${name} was lost beside it`);
      if (received.ReceiptHandle !== `handle ${at}`) faults.push("another handle");
      if ("Body" in received || "encryption" in received) faults.push("a body beside the error");
      if (message.Body !== undefined && received.sealedBody !== message.Body) faults.push("another body");
      if (fetched > 0 && !mayFetch) faults.push("something was fetched for it");
      return { error: received.error, faults };
    },
  };
}
