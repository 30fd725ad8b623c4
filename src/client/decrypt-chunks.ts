import { copy } from "../bytes/arrays.ts";
import { AuthenticationError, LimitError, TruncatedError } from "../errors.ts";
import { BodyOpener } from "../message/body.ts";
import { maxFooterLength } from "../message/footer.ts";
import { endOfHeader, type MessageHeader, readHeader } from "../message/header.ts";
import { HeaderScanner } from "../message/header-scanner.ts";
import { ByteWindow } from "./byte-window.ts";
import { readSignature, verifies } from "./decrypt.ts";
import type { MessageFacts } from "./facts.ts";
import { type OpenRequest, openHeader } from "./open-header.ts";
import type { ClientConfig } from "./options.ts";
import { tell } from "./tell.ts";

/** What opening a stream needs. */
export interface OpenStreamRequest extends OpenRequest {
  /** Release frames of signed messages before their signature is checked. */
  readonly releaseBeforeSignature: boolean;
}

/**
 * Opens chunks as they are pulled, and yields plaintext whose tags are verified; for signed suites only once the
 * signature is, unless the caller said otherwise. `opened` hears of the header as soon as it is verified.
 */
export async function* decryptChunks(
  config: ClientConfig,
  input: AsyncIterable<Uint8Array>,
  request: OpenStreamRequest,
  opened: (facts: MessageFacts) => void,
): AsyncGenerator<Uint8Array, void, void> {
  const { signedBufferLimit } = config;
  const window = new ByteWindow(input);
  const header = await arrivingHeader(window, config);
  const message = await openHeader(config, header, request, signedBufferLimit);
  const { verifier } = message;
  const held: Uint8Array[] | null = verifier === null || request.releaseBeforeSignature ? null : [];
  try {
    opened(message.facts);
    const body = new BodyOpener(header, message.gcm, signedBufferLimit);
    let plaintextBytes = 0;
    while (!body.done) {
      const measured = body.measure(window.bytes, 0);
      const { end, plaintext, final, needed } = measured;
      if (held !== null && plaintextBytes + plaintext > signedBufferLimit) {
        throw new LimitError("signedBufferLimit", plaintextBytes + plaintext, signedBufferLimit, HELD);
      }
      if (end > 0) {
        const out = await body.open(window.bytes, 0, measured);
        verifier?.update(window.bytes.subarray(0, end));
        window.consume(end);
        plaintextBytes += plaintext;
        if (held !== null) held.push(out);
        else if (plaintext > 0) yield out;
      }
      if (!final && !(await window.fill(needed - end))) throw new TruncatedError("the message body");
    }
    // One byte more than any footer has, to find what must not be there.
    await window.fill(maxFooterLength(header.suite) + 1);
    const signature = readSignature(message, window.bytes);
    if (!(await verifies(message, signature))) throw new AuthenticationError();
    for (const out of held?.splice(0) ?? []) if (out.length > 0) yield out;
    const ciphertextBytes = window.consumed + window.bytes.length;
    tell(config.observer, "decrypted", header.suite, plaintextBytes, ciphertextBytes);
  } finally {
    for (const out of held ?? []) out.fill(0);
    message.close();
  }
}

const HELD =
  "Plaintext held until the signature is verified (raise the limit, use decrypt, or accept releaseBeforeSignature)";

async function arrivingHeader(window: ByteWindow, config: ClientConfig): Promise<MessageHeader> {
  const scanner = new HeaderScanner(config);
  let length = scanner.scan(window.bytes);
  while (window.bytes.length < length) {
    if (!(await window.fill(length))) throw endOfHeader(window.bytes.length);
    length = scanner.scan(window.bytes);
  }
  const header = readHeader(copy(window.bytes, 0, length), config);
  window.consume(length);
  return header;
}
