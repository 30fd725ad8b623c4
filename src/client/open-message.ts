import { type CallOptions, callRequest } from "./call.ts";
import { type DecryptResult, decryptBytes } from "./decrypt.ts";
import { assertBytes, clientConfig, type EncryptionClientOptions } from "./options.ts";

/**
 * Opens one whole message, as a client's `decrypt` does, without a client: a page or a function that only opens is
 * bundled without everything that seals and streams.
 *
 * @throws What {@link createEncryptionClient} and its `decrypt` throw.
 *
 * @example
 * ```ts
 * import { createEncryptionClient, openMessage, rawAesKeyring } from "keyfold";
 *
 * const keyring = rawAesKeyring({ namespace: "app", name: "2026", key: crypto.getRandomValues(new Uint8Array(32)) });
 * const { ciphertext } = await createEncryptionClient({ keyring }).encrypt(new TextEncoder().encode("42 pears"));
 * const { plaintext } = await openMessage(ciphertext, { keyring });
 * console.log(new TextDecoder().decode(plaintext));
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
