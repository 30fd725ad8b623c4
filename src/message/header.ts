import { copy } from "../bytes/arrays.ts";
import { looksLikeBase64 } from "../bytes/base64.ts";
import { getU16, getU32, setU16, setU32 } from "../bytes/integers.ts";
import { fromUtf8 } from "../bytes/utf8.ts";
import { LimitError, MessageFormatError, TruncatedError } from "../errors.ts";
import { type AlgorithmSuite, suiteById } from "../suites/table.ts";
import type { EncryptedDataKey, EncryptionContext } from "../types.ts";
import { parseContext } from "./context.ts";

/** Bounds that are checked before anything is allocated. */
export interface HeaderLimits {
  readonly maxEncryptedDataKeys: number;
  readonly maxHeaderBytes: number;
  readonly maxFrameLength: number;
}

/** A parsed header. Nothing in it is authentic until its tag has been checked. */
export interface MessageHeader {
  readonly suite: AlgorithmSuite;
  readonly messageId: Uint8Array;
  /** As stored: required-only pairs are missing, the public key of signed suites is there. */
  readonly encryptionContext: EncryptionContext;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** Bytes of a regular frame; 0: the body is not framed. */
  readonly frameLength: number;
  readonly commitment: Uint8Array;
  /** The whole header exactly as it appears: what a signature covers. */
  readonly bytes: Uint8Array;
  /** Its body: what the tag authenticates. */
  readonly body: Uint8Array;
  readonly iv: Uint8Array;
  readonly tag: Uint8Array;
}

const TYPE = 0x80;
const NON_FRAMED = 1;
const FRAMED = 2;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const ZERO_IV: Uint8Array = new Uint8Array(IV_LENGTH);

/** What a writer puts into a header; context and encrypted data keys come serialised. */
export interface HeaderParts {
  readonly suite: AlgorithmSuite;
  readonly messageId: Uint8Array;
  readonly context: Uint8Array;
  readonly edks: Uint8Array;
  readonly frameLength: number;
  readonly commitment: Uint8Array;
}

/** Bytes of the header body, of the authentication behind it, and of both. */
export function headerLengths({ suite, context, edks }: Pick<HeaderParts, "suite" | "context" | "edks">) {
  const version2 = suite.version === 2;
  const fixed = (version2 ? 3 : 4) + suite.messageIdLength + 2 + (version2 ? 5 + suite.commitmentLength : 10);
  const body = fixed + context.length + edks.length;
  const authentication = version2 ? TAG_LENGTH : IV_LENGTH + TAG_LENGTH;
  return { body, tagOffset: body + authentication - TAG_LENGTH, total: body + authentication };
}

/** Writes the header body of a framed message at the start of `out` (data-format/message-header). */
export function writeHeaderBody(out: Uint8Array, parts: HeaderParts): void {
  const { suite, messageId, context, edks, frameLength, commitment } = parts;
  let at = 0;
  out[at++] = suite.version;
  if (suite.version === 1) out[at++] = TYPE;
  setU16(out, at, suite.id);
  out.set(messageId, at + 2);
  at += 2 + messageId.length;
  setU16(out, at, context.length);
  out.set(context, at + 2);
  at += 2 + context.length;
  out.set(edks, at);
  at += edks.length;
  out[at++] = FRAMED;
  if (suite.version === 1) {
    out[at + 4] = IV_LENGTH; // behind four reserved zero bytes
    at += 5;
  }
  setU32(out, at, frameLength);
  out.set(commitment, at + 4);
}

/**
 * Parses a header from bytes that may still be arriving: each `yield n` asks that at least the first n bytes of
 * the message be there, and receives all that are.
 */
