import { type CallOptions, callRequest } from "./call.ts";
import { type DecryptResult, decryptBytes } from "./decrypt.ts";
import { assertBytes, clientConfig, type EncryptionClientOptions } from "./options.ts";

/**
 * Opens one whole message, as a client's `decrypt` does, without a client: a page or a function that only opens is
 * bundled without everything that seals and streams.
 *
 * @throws what `createEncryptionClient` and its `decrypt` throw.
 *
 * @example
 * ```ts
 * const { plaintext } = await openMessage(ciphertext, { keyring, encryptionContext: { tenant: "t1" } });
 * ```
 */
export async function openMessage(
  ciphertext: Uint8Array,
  options: EncryptionClientOptions & CallOptions,
): Promise<DecryptResult> {
  const config = clientConfig("openMessage", options);
  assertBytes(ciphertext, "openMessage: the ciphertext", "decryptText of a client");
  return await decryptBytes(config, ciphertext, callRequest(options));
}
