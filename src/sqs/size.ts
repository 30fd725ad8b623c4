import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { utf8Length } from "../bytes/utf8.ts";
import type { MessageFacts } from "../client/facts.ts";

/** Bytes of a message, or of all messages of a batch: what SQS takes since August 2025. */
export const MAX_MESSAGE_BYTES: number = 1_048_576;
/** SQS takes no more attributes on a message. */
export const MAX_ATTRIBUTES = 10;

/** A message, by what counts. */
export interface Sized {
  readonly MessageBody?: string | undefined;
  readonly MessageAttributes?: Readonly<Record<string, MessageAttributeValue>> | undefined;
}

/** Bytes that SQS counts: the body, and of each attribute its name, its type and its value. */
export function messageBytes({ MessageBody = "", MessageAttributes = {} }: Sized): number {
  let bytes = utf8Length(MessageBody);
  for (const [name, { DataType = "", StringValue = "", BinaryValue }] of Object.entries(MessageAttributes)) {
    bytes += utf8Length(name) + utf8Length(DataType) + utf8Length(StringValue) + (BinaryValue?.length ?? 0);
  }
  return bytes;
}

/**
 * How many bytes of plaintext are too many for a body of this many characters of base64; undefined: not even none would
 * fit. Exact for unsigned suites; for signed ones, a few bytes more than needed.
 */
export function plaintextExcess(
  facts: MessageFacts,
  plaintextBytes: number,
  forBody: number,
): number | undefined {
  const forMessage = Math.floor(forBody / 4) * 3;
  let [fits, over] = [-1, plaintextBytes + 1];
  while (over - fits > 1) {
    const middle = Math.floor((fits + over) / 2);
    if (facts.ciphertextSize(middle) <= forMessage) fits = middle;
    else over = middle;
  }
  return fits < 0 ? undefined : plaintextBytes - fits;
}
