import { LimitError } from "../errors.ts";
import type { SqsConfig } from "./options.ts";
import { writeReference } from "./reference.ts";
import type { Draft, Outgoing, SealedBody } from "./seal-body.ts";
import { MAX_MESSAGE_BYTES, messageBytes, plaintextExcess } from "./size.ts";

interface Item<M extends Outgoing> extends SealedBody<M> {
  readonly draft: Draft<M>;
  readonly bytes: number;
  readonly isOffloaded: boolean;
}

/**
 * Seals messages that are sent together. What SQS would refuse as too long goes to `offload`: each message that is too
 * long for itself, then the longest ones until the sum fits. Without `offload`, or if that does not help, it is an error.
 */
export async function sealToFit<M extends Outgoing>(
  { offload, maxMessageBytes }: SqsConfig,
  drafts: readonly Draft<M>[],
  signal: AbortSignal | undefined,
): Promise<SealedBody<M>["message"][]> {
  const shorter = async ({ draft }: Item<M>): Promise<Item<M>> => {
    const where = await offload!.put(draft.payload, { signal });
    return itemOf(draft, writeReference(where, draft.payload));
  };
  const items = await Promise.all(drafts.map((draft) => itemOf(draft)));
  const canShorten = (item: Item<M>) => offload !== undefined && !item.isOffloaded;

  // Nothing is put anywhere for messages of which one cannot be sent.
  for (const item of items) {
    if (item.bytes > maxMessageBytes && !canShorten(item)) throw tooLong(item, maxMessageBytes);
  }
  for (const [i, item] of items.entries()) {
    if (item.bytes <= maxMessageBytes) continue;
    items[i] = await shorter(item);
    if (items[i].bytes > maxMessageBytes) throw tooLong(items[i], maxMessageBytes);
  }
  for (;;) {
    const sum = items.reduce((bytes, item) => bytes + item.bytes, 0);
    if (sum <= MAX_MESSAGE_BYTES) return items.map(({ message }) => message);
    const longest = items.filter(canShorten).toSorted((a, b) => b.bytes - a.bytes)[0];
    if (longest === undefined) throw batchTooLong(sum);
    items[items.indexOf(longest)] = await shorter(longest);
  }
}

async function itemOf<M extends Outgoing>(draft: Draft<M>, reference?: string): Promise<Item<M>> {
  const sealed = await draft.seal(reference);
  const { MessageBody, MessageAttributes } = sealed.message;
  // Base64 is as many bytes as characters: the body is counted without being read.
  const bytes = MessageBody.length + messageBytes({ MessageAttributes });
  return { ...sealed, draft, bytes, isOffloaded: reference !== undefined };
}

function tooLong<M extends Outgoing>(item: Item<M>, maximum: number): LimitError {
  const { message, facts, draft, bytes, isOffloaded } = item;
  const forBody = maximum - (bytes - message.MessageBody.length);
  const excess = isOffloaded ? undefined : plaintextExcess(facts, draft.payload.length, forBody);
  const remedy =
    excess === undefined
      ? "the attributes alone are too many"
      : `${excess} bytes of plaintext too many: send less, or set offload`;
  const what = `A sealed message, body in base64 and attributes (${remedy})`;
  return new LimitError("maxMessageBytes", bytes, maximum, what);
}

function batchTooLong(sum: number): LimitError {
  const what = `A sealed batch, bodies in base64 and attributes (${sum - MAX_MESSAGE_BYTES} bytes too many: send it in parts, or set offload)`;
  return new LimitError("SQS_BATCH_BYTES", sum, MAX_MESSAGE_BYTES, what);
}
