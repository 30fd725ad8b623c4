import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { backend } from "#crypto";
import { invalidArgument } from "../arguments.ts";
import { toBase64 } from "../bytes/base64.ts";
import { utf8 } from "../bytes/utf8.ts";
import { LimitError } from "../errors.ts";
import type { EncryptionContext } from "../types.ts";
import { messageContext } from "./context.ts";
import { MARKER, MARKER_VALUE } from "./marker.ts";
import type { SqsConfig } from "./options.ts";
import { MAX_ATTRIBUTES, messageBytes } from "./size.ts";

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

/** Seals a message for its queue: body, marker, deduplication. Too long a one goes elsewhere, or is an error. */
export async function sealBody<M extends Outgoing>(
  config: SqsConfig,
  message: M,
  request: SealBodyRequest,
): Promise<M & { readonly MessageBody: string }> {
  const { MessageBody: text } = message;
  if (typeof text !== "string" || !text.isWellFormed()) {
    throw invalidArgument("MessageBody must be a string without lone surrogates.");
  }
  const MessageAttributes = markedAttributes(message.MessageAttributes);
  const payload = utf8(text);
  const deduplication = deduplicationOf(config, message, payload, request);
  const seal = async (plaintext: Uint8Array, offloaded: boolean) => {
    const encryptionContext = messageContext(
      request.encryptionContext,
      config.boundQueue(request.queueUrl),
      offloaded,
    );
    const call = { encryptionContext, ...(request.signal !== undefined && { signal: request.signal }) };
    const { ciphertext } = await config.sealer.encrypt(plaintext, call);
    return { ...message, MessageBody: toBase64(ciphertext), MessageAttributes, ...deduplication };
  };
  const { offload, maxMessageBytes } = config;
  const sealed = await seal(payload, false);
  const bytes = messageBytes(sealed);
  if (bytes <= maxMessageBytes) return sealed;
  if (offload === undefined) throw tooLong(bytes, maxMessageBytes);
  const reference = await offload.put(payload, { signal: request.signal });
  return seal(utf8(reference), true);
}

/** The error for what SQS would refuse. `what`: a message, or a batch. */
export function tooLong(bytes: number, maximum: number, what = "A sealed message"): LimitError {
  const over = Math.ceil(((bytes - maximum) * 3) / 4);
  return new LimitError(
    "maxMessageBytes",
    bytes,
    maximum,
    `${what}, in bytes of body (base64) and attributes; about ${over} bytes of plaintext too many (send less, or set offload)`,
  );
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

function deduplicationOf(
  { deduplicationKey, boundQueue }: SqsConfig,
  { MessageDeduplicationId: id }: Outgoing,
  payload: Uint8Array,
  { queueUrl }: SealBodyRequest,
): { MessageDeduplicationId?: string } {
  if (id !== undefined || !queueUrl.endsWith(".fifo")) return {};
  if (deduplicationKey === undefined) {
    throw invalidArgument(
      "A FIFO queue needs a MessageDeduplicationId for each message, or deduplicationKey: content-based deduplication sees another ciphertext each time, and drops nothing.",
    );
  }
  const digest = backend.hmac("sha256", deduplicationKey, utf8(`${boundQueue(queueUrl) ?? ""} `));
  const tag = backend.hmac("sha256", digest, payload);
  return { MessageDeduplicationId: Array.from(tag, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}
