import { parseHeader } from "../message/header.ts";
import { MessageFacts } from "./facts.ts";
import { assertBytes } from "./options.ts";

/** The widest limits: inspecting asks no key for anything, and allocates no more than it is given. */
const LIMITS = {
  maxEncryptedDataKeys: 0xffff,
  maxHeaderBytes: Number.MAX_SAFE_INTEGER,
  maxFrameLength: 0xffffffff,
};

/**
 * Reads the header of a message, or of its beginning: suite, context, wrapping keys, sizes. Needs no key, and
 * verifies nothing: whoever handed over the bytes may have written anything into them (data-format/message-header).
 *
 * @throws `MessageFormatError`, `TruncatedError` or `AlgorithmSuiteError` if this is no header.
 *
 * @example
 * ```ts
 * import { createEncryptionClient, inspectMessage, rawAesKeyring } from "keyfold";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "app", name: "2026", key }) });
 * const { ciphertext } = await client.encrypt(new Uint8Array(8), { encryptionContext: { tenant: "t1" } });
 * const { suite, encryptionContext, wrappingKeys } = inspectMessage(ciphertext);
 * console.log(suite.name, encryptionContext, wrappingKeys);
 * ```
 */
export function inspectMessage(ciphertext: Uint8Array): MessageFacts {
  assertBytes(ciphertext, "inspectMessage: the ciphertext", "fromBase64 of your runtime");
  const header = parseHeader(ciphertext, LIMITS);
  return new MessageFacts({ ...header, headerLength: header.bytes.length });
}
