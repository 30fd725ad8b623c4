import { invalidArgument } from "../arguments.ts";
import type { EncryptionContext } from "../types.ts";
import type { CallOptions } from "./call.ts";
import type { EncryptionClient } from "./client.ts";

/** Options of {@link sealPayload} and {@link openPayload}. */
export interface PayloadOptions extends CallOptions {
  /** Where the payload belongs, such as `{ topic: "orders" }`: it opens nowhere else. One pair or more. */
  readonly encryptionContext: EncryptionContext;
}

/** Text is sealed to base64 text, bytes to bytes; and opened likewise. */
export type PayloadOf<P extends string | Uint8Array> = P extends string ? string : Uint8Array;

/**
 * Seals the payload of a message for whatever transports it: where a queue or stream serializes.
 *
 * @throws `TypeError` for a payload that is neither text nor bytes, and where no context binds it; what the client's
 * `encrypt` throws.
 *
 * @example
 * ```ts
 * import { createEncryptionClient, rawAesKeyring, sealPayload } from "keyfold";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "app", name: "2026", key }) });
 * const value = await sealPayload(client, "42 pears", { encryptionContext: { topic: "orders" } });
 * ```
 */
export async function sealPayload<P extends string | Uint8Array>(
  client: EncryptionClient,
  payload: P,
  options: PayloadOptions,
): Promise<PayloadOf<P>> {
  assertBound("sealPayload", options);
  const sealed =
    typeof payload === "string" ? client.encryptText(payload, options) : client.encrypt(payload, options);
  return (await sealed).ciphertext as PayloadOf<P>;
}

/**
 * Opens what {@link sealPayload} sealed, if it belongs here: each pair of the context must be there and equal.
 *
 * @throws `EncryptionContextError` if it belongs elsewhere, `MessageFormatError` if nobody sealed it; else what the
 * client's `decrypt` throws.
 *
 * @example
 * ```ts
 * import { createEncryptionClient, openPayload, rawAesKeyring, sealPayload } from "keyfold";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "app", name: "2026", key }) });
 * const encryptionContext = { topic: "orders" };
 * const value = await sealPayload(client, "42 pears", { encryptionContext });
 * console.log(await openPayload(client, value, { encryptionContext }));
 * ```
 */
export async function openPayload<P extends string | Uint8Array>(
  client: EncryptionClient,
  sealed: P,
  options: PayloadOptions,
): Promise<PayloadOf<P>> {
  assertBound("openPayload", options);
  const opened =
    typeof sealed === "string" ? client.decryptText(sealed, options) : client.decrypt(sealed, options);
  return (await opened).plaintext as PayloadOf<P>;
}

function assertBound(caller: string, options: PayloadOptions): void {
  if (Object.keys(options?.encryptionContext ?? {}).length > 0) return;
  throw invalidArgument(
    `${caller}: encryptionContext must say where the payload belongs, such as { topic: "orders" }.`,
  );
}
