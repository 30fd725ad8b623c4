import { concat } from "../bytes/arrays.ts";
import { getU16, setU16 } from "../bytes/integers.ts";
import { AuthenticationError, MessageFormatError, TruncatedError } from "../errors.ts";
import { signatureFromDer, signatureToDer } from "../suites/signature.ts";
import type { AlgorithmSuite } from "../suites/table.ts";

type SignatureSpec = NonNullable<AlgorithmSuite["signature"]>;

/** The most bytes that a footer of this suite can have: a length and a DER signature; 0 for unsigned suites. */
export function maxFooterLength({ signature }: AlgorithmSuite): number {
  if (signature === null) return 0;
  const integer = 2 + 1 + (signature.curve === "P-384" ? 48 : 32);
  return 2 + 2 + 2 * integer;
}

/** Length and DER signature (data-format/message-footer). */
export function writeFooter(rawSignature: Uint8Array): Uint8Array {
  const der = signatureToDer(rawSignature);
  const length = new Uint8Array(2);
  setU16(length, 0, der.length);
  return concat(length, der);
}

/** The raw signature of a footer, of which nothing else may follow. */
export function readFooter(footer: Uint8Array, { curve }: SignatureSpec): Uint8Array {
  const end = footer.length < 2 ? 2 : 2 + getU16(footer, 0);
  if (footer.length < end) throw new TruncatedError("the message footer");
  if (footer.length > end) throw trailingBytes();
  const raw = signatureFromDer(footer.subarray(2), curve);
  if (raw === null) throw new AuthenticationError();
  return raw;
}

/** The error for bytes behind the end of a message. */
export function trailingBytes(): MessageFormatError {
  return new MessageFormatError("Bytes follow the end of the message: is it two messages in one?");
}
