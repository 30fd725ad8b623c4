import { fromUtf8 } from "../bytes/utf8.ts";
import { isReserved } from "../message/context.ts";
import { maxFooterLength } from "../message/footer.ts";
import { ciphertextSize, plaintextSize } from "../message/sizes.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { EncryptedDataKey, EncryptionContext } from "../types.ts";

/** The facts of a message's header. Verified in what a client answers, not in what `inspectMessage` does. */
export class MessageFacts {
  /** The algorithm suite: `id` and `name`, and all that follows from them. */
  readonly suite: AlgorithmSuite;
  /** Random; unique to this message. 16 or 32 bytes. */
  readonly messageId: Uint8Array;
  /** The pairs that the writer gave, required ones included if they are known here; without reserved pairs. */
  readonly encryptionContext: EncryptionContext;
  /** Plaintext bytes of a frame; 0 if the body is not framed. */
  readonly frameLength: number;
  /** Bytes. */
  readonly headerLength: number;

  #encryptedDataKeys: readonly EncryptedDataKey[] | (() => readonly EncryptedDataKey[]);

  /** @internal The keys may be a function, which is called when they are asked for. */
  constructor(
    parts: Pick<
      MessageFacts,
      "suite" | "messageId" | "encryptionContext" | "frameLength" | "headerLength"
    > & { readonly encryptedDataKeys: readonly EncryptedDataKey[] | (() => readonly EncryptedDataKey[]) },
  ) {
    this.suite = parts.suite;
    this.messageId = parts.messageId;
    this.encryptionContext = withoutReserved(parts.encryptionContext);
    this.#encryptedDataKeys = parts.encryptedDataKeys;
    this.frameLength = parts.frameLength;
    this.headerLength = parts.headerLength;
  }

  /** The data key, once for each wrapping key. */
  get encryptedDataKeys(): readonly EncryptedDataKey[] {
    if (typeof this.#encryptedDataKeys === "function") this.#encryptedDataKeys = this.#encryptedDataKeys();
    return this.#encryptedDataKeys;
  }

  /** The provider and the name (for KMS, the ARN) of each wrapping key, as far as its bytes are text. */
  get wrappingKeys(): readonly WrappingKey[] {
    return this.encryptedDataKeys.map((edk) => ({ providerId: edk.providerId, name: wrappingKeyName(edk) }));
  }

  /** Bytes of the message that holds this many plaintext bytes: exact for unsigned suites, an upper bound for signed ones. */
  ciphertextSize(plaintextBytes: number): number {
    return ciphertextSize(this.#shape(), plaintextBytes);
  }

  /** Plaintext bytes in a message of this many bytes: exact for unsigned suites, an upper bound for signed ones. */
  plaintextSize(ciphertextBytes: number): number {
    return plaintextSize(this.#shape(), ciphertextBytes);
  }

  #shape() {
    const { headerLength, frameLength, suite } = this;
    return { headerLength, frameLength, maxFooterLength: maxFooterLength(suite) };
  }
}

/** Which key wrapped a data key. */
export interface WrappingKey {
  /** `"aws-kms"`, the namespace of a raw key, ... */
  readonly providerId: string;
  /** For KMS the key ARN, for raw keys their name; null if it is no text. */
  readonly name: string | null;
}

function withoutReserved(context: EncryptionContext): EncryptionContext {
  const keys = Object.keys(context);
  if (!keys.some(isReserved)) return context;
  return Object.fromEntries(Object.entries(context).filter(([key]) => !isReserved(key)));
}

/** Behind the key's name, raw AES keyrings write tag length, IV length and IV. */
const RAW_AES_SUFFIX = [0, 0, 0, 128, 0, 0, 0, 12];

function wrappingKeyName({ providerInfo }: EncryptedDataKey): string | null {
  const end = providerInfo.length - RAW_AES_SUFFIX.length - 12;
  const isRawAes = end >= 0 && RAW_AES_SUFFIX.every((byte, i) => providerInfo[end + i] === byte);
  return fromUtf8(isRawAes ? providerInfo.subarray(0, end) : providerInfo);
}
