// Ten messages in a queue, of which one may be bad.
import { assertEqual, base64, fromBase64 } from "./bytes.mjs";

export const QUEUE = "https://sqs.us-east-1.amazonaws.com/111122223333/orders";
/** What SQS takes, and what it refuses in clear. */
export const TEXTS = ["42 pears, α", "", "\u0000\uFFFF", "🍐", "x".repeat(9000), "5", "6", "7", "8", "9"];

export const entriesOf = (texts) =>
  texts.map((MessageBody, i) => ({ Id: `${i}`, MessageBody, MessageGroupId: "g" }));

export async function receive({ sqsCommands }, client, QueueUrl) {
  const command = new sqsCommands.ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
  return (await client.send(command)).Messages ?? [];
}

/** All texts in order, but for errors of these codes at these places. */
export function assertBatch(messages, errors, what) {
  const seen = messages.map(({ Body, error }) => (error === undefined ? Body : { code: error.code }));
  const expected = TEXTS.map((text, i) => (errors[i] === undefined ? text : { code: errors[i] }));
  assertEqual(JSON.stringify(seen), JSON.stringify(expected), what);
}

/** The same message but for one bit of its last tag. */
export function altered({ Body, ...rest }) {
  const bytes = fromBase64(Body);
  bytes[bytes.length - 1] ^= 1;
  return { ...rest, Body: base64(bytes) };
}
