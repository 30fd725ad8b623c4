import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { invalidArgument } from "../arguments.ts";
import { toBase64 } from "../bytes/base64.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { MessageFacts } from "../client/facts.ts";
import type { EncryptionContext } from "../types.ts";
import { messageContext } from "./context.ts";
import { deduplicationOf } from "./deduplication.ts";
import { MARKER, MARKER_VALUE } from "./marker.ts";
import type { SqsConfig } from "./options.ts";
import { MAX_ATTRIBUTES } from "./size.ts";

/** A message to be sent, as SendMessage and each entry of a batch have it. */
export interface Outgoing {
  readonly MessageBody?: string | undefined;
  readonly MessageAttributes?: Record<string, MessageAttributeValue> | undefined;
  readonly MessageDeduplicationId?: string | undefined;
}

/** What sealing one message needs. */
export interface SealBodyRequest {
  readonly queueUrl: string;
  readonly encryptionContext: EncryptionContext;
  readonly signal: AbortSignal | undefined;
}

/** A message that has been checked, and not yet sealed. */
export interface Draft<M extends Outgoing> {
  readonly payload: Uint8Array;
  /** Seals the payload; or, in its place, the reference to where it was put. */
  seal(reference?: string): Promise<SealedBody<M>>;
}

export interface SealedBody<M extends Outgoing> {
  readonly message: M & { readonly MessageBody: string };
  readonly facts: MessageFacts;
}

/** Checks a message for its queue, and says how it is sealed: body, marker, deduplication. */
export function draftOf<M extends Outgoing>(
  config: SqsConfig,
  message: M,
  request: SealBodyRequest,
): Draft<M> {
  const { MessageBody: text } = message;
  if (typeof text !== "string" || !text.isWellFormed()) {
    throw invalidArgument("MessageBody must be a string without lone surrogates.");
  }
  const MessageAttributes = markedAttributes(message.MessageAttributes);
  const payload = utf8(text);
  const { queueUrl, signal } = request;
  const contextOf = (isOffloaded: boolean) =>
    messageContext(request.encryptionContext, config.boundQueue(queueUrl), isOffloaded);
  const deduplication = deduplicationOf(config, message, queueUrl, contextOf(false), payload);
  return {
    payload,
    async seal(reference) {
      const call = {
        encryptionContext: contextOf(reference !== undefined),
        ...(signal !== undefined && { signal }),
      };
      const plaintext = reference === undefined ? payload : utf8(reference);
      const { ciphertext, message: facts } = await config.sealer.encrypt(plaintext, call);
      const sealed = { ...message, MessageBody: toBase64(ciphertext), MessageAttributes, ...deduplication };
      return { message: sealed, facts };
    },
  };
}

function markedAttributes(
  attributes: Record<string, MessageAttributeValue> = {},
): Record<string, MessageAttributeValue> {
  if (Object.hasOwn(attributes, MARKER)) {
    throw invalidArgument(`MessageAttributes: "${MARKER}" marks sealed messages; choose another name.`);
  }
  const count = Object.keys(attributes).length;
  if (count >= MAX_ATTRIBUTES) {
    throw invalidArgument(
      `MessageAttributes: SQS takes ${MAX_ATTRIBUTES}, of which "${MARKER}" is one: ${count} are too many.`,
    );
  }
  return { ...attributes, [MARKER]: MARKER_VALUE };
}