export function* headerParser(limits: HeaderLimits): Generator<number, MessageHeader, Uint8Array> {
  const { maxHeaderBytes } = limits;
  let bytes = yield 1;
  const version = bytes[0]!;
  if (version !== 1 && version !== 2) throw notAMessage(bytes);
  const idAt = version === 1 ? 2 : 1;

  bytes = yield idAt + 2;
  if (version === 1 && bytes[1] !== TYPE) throw new MessageFormatError("The message type must be 0x80", 1);
  const suite = suiteById(getU16(bytes, idAt), "message");
  if (suite.version !== version) {
    throw new MessageFormatError(`The algorithm suite does not belong to a version ${version} message`, idAt);
  }
  const contextAt = idAt + 2 + suite.messageIdLength;

  const need = function* (end: number): Generator<number, Uint8Array, Uint8Array> {
    if (end > maxHeaderBytes)
      throw new LimitError("maxHeaderBytes", end, maxHeaderBytes, "The message header");
    return yield end;
  };

  bytes = yield* need(contextAt + 2);
  let at = contextAt + 2 + getU16(bytes, contextAt);
  bytes = yield* need(at + 2);
  const encryptionContext = parseContext(bytes.subarray(contextAt + 2, at), contextAt + 2);

  const count = getU16(bytes, at);
  if (count === 0) throw new MessageFormatError("The message has no encrypted data key", at);
  if (count > limits.maxEncryptedDataKeys) {
    throw new LimitError("maxEncryptedDataKeys", count, limits.maxEncryptedDataKeys, "Encrypted data keys");
  }
  at += 2;
  const encryptedDataKeys: EncryptedDataKey[] = [];
  for (let i = 0; i < count; i++) {
    const fields: Uint8Array[] = [];
    const start = at;
    for (let field = 0; field < 3; field++) {
      bytes = yield* need(at + 2);
      const end = at + 2 + getU16(bytes, at);
      bytes = yield* need(end);
      fields.push(copy(bytes, at + 2, end));
      at = end;
    }
    const [id, providerInfo, ciphertext] = fields as [Uint8Array, Uint8Array, Uint8Array];
    const providerId = fromUtf8(id);
    if (providerId === null) throw new MessageFormatError("A key provider id is not valid UTF-8", start);
    encryptedDataKeys.push({ providerId, providerInfo, ciphertext });
  }

  const tail = version === 1 ? 10 : 5 + suite.commitmentLength;
  const bodyEnd = at + tail;
  const ivEnd = version === 1 ? bodyEnd + IV_LENGTH : bodyEnd;
  const length = ivEnd + TAG_LENGTH;
  bytes = copy(yield* need(length), 0, length);
  const contentType = bytes[at]!;
  if (contentType !== FRAMED && contentType !== NON_FRAMED) {
    throw new MessageFormatError("The content type must be 1 (non-framed) or 2 (framed)", at);
  }
  if (version === 1) {
    if (getU32(bytes, at + 1) !== 0) throw new MessageFormatError("The reserved bytes must be zero", at + 1);
    if (bytes[at + 5] !== IV_LENGTH) throw new MessageFormatError("The IV length must be 12", at + 5);
    at += 5;
  }
  const frameLength = getU32(bytes, at + 1);
  checkFrameLength(contentType, frameLength, limits.maxFrameLength, at + 1);

  return {
    suite,
    messageId: bytes.subarray(idAt + 2, contextAt),
    encryptionContext,
    encryptedDataKeys,
    frameLength,
    commitment: bytes.subarray(at + 5, bodyEnd),
    bytes,
    body: bytes.subarray(0, bodyEnd),
    iv: version === 1 ? bytes.subarray(bodyEnd, ivEnd) : ZERO_IV,
    tag: bytes.subarray(ivEnd),
  };
}

/** Parses the header at the start of these bytes, which are all there is. */
export function parseHeader(bytes: Uint8Array, limits: HeaderLimits): MessageHeader {
  const parser = headerParser(limits);
  let step = parser.next();
  while (!step.done) {
    if (bytes.length < step.value) throw endOfHeader(bytes.length);
    step = parser.next(bytes);
  }
  return step.value;
}

/** The error for an input that ends before its header does. */
export function endOfHeader(length: number): MessageFormatError | TruncatedError {
  return length === 0
    ? new MessageFormatError("The input is empty; an AWS Encryption SDK message is due")
    : new TruncatedError("the message header");
}

function checkFrameLength(contentType: number, frameLength: number, maximum: number, at: number): void {
  if (contentType === NON_FRAMED && frameLength !== 0) {
    throw new MessageFormatError("A non-framed message must have frame length 0", at);
  }
  if (contentType === FRAMED && frameLength === 0) {
    throw new MessageFormatError("A framed message must have a frame length above 0", at);
  }
  if (frameLength > maximum) throw new LimitError("maxFrameLength", frameLength, maximum, "Frame length");
}

function notAMessage(bytes: Uint8Array): MessageFormatError {
  return new MessageFormatError(
    looksLikeBase64(bytes)
      ? "This looks like base64, not like the bytes of a message: use decryptText, or decode it first"
      : "This is not an AWS Encryption SDK message: its first byte, the version, must be 1 or 2",
    0,
  );
}
