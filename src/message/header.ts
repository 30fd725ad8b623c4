import { copy } from "../bytes/arrays.ts";
import { getU16, getU32, setU16, setU32 } from "../bytes/integers.ts";
import { LimitError, MessageFormatError, TruncatedError } from "../errors.ts";
import { type AlgorithmSuite, suiteById } from "../suites/table.ts";
import type { EncryptedDataKey, EncryptionContext } from "../types.ts";
import { parseContext } from "./context.ts";
import { parseEdks } from "./edks.ts";
import { type HeaderLimits, HeaderScanner, MESSAGE_TYPE } from "./header-scanner.ts";

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
  if (suite.version === 1) out[at++] = MESSAGE_TYPE;
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

/** Parses the header at the start of these bytes, which are all there is. */
export function parseHeader(bytes: Uint8Array, limits: HeaderLimits): MessageHeader {
  const length = new HeaderScanner(limits).scan(bytes);
  if (bytes.length < length) throw endOfHeader(bytes.length);
  return readHeader(copy(bytes, 0, length), limits);
}

/** Parses a whole header, which a {@link HeaderScanner} has measured. The answer holds views of these bytes. */
export function readHeader(bytes: Uint8Array, { maxFrameLength }: HeaderLimits): MessageHeader {
  const idAt = bytes[0] === 1 ? 2 : 1;
  const suite = suiteById(getU16(bytes, idAt), "message");
  const contextAt = idAt + 2 + suite.messageIdLength;
  const edksAt = contextAt + 2 + getU16(bytes, contextAt);
  const encryptionContext = parseContext(bytes, contextAt + 2, edksAt);
  const { edks: encryptedDataKeys, end } = parseEdks(bytes, edksAt);

  const contentType = bytes[end]!;
  if (contentType !== FRAMED && contentType !== NON_FRAMED) {
    throw new MessageFormatError("The content type must be 1 (non-framed) or 2 (framed)", end);
  }
  let at = end + 1;
  if (suite.version === 1) {
    if (getU32(bytes, at) !== 0) throw new MessageFormatError("The reserved bytes must be zero", at);
    if (bytes[at + 4] !== IV_LENGTH) throw new MessageFormatError("The IV length must be 12", at + 4);
    at += 5;
  }
  const frameLength = getU32(bytes, at);
  checkFrameLength(contentType, frameLength, maxFrameLength, at);
  const bodyEnd = at + 4 + suite.commitmentLength;
  const tagAt = bytes.length - TAG_LENGTH;

  return {
    suite,
    messageId: bytes.subarray(idAt + 2, contextAt),
    encryptionContext,
    encryptedDataKeys,
    frameLength,
    commitment: bytes.subarray(at + 4, bodyEnd),
    bytes,
    body: bytes.subarray(0, bodyEnd),
    iv: suite.version === 1 ? bytes.subarray(bodyEnd, tagAt) : ZERO_IV,
    tag: bytes.subarray(tagAt),
  };
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
