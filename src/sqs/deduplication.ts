import { backend } from "#crypto";
import { invalidArgument } from "../arguments.ts";
import { serializeContext } from "../message/context.ts";
import type { EncryptionContext } from "../types.ts";
import type { SqsConfig } from "./options.ts";

/**
 * The id of a message for a FIFO queue, if it has none: the same for the same payload under the same encryption
 * context, which names the queue. Who lacks the secret cannot guess payloads by it.
 */
export function deduplicationOf(
  { deduplicationKey }: SqsConfig,
  { MessageDeduplicationId: id }: { readonly MessageDeduplicationId?: string | undefined },
  queueUrl: string,
  encryptionContext: EncryptionContext,
  payload: Uint8Array,
): { readonly MessageDeduplicationId?: string } {
  if (id !== undefined || !queueUrl.endsWith(".fifo")) return {};
  if (deduplicationKey === undefined) {
    throw invalidArgument(
      "A FIFO queue needs a MessageDeduplicationId for each message, or deduplicationKey: content-based deduplication sees another ciphertext each time, and drops nothing.",
    );
  }
  // Two steps, so that no context and payload can be taken for others.
  const ofContext = backend.hmac("sha256", deduplicationKey, serializeContext(encryptionContext));
  const tag = backend.hmac("sha256", ofContext, payload);
  return { MessageDeduplicationId: Array.from(tag, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}
