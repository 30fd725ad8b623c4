import { backend } from "#crypto";
import { isPromise } from "../awaitable.ts";
import { concat, EMPTY } from "../bytes/arrays.ts";
import type { Signer } from "../crypto/backend.ts";
import { AlgorithmSuiteError, LimitError } from "../errors.ts";
import { FrameSealer } from "../message/body.ts";
import { copyEdk } from "../message/edks.ts";
import { headerLengths, writeHeaderBody } from "../message/header.ts";
import { deriveKeys } from "../suites/derive.ts";
import { assertMayEncrypt } from "../suites/policy.ts";
import type { EncryptionContext } from "../types.ts";
import { MessageFacts } from "./facts.ts";
import type { ClientConfig } from "./options.ts";

/** A message whose header is written, and whose frames come next. */
export interface BegunMessage {
  readonly facts: MessageFacts;
  /** What was allocated: the header stands at its start. */
  readonly buffer: Uint8Array;
  readonly header: Uint8Array;
  readonly frames: FrameSealer;
  /** Is told of plaintext whose length was not announced. */
  readonly countBytes: ((bytes: number) => void) | undefined;
  /** Has been fed the header. */
  readonly signer: Signer | undefined;
  /** Wipes the content key. */
  close(): void;
}

/** What a new message is about. */
export interface NewMessage {
  readonly encryptionContext: EncryptionContext;
  /** Bytes; undefined: not known yet. */
  readonly plaintextLength: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** The most bytes that a signer may hold. */
  readonly maxSignedBytes: number;
  /** Bytes to allocate behind the header. */
  readonly bodyLength: number;
}

const HEADER_IV: Uint8Array = new Uint8Array(12);

/** Gets materials, derives the keys and writes the header (client-apis/encrypt, "Construct the header"). */
export async function beginMessage(config: ClientConfig, message: NewMessage): Promise<BegunMessage> {
  const { commitmentPolicy, frameLength, maxEncryptedDataKeys } = config;
  const { encryptionContext, plaintextLength, signal, maxSignedBytes } = message;
  const { suite: askedSuite, manager } = config;
  const answer = manager.encryptionMaterials({
    suite: askedSuite,
    commitmentPolicy,
    encryptionContext,
    plaintextLength,
    signal,
  });
  const materials = isPromise(answer) ? await answer : answer;
  const { suite } = materials;
  const messageId = backend.randomBytes(suite.messageIdLength);
  let contentKey: Uint8Array = EMPTY;
  try {
    signal?.throwIfAborted();
    assertMayEncrypt(commitmentPolicy, suite);
    const count = materials.encryptedDataKeys.length;
    if (count > maxEncryptedDataKeys) {
      throw new LimitError("maxEncryptedDataKeys", count, maxEncryptedDataKeys, "Encrypted data keys");
    }
    if (materials.serialized === null) {
      throw new AlgorithmSuiteError(suite.id, "The materials manager answered for another format.");
    }
    const { context, requiredContext, edks } = materials.serialized;
    const derived = deriveKeys(suite, materials.dataKey.bytes, messageId);
    contentKey = derived.contentKey;

    const lengths = headerLengths({ suite, context, edks });
    const buffer = new Uint8Array(lengths.total + message.bodyLength);
    const header = buffer.subarray(0, lengths.total);
    writeHeaderBody(header, { suite, messageId, context, edks, frameLength, commitment: derived.commitment });
    const body = header.subarray(0, lengths.body);
    const gcm = backend.aesGcm(contentKey);
    const aad = requiredContext.length === 0 ? body : concat(body, requiredContext);
    const sealed = gcm.seal(HEADER_IV, EMPTY, aad, header, lengths.tagOffset);
    if (sealed !== undefined) await sealed;

    const { signingKey, encryptedDataKeys } = materials;
    const signer =
      signingKey === undefined
        ? undefined
        : backend.signer(signingKey, suite.signature!.hash, maxSignedBytes);
    signer?.update(header);
    return {
      facts: new MessageFacts({
        suite,
        messageId,
        encryptionContext: materials.encryptionContext,
        // A cache's keys serve other messages as well.
        encryptedDataKeys: () => encryptedDataKeys.map(copyEdk),
        frameLength,
        headerLength: header.length,
      }),
      buffer,
      header,
      frames: new FrameSealer(gcm, messageId, frameLength),
      countBytes: plaintextLength === undefined ? materials.countBytes : undefined,
      signer,
      close: () => void contentKey.fill(0),
    };
  } catch (error) {
    contentKey.fill(0);
    throw error;
  } finally {
    materials.dataKey.release();
  }
}
