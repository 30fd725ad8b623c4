import { backend } from "#crypto";
import { isPromise } from "../awaitable.ts";
import { concat, EMPTY } from "../bytes/arrays.ts";
import { fromBase64 } from "../bytes/base64.ts";
import type { AesGcm, Verifier } from "../crypto/backend.ts";
import { AlgorithmSuiteError, AuthenticationError, MessageFormatError } from "../errors.ts";
import { splitContext } from "../materials/message-parts.ts";
import { assertExpectedContext, PUBLIC_KEY, serializeContext } from "../message/context.ts";
import type { MessageHeader } from "../message/header.ts";
import { openContentKey } from "../suites/derive.ts";
import { assertMayDecrypt } from "../suites/policy.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { EncryptedDataKey, EncryptionContext } from "../types.ts";
import { MessageFacts } from "./facts.ts";
import type { ClientConfig } from "./options.ts";

/** A message whose header is verified, and whose body can be opened. */
export interface OpenedHeader {
  readonly facts: MessageFacts;
  readonly gcm: AesGcm;
  /** For signed suites; has been fed the header. */
  readonly verifier: Verifier | null;
  /** The encrypted data key that opened. */
  readonly opened: EncryptedDataKey;
  /** Wipes the content key. */
  close(): void;
}

/** What opening needs beside the ciphertext; the expected context has been checked. */
export interface OpenRequest {
  readonly encryptionContext: EncryptionContext;
  readonly signal: AbortSignal | undefined;
}

type SignatureSpec = NonNullable<AlgorithmSuite["signature"]>;

/** Checks policy and context, gets the data key, and verifies commitment and header tag (client-apis/decrypt). */
export async function openHeader(
  config: ClientConfig,
  header: MessageHeader,
  { encryptionContext: expectedContext, signal }: OpenRequest,
  maxSignedBytes: number,
): Promise<OpenedHeader> {
  const { commitmentPolicy } = config;
  const { suite, messageId, encryptionContext, encryptedDataKeys } = header;
  assertMayDecrypt(commitmentPolicy, suite);
  const signed = checkSigned(header);
  const verifier = signed === null ? null : await verifierOf(header, signed, maxSignedBytes);
  const answer = config.manager.decryptionMaterials({
    suite,
    commitmentPolicy,
    encryptedDataKeys,
    encryptionContext,
    expectedContext,
    signal,
  });
  const materials = isPromise(answer) ? await answer : answer;
  let contentKey: Uint8Array = EMPTY;
  try {
    signal?.throwIfAborted();
    if (materials.suite !== suite) {
      throw new AlgorithmSuiteError(materials.suite.id, "The materials manager answered for another suite.");
    }
    // Managers check this before they ask for a key; a cached answer must pass it as well.
    assertExpectedContext(materials.encryptionContext, expectedContext);
    contentKey = openContentKey(suite, materials.dataKey.bytes, messageId, header.commitment);
    const gcm = backend.aesGcm(contentKey);
    const { required } = splitContext(materials.encryptionContext, materials.requiredKeys);
    const requiredContext = serializeContext(required);
    const aad = requiredContext.length === 0 ? header.body : concat(header.body, requiredContext);
    const empty = gcm.open(header.iv, header.tag, aad);
    if ((isPromise(empty) ? await empty : empty) === null) throw new AuthenticationError();
    verifier?.update(header.bytes);
    return {
      facts: new MessageFacts({
        suite,
        messageId,
        encryptionContext: materials.encryptionContext,
        encryptedDataKeys,
        frameLength: header.frameLength,
        headerLength: header.bytes.length,
      }),
      gcm,
      verifier,
      opened: materials.opened,
      close: () => void contentKey.fill(0),
    };
  } catch (error) {
    contentKey.fill(0);
    throw error;
  } finally {
    materials.dataKey.release();
  }
}

/** How the suite signs, if it does. A public key stands in the context of signed messages, and only there. */
function checkSigned({ suite: { signature }, encryptionContext }: MessageHeader): SignatureSpec | null {
  if ((signature !== null) === Object.hasOwn(encryptionContext, PUBLIC_KEY)) return signature;
  throw new MessageFormatError(
    signature !== null
      ? `A message of a signed suite must have its public key in the encryption context (${PUBLIC_KEY})`
      : `Only messages of signed suites may have a public key in the encryption context (${PUBLIC_KEY})`,
  );
}

/** The verifier of a message's trailing signature. */
async function verifierOf(
  { encryptionContext }: MessageHeader,
  { curve, hash }: SignatureSpec,
  maxSignedBytes: number,
): Promise<Verifier> {
  const point = fromBase64(encryptionContext[PUBLIC_KEY]!);
  const verifier = point && (await backend.verifier(curve, point, hash, maxSignedBytes));
  if (verifier === null) {
    throw new MessageFormatError(
      `The public key in the encryption context (${PUBLIC_KEY}) is not a compressed point`,
    );
  }
  return verifier;
}
