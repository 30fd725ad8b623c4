// The SQS client on every runtime, and payloads for other transports.
import { assertEqual, assertRefused, pattern } from "./bytes.mjs";
import { memorySqs } from "./memory-sqs.mjs";
import { altered, assertBatch, entriesOf, QUEUE, receive, TEXTS } from "./sqs-batch.mjs";

const OTHER = "https://sqs.us-east-1.amazonaws.com/111122223333/others";
const CONTEXT = { topic: "orders" };

export const SQS_CHECKS = {
  async "SQS client"(library, { aes, kms }) {
    const { sqs, sqsCommands } = library;
    const { DeleteMessageCommand, SendMessageBatchCommand, SendMessageCommand } = sqsCommands;
    for (const keyring of [kms, aes]) {
      const port = memorySqs();
      const client = sqs.createSqsEncryptionClient({ client: port, keyring });
      const { Successful } = await client.send(
        new SendMessageBatchCommand({ QueueUrl: QUEUE, Entries: entriesOf(TEXTS) }),
      );
      assertEqual(Successful.length, TEXTS.length, "sent");
      const stored = port.messagesAt(QUEUE);
      assertEqual(/^[\w+/]+=*$/.test(stored[0].Body), true, "base64 in the queue");
      assertBatch(await receive(library, client, QUEUE), {}, "all of a batch");

      for (const message of stored) port.messagesAt(OTHER).push(message);
      const elsewhere = await receive(library, client, OTHER);
      const codes = new Set(elsewhere.map(({ error }) => error?.code));
      assertEqual([...codes].join(), "ERR_ENCRYPTION_CONTEXT", "in another queue");
      const ofDead = sqs.createSqsEncryptionClient({ client: port, keyring, deadLettersOf: ["orders"] });
      assertBatch(await receive(library, ofDead, OTHER), {}, "dead letters");

      stored[4] = altered(stored[4]);
      const messages = await receive(library, client, QUEUE);
      assertBatch(messages, { 4: "ERR_AUTHENTICATION" }, "one of ten altered");
      const { ReceiptHandle } = messages[0];
      await client.send(new DeleteMessageCommand({ QueueUrl: QUEUE, ReceiptHandle }));
      assertEqual((await receive(library, client, QUEUE)).length, 9, "left");

      const long = new SendMessageCommand({ QueueUrl: QUEUE, MessageBody: "x".repeat(800_000) });
      await assertRefused(() => client.send(long), "ERR_LIMIT", "a message that is too long");
      client.dispose();
      await assertRefused(() => receive(library, client, QUEUE), "ERR_INVALID_ARGUMENT", "disposed of");
    }
  },

  async payloads({ keyfold, sqs }, { aes }) {
    const client = keyfold.createEncryptionClient({ keyring: aes });
    const options = { encryptionContext: CONTEXT };
    for (const payload of ["42 pears, α", "", pattern(9000)]) {
      const sealed = await sqs.sealPayload(client, payload, options);
      assertEqual(typeof sealed, typeof payload, "text for text, bytes for bytes");
      assertEqual(await sqs.openPayload(client, sealed, options), payload, "a payload");
      const elsewhere = { encryptionContext: { topic: "others" } };
      const opening = () => sqs.openPayload(client, sealed, elsewhere);
      await assertRefused(opening, "ERR_ENCRYPTION_CONTEXT", "in another topic");
    }
  },
};
