import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { utf8Length } from "../bytes/utf8.ts";

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

/** Characters of base64 for this many bytes. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}
