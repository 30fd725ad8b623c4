import { isPromise } from "../awaitable.ts";
import { AuthenticationError, TruncatedError } from "../errors.ts";
import { BodyOpener } from "../message/body.ts";
import { readFooter, trailingBytes } from "../message/footer.ts";
import { parseHeader } from "../message/header.ts";
import type { Awaitable, EncryptedDataKey, EncryptionContext } from "../types.ts";
import type { MessageFacts } from "./facts.ts";
import { type OpenedHeader, type OpenRequest, openHeader } from "./open-header.ts";
import type { ClientConfig } from "./options.ts";
import { tell } from "./tell.ts";

/** What opening answers; `Plaintext` is text for `decryptText`. */
export interface DecryptResult<Plaintext = Uint8Array> {
  /** Verified to the last byte. */
  readonly plaintext: Plaintext;
  /** The pairs that the writer bound, verified. */
  readonly encryptionContext: EncryptionContext;
  /** What stands in the header, verified. */
  readonly message: MessageFacts;
  /** The encrypted data key that opened. */
  readonly opened: EncryptedDataKey;
}

/** Opens one whole message: nothing more and nothing less than these bytes. */
export async function decryptBytes(
  config: ClientConfig,
  ciphertext: Uint8Array,
  request: OpenRequest,
): Promise<DecryptResult> {
  const header = parseHeader(ciphertext, config);
  const opened = await openHeader(config, header, request, Number.POSITIVE_INFINITY);
  try {
    const start = header.bytes.length;
    const body = new BodyOpener(header, opened.gcm, Number.POSITIVE_INFINITY);
    const measured = body.measure(ciphertext, start);
    if (!measured.final) throw new TruncatedError("the message body");
    const signature = readSignature(opened, ciphertext.subarray(measured.end));
    const answer = body.open(ciphertext, start, measured);
    const plaintext = isPromise(answer) ? await answer : answer;
    opened.verifier?.update(ciphertext.subarray(start, measured.end));
    const holds = verifies(opened, signature);
    if (!(isPromise(holds) ? await holds : holds)) {
      plaintext.fill(0);
      throw new AuthenticationError();
    }
    tell(config.observer, "decrypted", header.suite, plaintext.length, ciphertext.length);
    const { facts: message } = opened;
    return { plaintext, encryptionContext: message.encryptionContext, message, opened: opened.opened };
  } finally {
    opened.close();
  }
}

/** The signature behind the last frame; null for unsigned suites, behind whose last frame nothing may stand. */
export function readSignature({ facts }: OpenedHeader, footer: Uint8Array): Uint8Array | null {
  if (facts.suite.signature !== null) return readFooter(footer, facts.suite.signature);
  if (footer.length > 0) throw trailingBytes();
  return null;
}

/** Whether the signature holds; true for unsigned suites. */
export function verifies({ verifier }: OpenedHeader, signature: Uint8Array | null): Awaitable<boolean> {
  return verifier === null || (signature !== null && verifier.verify(signature));
}
