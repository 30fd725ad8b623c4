import { isPromise } from "../awaitable.ts";
import { concat } from "../bytes/arrays.ts";
import type { Signer } from "../crypto/backend.ts";
import { LimitError } from "../errors.ts";
import { writeFooter } from "../message/footer.ts";
import { bodySize } from "../message/sizes.ts";
import type { EncryptionContext } from "../types.ts";
import { beginMessage } from "./begin-message.ts";
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
  const message = await beginMessage(config, {
    encryptionContext: request.encryptionContext,
    plaintextLength: plaintext.length,
    signal: request.signal,
    maxSignedBytes: Number.POSITIVE_INFINITY,
    bodyLength: bodySize(plaintext.length, frameLength),
  });
  try {
    const { buffer: sealed, header, frames, signer, facts } = message;
    const end = frames.sealAll(plaintext, sealed, header.length);
    if (isPromise(end)) await end;
    const ciphertext = signer === undefined ? sealed : await sign(signer, sealed, header.length);
    tell(config.observer, "encrypted", facts.suite, plaintext.length, ciphertext.length);
    return { ciphertext, message: facts };
  } finally {
    message.close();
  }
}

/** What sealing a stream needs. */
export interface SealStreamRequest extends SealRequest {
  /** The most plaintext that will come, if the caller knows it. */
  readonly plaintextLength: number | undefined;
}

const DECLARED = "Plaintext of this stream";

/** Plaintext that is sealed at one go: enough to be fast, little enough to hold. */
const STEP = 1024 * 1024;

/**
 * Seals chunks as they are pulled. One frame is held back, for the final frame must not be empty behind a full one.
 * `opened` hears of the header before anything else is asked for.
 */
export async function* encryptChunks(
  config: ClientConfig,
  input: AsyncIterable<Uint8Array>,
  request: SealStreamRequest,
  opened: (facts: MessageFacts) => void,
): AsyncGenerator<Uint8Array, void, void> {
  const message = await beginMessage(config, {
    ...request,
    maxSignedBytes: config.signedBufferLimit,
    bodyLength: 0,
  });
  const { frameLength } = config;
  const step = Math.max(1, Math.floor(STEP / frameLength)) * frameLength;
  const held = new Uint8Array(frameLength);
  const { plaintextLength: maximum = Number.POSITIVE_INFINITY } = request;
  let heldLength = 0;
  let plaintextBytes = 0;
  let ciphertextBytes = message.header.length;
  try {
    opened(message.facts);
    yield message.header;
    for await (const chunk of input) {
      assertBytes(chunk, "A chunk of plaintext", "a TextEncoderStream");
      plaintextBytes += chunk.length;
      if (plaintextBytes > maximum)
        throw new LimitError("maxPlaintextLength", plaintextBytes, maximum, DECLARED);
      message.countBytes?.(chunk.length);
      for (let start = 0; start < chunk.length; start += step) {
        const piece = chunk.subarray(start, start + step);
        const frames = Math.ceil((heldLength + piece.length) / frameLength) - 1;
        if (frames === 0) {
          held.set(piece, heldLength);
          heldLength += piece.length;
          continue;
        }
        const toFill = heldLength === 0 ? 0 : frameLength - heldLength;
        held.set(piece.subarray(0, toFill), heldLength);
        const rest = toFill + (frames - (heldLength === 0 ? 0 : 1)) * frameLength;
        const whole = piece.subarray(toFill, rest);
        for await (const out of message.frames.sealChunks(heldLength === 0 ? [whole] : [held, whole])) {
          message.signer?.update(out);
          ciphertextBytes += out.length;
          yield out;
        }
        held.set(piece.subarray(rest));
        heldLength = piece.length - rest;
      }
    }
    const final = new Uint8Array(bodySize(heldLength, frameLength));
    await message.frames.sealFinal(held.subarray(0, heldLength), final, 0);
    const end = message.signer === undefined ? final : await sign(message.signer, final, 0);
    ciphertextBytes += end.length;
    yield end;
    tell(config.observer, "encrypted", message.facts.suite, plaintextBytes, ciphertextBytes);
  } finally {
    held.fill(0);
    message.close();
  }
}

/** Adds the footer of a signed message. The signer has been fed all that stands before `offset`. */
async function sign(signer: Signer, sealed: Uint8Array, offset: number): Promise<Uint8Array> {
  signer.update(sealed.subarray(offset));
  return concat(sealed, writeFooter(await signer.sign()));
}
