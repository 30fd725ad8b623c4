import { concat } from "../bytes/arrays.ts";
import { FRAME_OVERHEAD } from "../message/body.ts";
import { writeFooter } from "../message/footer.ts";
import { bodySize } from "../message/sizes.ts";
import type { EncryptionContext } from "../types.ts";
import { beginMessage, type OpenMessage } from "./begin-message.ts";
import type { MessageFacts } from "./facts.ts";
import { assertBytes, type ClientConfig } from "./options.ts";
import { tell } from "./tell.ts";

/** What sealing needs beside the plaintext; the context has been checked. */
export interface SealRequest {
  readonly encryptionContext: EncryptionContext;
  readonly signal: AbortSignal | undefined;
}

/** Seals bytes into one message. */
export async function encryptBytes(
  config: ClientConfig,
  plaintext: Uint8Array,
  request: SealRequest,
): Promise<{ ciphertext: Uint8Array; message: MessageFacts }> {
  const { frameLength } = config;
  const message = await beginMessage(
    config,
    { ...request, plaintextLength: plaintext.length, maxSignedBytes: Number.POSITIVE_INFINITY },
    (headerLength) => new Uint8Array(headerLength + bodySize(plaintext.length, frameLength)),
  );
  try {
    const { buffer: sealed, header, frames, facts } = message;
    const regular =
      plaintext.length === 0 ? 0 : (Math.ceil(plaintext.length / frameLength) - 1) * frameLength;
    const end = await frames.sealFrames(plaintext.subarray(0, regular), sealed, header.length);
    await frames.sealFinal(plaintext.subarray(regular), sealed, end);
    const footer = await sign(message, sealed.subarray(header.length));
    const ciphertext = footer === null ? sealed : concat(sealed, footer);
    tell(config.observer, "encrypted", facts.suite, plaintext.length, ciphertext.length);
    return { ciphertext, message: facts };
  } finally {
    message.close();
  }
}

/** Plaintext that is sealed at one go: enough to be fast, little enough to hold. */
const STEP = 1024 * 1024;

/**
 * Seals chunks as they are pulled. One frame is held back, for the final frame must not be empty behind a full one.
 * `opened` hears of the header before anything else is asked for.
 */
export async function* encryptChunks(
  config: ClientConfig,
  input: AsyncIterable<Uint8Array>,
  request: SealRequest,
  opened: (facts: MessageFacts) => void,
): AsyncGenerator<Uint8Array, void, void> {
  const message = await beginMessage(config, { ...request, maxSignedBytes: config.signedBufferLimit });
  const { frameLength } = config;
  const step = Math.max(1, Math.floor(STEP / frameLength)) * frameLength;
  const held = new Uint8Array(frameLength);
  let heldLength = 0;
  let plaintextBytes = 0;
  let ciphertextBytes = message.header.length;
  try {
    opened(message.facts);
    yield message.header;
    for await (const chunk of input) {
      assertBytes(chunk, "A chunk of plaintext", "a TextEncoderStream");
      plaintextBytes += chunk.length;
      for (let start = 0; start < chunk.length; start += step) {
        const piece = chunk.subarray(start, start + step);
        const frames = Math.ceil((heldLength + piece.length) / frameLength) - 1;
        if (frames === 0) {
          held.set(piece, heldLength);
          heldLength += piece.length;
          continue;
        }
        const out = new Uint8Array(frames * (frameLength + FRAME_OVERHEAD));
        const toFill = heldLength === 0 ? 0 : frameLength - heldLength;
        held.set(piece.subarray(0, toFill), heldLength);
        const rest = toFill + (frames - (heldLength === 0 ? 0 : 1)) * frameLength;
        const first = heldLength === 0 ? 0 : await message.frames.sealFrames(held, out, 0);
        await message.frames.sealFrames(piece.subarray(toFill, rest), out, first);
        held.set(piece.subarray(rest));
        heldLength = piece.length - rest;
        message.signer?.update(out);
        ciphertextBytes += out.length;
        yield out;
      }
    }
    const final = new Uint8Array(bodySize(heldLength, frameLength));
    await message.frames.sealFinal(held.subarray(0, heldLength), final, 0);
    const footer = await sign(message, final);
    const end = footer === null ? final : concat(final, footer);
    ciphertextBytes += end.length;
    yield end;
    tell(config.observer, "encrypted", message.facts.suite, plaintextBytes, ciphertextBytes);
  } finally {
    held.fill(0);
    message.close();
  }
}

/** The footer of a signed message, once the signer has been fed this last part of it; null for unsigned suites. */
async function sign({ signer }: OpenMessage, lastPart: Uint8Array): Promise<Uint8Array | null> {
  if (signer === undefined) return null;
  signer.update(lastPart);
  return writeFooter(await signer.sign());
}
