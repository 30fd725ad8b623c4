import {
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  type ReceiveMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import { invalidArgument, isMisuse } from "../arguments.ts";
import { fromBase64 } from "../bytes/base64.ts";
import { fromUtf8 } from "../bytes/utf8.ts";
import type { MessageFacts } from "../client/facts.ts";
import { inspectMessage } from "../client/inspect.ts";
import {
  EncryptionContextError,
  isKeyfoldError,
  type KeyfoldError,
  KeyringError,
  MessageFormatError,
  StoreError,
} from "../errors.ts";
import type { EncryptionContext } from "../types.ts";
import { callOf, type SqsCallOptions } from "./call.ts";
import { callerPairs, isOffloaded, messageContext, ownContext, QUEUE_PAIR } from "./context.ts";
import { MARKER, markOf, withoutMarker } from "./marker.ts";
import type { PayloadOffload } from "./offload.ts";
import type { SqsConfig } from "./options.ts";
import { shownQueue } from "./queue.ts";
import { type Reference, readReference } from "./reference.ts";
import { requiredUrl } from "./send.ts";

/** How a message was sealed. */
export interface MessageEncryption {
  /** The queue that it was sealed for, `account/name`: another one than this for a dead letter. Undefined: for any. */
  readonly queue: string | undefined;
  /** The caller's pairs, verified. */
  readonly encryptionContext: EncryptionContext;
  /** Where the payload lay, if it was offloaded. */
  readonly offloaded: string | undefined;
  /** The facts of the sealed message's header; of the reference, if the payload was offloaded. */
  readonly message: MessageFacts;
}

/**
 * A message of the queue, in clear. With `error` in place of `Body` if it did not open: the others do all the same, and
 * its receipt handle lets the redrive policy work.
 */
export type ReceivedMessage = Message & {
  /** Undefined: nobody sealed it, or it did not open. */
  readonly encryption?: MessageEncryption;
  /** Why it did not open. */
  readonly error?: KeyfoldError;
  /** The body as it was received, of a message that did not open. */
  readonly sealedBody?: string;
};

export type ReceiveReply = Omit<ReceiveMessageCommandOutput, "Messages"> & {
  Messages?: ReceivedMessage[] | undefined;
};

/** Receives messages and opens each for itself. */
export async function receiveMessage(
  config: SqsConfig,
  input: ReceiveMessageCommandInput,
  { encryptionContext, abortSignal: signal }: SqsCallOptions,
): Promise<ReceiveReply> {
  const queueUrl = requiredUrl(input);
  const own = ownContext(config, encryptionContext);
  // What is wrong with the call is said before messages are taken from the queue.
  config.boundQueue(queueUrl);
  const MessageAttributeNames = namesWithMarker(input.MessageAttributeNames);
  const command = new ReceiveMessageCommand({ ...input, MessageAttributeNames });
  const reply = (await config.client.send(command, callOf(signal))) as ReceiveMessageCommandOutput;
  if (reply.Messages === undefined) return reply;
  const open = (message: Message) => openedOrMarked(config, message, { queueUrl, own, signal });
  return { ...reply, Messages: await Promise.all(reply.Messages.map(open)) };
}

/** `All` and `.*` stand for all of them. */
function namesWithMarker(names: readonly string[] = []): string[] {
  return names.some((name) => [MARKER, "All", ".*"].includes(name)) ? [...names] : [...names, MARKER];
}

interface OpenRequest {
  readonly queueUrl: string;
  readonly own: EncryptionContext;
  readonly signal: AbortSignal | undefined;
}

async function openedOrMarked(
  config: SqsConfig,
  message: Message,
  request: OpenRequest,
): Promise<ReceivedMessage> {
  // The digests are those of what was sent, and SQS's client has compared them.
  const { Body, MD5OfBody: _, MD5OfMessageAttributes: __, MessageAttributes, ...rest } = message;
  const attributes = withoutMarker(MessageAttributes);
  const shown = attributes === undefined ? rest : { ...rest, MessageAttributes: attributes };
  try {
    const mark = markOf(MessageAttributes);
    if (mark === "plain" && config.passesPlaintext) return message;
    if (mark !== "sealed") throw notSealed(mark);
    return { ...shown, ...(await open(config, Body ?? "", request)) };
  } catch (thrown) {
    request.signal?.throwIfAborted();
    const error = typed(thrown);
    return Body === undefined ? { ...shown, error } : { ...shown, error, sealedBody: Body };
  }
}

/** Whatever one message makes a caller's own materials manager throw, the other messages are not lost by it. */
function typed(error: unknown): KeyfoldError {
  if (isKeyfoldError(error)) return error;
  return new KeyringError("of the SQS client", "it failed for this message; see cause.", { cause: error });
}

async function open(
  config: SqsConfig,
  body: string,
  { queueUrl, own, signal }: OpenRequest,
): Promise<{ Body: string; encryption: MessageEncryption }> {
  const bytes = fromBase64(body);
  if (bytes === null) throw new MessageFormatError("The body of a sealed message must be base64");
  const queue = acceptedQueue(config, inspectMessage(bytes).encryptionContext, queueUrl);
  const expected = messageContext(own, queue, false);
  const call = { encryptionContext: expected, ...(signal !== undefined && { signal }) };
  const { plaintext, encryptionContext, message } = await config.sealer.decrypt(bytes, call);
  const text = fromUtf8(plaintext);
  if (text === null)
    throw new MessageFormatError("The message is authentic, but holds bytes that are not UTF-8");
  const reference = isOffloaded(encryptionContext) ? readReference(text) : undefined;
  const Body = reference === undefined ? text : await fetched(config, reference, signal);
  const offloaded = reference?.where;
  return {
    Body,
    encryption: { queue, encryptionContext: callerPairs(encryptionContext), offloaded, message },
  };
}

/** The queue that a message may have been sealed for: this one, or one whose dead letters arrive here. */
function acceptedQueue(config: SqsConfig, stored: EncryptionContext, queueUrl: string): string | undefined {
  const here = config.boundQueue(queueUrl);
  const origin = stored[QUEUE_PAIR];
  if (here === undefined || origin === undefined || origin === here) return here ?? origin;
  if (config.isOrigin(origin, queueUrl)) return origin;
  throw new EncryptionContextError(
    `The message was sealed for ${shownQueue(origin)}, and came from ${here}. If this is its dead-letter queue, name it in deadLettersOf.`,
    QUEUE_PAIR,
  );
}

async function fetched(
  { offload }: SqsConfig,
  { where, assertHolds }: Reference,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (offload === undefined) {
    throw new MessageFormatError("The message's payload was offloaded: set offload to fetch it");
  }
  const payload = await stored(offload, where, signal);
  assertHolds(payload);
  const text = fromUtf8(payload);
  if (text === null) throw new MessageFormatError("The offloaded payload holds bytes that are not UTF-8");
  return text;
}

/** Whatever the caller's store does instead of answering bytes is the store's failure. */
async function stored(
  offload: PayloadOffload,
  where: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  try {
    const payload: unknown = await offload.get(where, { signal });
    if (payload instanceof Uint8Array) return payload;
    throw invalidArgument("offload.get must answer a Uint8Array.");
  } catch (cause) {
    throw isKeyfoldError(cause) ? cause : notFetched(where, cause);
  }
}

function notFetched(where: string, cause: unknown): StoreError {
  const details = {
    store: "offload",
    operation: "get",
    keyId: undefined,
    remedy: "Receive the message again when it is there; or let it become a dead letter.",
    transient: !isMisuse(cause),
  };
  // As long as bucket and key can be.
  return new StoreError(`no payload for ${JSON.stringify(where.slice(0, 1088))}; see cause`, details, {
    cause,
  });
}

function notSealed(mark: "plain" | { readonly version: string }): MessageFormatError {
  return new MessageFormatError(
    mark === "plain"
      ? `Nobody sealed this message: it has no attribute "${MARKER}". Set plaintext to "pass" if the queue holds both`
      : "The message was sealed by a newer version of keyfold",
  );
}
