import { looksLikeBase64 } from "../bytes/base64.ts";
import { getU16 } from "../bytes/integers.ts";
import { LimitError, MessageFormatError } from "../errors.ts";
import { type AlgorithmSuite, suiteById } from "../suites/table.ts";

/** Bounds that are checked before anything is allocated or waited for. */
export interface HeaderLimits {
  readonly maxEncryptedDataKeys: number;
  readonly maxHeaderBytes: number;
  readonly maxFrameLength: number;
}

/** The type byte of version 1 messages. */
export const MESSAGE_TYPE = 0x80;

/** Finds where a header ends, while its bytes may still be arriving (data-format/message-header). */
export class HeaderScanner {
  readonly #limits: HeaderLimits;
  #suite: AlgorithmSuite | undefined;
  /** Where the next length, count or tail stands. */
  #at = 0;
  #next: "context" | "count" | "keys" = "context";
  /** Fields of encrypted data keys that are still to come. */
  #fields = 0;

  constructor(limits: HeaderLimits) {
    this.#limits = limits;
  }

  /**
   * Walks on as far as these bytes reach, which begin where the message does. Answers how many of them the next step
   * needs. If all of those are there, this is the length of the header.
   */
  scan(bytes: Uint8Array): number {
    if (this.#suite === undefined) {
      const needed = this.#start(bytes);
      if (this.#suite === undefined) return needed;
    }
    while (this.#next !== "keys" || this.#fields > 0) {
      const end = this.#within(this.#at + 2);
      if (bytes.length < end) return end;
      this.#take(getU16(bytes, this.#at), end);
    }
    return this.#within(this.#at + tailLength(this.#suite));
  }

  /** Version, type and suite. */
  #start(bytes: Uint8Array): number {
    if (bytes.length < 1) return 1;
    const version = bytes[0];
    if (version !== 1 && version !== 2) throw notAMessage(bytes);
    const idAt = version === 1 ? 2 : 1;
    if (bytes.length < idAt + 2) return idAt + 2;
    if (version === 1 && bytes[1] !== MESSAGE_TYPE) {
      throw new MessageFormatError("The message type must be 0x80", 1);
    }
    const suite = suiteById(getU16(bytes, idAt), "message");
    if (suite.version !== version) {
      throw new MessageFormatError(
        `The algorithm suite does not belong to a version ${version} message`,
        idAt,
      );
    }
    this.#suite = suite;
    this.#at = idAt + 2 + suite.messageIdLength;
    return this.#at;
  }

  /** The value of a length or count, and where it ends. */
  #take(value: number, end: number): void {
    if (this.#next !== "count") {
      this.#at = end + value;
      if (this.#next === "context") this.#next = "count";
      else this.#fields--;
      return;
    }
    const { maxEncryptedDataKeys } = this.#limits;
    if (value === 0) throw new MessageFormatError("The message has no encrypted data key", this.#at);
    if (value > maxEncryptedDataKeys) {
      throw new LimitError("maxEncryptedDataKeys", value, maxEncryptedDataKeys, "Encrypted data keys");
    }
    this.#at = end;
    this.#next = "keys";
    this.#fields = 3 * value;
  }

  #within(end: number): number {
    const { maxHeaderBytes } = this.#limits;
    if (end > maxHeaderBytes)
      throw new LimitError("maxHeaderBytes", end, maxHeaderBytes, "The message header");
    return end;
  }
}

/** What follows the encrypted data keys, up to the end of the tag. */
export function tailLength({ version, commitmentLength }: AlgorithmSuite): number {
  // Content type and frame length; reserved bytes and IV length, or a commitment; IV and tag.
  return version === 1 ? 5 + 5 + 12 + 16 : 5 + commitmentLength + 16;
}

function notAMessage(bytes: Uint8Array): MessageFormatError {
  return new MessageFormatError(
    looksLikeBase64(bytes)
      ? "This looks like base64, not like the bytes of a message: use decryptText, or decode it first"
      : "This is not an AWS Encryption SDK message: its first byte, the version, must be 1 or 2",
    0,
  );
}
