import { invalidArgument, wholeNumber } from "../arguments.ts";
import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { fromUtf8, utf8 } from "../bytes/utf8.ts";
import { MessageFormatError } from "../errors.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { managerOf } from "../materials/source.ts";
import { parseHeader } from "../message/header.ts";
import { type CallOptions, callRequest } from "./call.ts";
import { type DecryptResult, decryptBytes } from "./decrypt.ts";
import { decryptChunks } from "./decrypt-chunks.ts";
import { encryptBytes, encryptChunks } from "./encrypt.ts";
import type { MessageFacts } from "./facts.ts";
import {
  assertBytes,
  assertSignal,
  type ClientConfig,
  clientConfig,
  type EncryptionClientOptions,
} from "./options.ts";
import { type ByteTransform, transformStream } from "./transform.ts";

/** Options of {@link EncryptionClient.encryptStream}. */
export interface EncryptStreamOptions extends CallOptions {
  /**
   * The most bytes of plaintext that will come: more is an error. Managers that limit the bytes of a data key book
   * them before the first is sealed. Default: not known.
   */
  readonly maxPlaintextLength?: number;
}

/** Options of {@link EncryptionClient.decryptStream}. */
export interface DecryptStreamOptions extends CallOptions {
  /**
   * Release frames of signed messages before their signature is checked: long signed messages need it, and their
   * reader must throw everything away if the stream ends in an error. Default: false.
   */
  readonly releaseBeforeSignature?: boolean;
}

/** Options of {@link EncryptionClient.reencrypt}. */
export interface ReencryptOptions extends CallOptions {
  /** Opens the old message: a client, or a keyring under this client's policy and limits. Default: this client. */
  readonly from?: EncryptionClient | Keyring;
}

/** What sealing answers; `Ciphertext` is text for `encryptText`. */
export interface EncryptResult<Ciphertext = Uint8Array> {
  /** The whole message: bytes, or base64 (RFC 4648, section 4). */
  readonly ciphertext: Ciphertext;
  /** What stands in its header. */
  readonly message: MessageFacts;
}

/**
 * A transform stream that knows its message's header. The types of Node before 26 do not know web streams in
 * `pipeline`: there TypeScript wants `Duplex.fromWeb(stream)` around it.
 */
export interface MessageStream extends ByteTransform {
  /** The header's facts, as soon as it is written or verified. Rejects if that fails. */
  readonly message: Promise<MessageFacts>;
}

/**
 * Seals and opens AWS Encryption SDK messages. Made by {@link createEncryptionClient}.
 *
 * Sealing rejects with `ERR_ENCRYPTION_CONTEXT`, `ERR_LIMIT`, `ERR_KEYRING`, `ERR_UNSUPPORTED` and what the keyring
 * throws, such as `ERR_KMS_...`. Opening rejects with `ERR_MESSAGE_FORMAT`, `ERR_TRUNCATED`, `ERR_LIMIT`,
 * `ERR_ALGORITHM_SUITE`, `ERR_COMMITMENT_POLICY` and `ERR_ENCRYPTION_CONTEXT`, before a key is asked for wherever the
 * header tells; with `ERR_NO_DATA_KEY`, whose reasons name what each keyring met; and with `ERR_AUTHENTICATION`. An
 * aborted call rejects with the signal's reason, misuse with a `TypeError`.
 */
export interface EncryptionClient {
  /** Seals bytes into one message. */
  encrypt(plaintext: Uint8Array, options?: CallOptions): Promise<EncryptResult>;
  /** Opens one whole message. Answers only what is verified to the last byte. */
  decrypt(ciphertext: Uint8Array, options?: CallOptions): Promise<DecryptResult>;
  /** Seals text as UTF-8 and answers base64: for queues, JSON and database columns. */
  encryptText(plaintext: string, options?: CallOptions): Promise<EncryptResult<string>>;
  /** Opens base64 of a message that holds UTF-8 text. */
  decryptText(ciphertext: string, options?: CallOptions): Promise<DecryptResult<string>>;
  /** Seals a stream of any length in flat memory: for `pipeThrough` and Node's `pipeline`. */
  encryptStream(options?: EncryptStreamOptions): MessageStream;
  /** Opens a stream, and releases only verified bytes. An early end is an error. */
  decryptStream(options?: DecryptStreamOptions): MessageStream;
  /**
   * Whether a message of today would have another suite or other wrapping keys. Reads the header only, and asks no
   * key: an altered message shows when it is opened.
   */
  needsReencryption(ciphertext: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<boolean>;
  /** Opens a message whole and seals its plaintext anew, with the same context and a message id of its own. */
  reencrypt(ciphertext: Uint8Array, options?: ReencryptOptions): Promise<EncryptResult>;
}

/**
 * Makes a client that seals and opens AWS Encryption SDK messages with a keyring (client-apis/encrypt and decrypt). It
 * holds no connection, and may be shared by all callers.
 *
 * @throws `TypeError` for options out of range; `CommitmentPolicyError` if suite and policy do not fit;
 * `AlgorithmSuiteError` for a suite that no message has.
 *
 * @example
 * ```ts
 * import { createEncryptionClient, rawAesKeyring } from "keyfold";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "app", name: "2026", key }) });
 * const encryptionContext = { tenant: "t1" };
 * const { ciphertext } = await client.encrypt(new TextEncoder().encode("42 pears"), { encryptionContext });
 * const { plaintext } = await client.decrypt(ciphertext, { encryptionContext });
 * ```
 */
export function createEncryptionClient(options: EncryptionClientOptions): EncryptionClient {
  const config = clientConfig("createEncryptionClient", options);

  const encrypt: EncryptionClient["encrypt"] = async (plaintext, call) => {
    assertBytes(plaintext, "encrypt: the plaintext", "encryptText");
    return await encryptBytes(config, plaintext, callRequest(call));
  };

  const decrypt: EncryptionClient["decrypt"] = async (ciphertext, call) => {
    assertBytes(ciphertext, "decrypt: the ciphertext", "decryptText");
    return await decryptBytes(config, ciphertext, callRequest(call));
  };

  const client: EncryptionClient = {
    encrypt,
    decrypt,

    async encryptText(plaintext, call) {
      if (typeof plaintext !== "string" || !plaintext.isWellFormed()) {
        throw invalidArgument("encryptText: the plaintext must be a string without lone surrogates.");
      }
      const { ciphertext, message } = await encrypt(utf8(plaintext), call);
      return { ciphertext: toBase64(ciphertext), message };
    },

    async decryptText(ciphertext, call) {
      if (typeof ciphertext !== "string")
        throw invalidArgument("decryptText: the ciphertext must be base64 text.");
      const bytes = fromBase64(ciphertext.trim());
      if (bytes === null)
        throw new MessageFormatError("This is not base64 with padding (RFC 4648, section 4)");
      const result = await decrypt(bytes, call);
      const plaintext = fromUtf8(result.plaintext);
      if (plaintext === null) {
        throw new MessageFormatError(
          "The message is authentic, but holds bytes that are not UTF-8: use decrypt",
        );
      }
      return { ...result, plaintext };
    },

    encryptStream(call) {
      const most = call?.maxPlaintextLength;
      const plaintextLength =
        most === undefined ? undefined : wholeNumber("encryptStream", "maxPlaintextLength", most, 0, 0);
      return messageStream(call, (input, opened) =>
        encryptChunks(config, input, { ...callRequest(call), plaintextLength }, opened),
      );
    },

    decryptStream: (call) =>
      messageStream(call, (input, opened) => {
        const releaseBeforeSignature = call?.releaseBeforeSignature === true;
        return decryptChunks(config, input, { ...callRequest(call), releaseBeforeSignature }, opened);
      }),

    async needsReencryption(ciphertext, call) {
      assertBytes(ciphertext, "needsReencryption: the ciphertext", "encryptText's counterpart, decryptText");
      return needsReencryption(config, ciphertext, call?.signal);
    },

    async reencrypt(ciphertext, options) {
      assertBytes(ciphertext, "reencrypt: the ciphertext", "decryptText and encryptText");
      const { from = client, ...call } = options ?? {};
      if (typeof from !== "object" || from === null) {
        throw invalidArgument("reencrypt: from must be an encryption client or a keyring.");
      }
      const { plaintext, message } =
        "decrypt" in from
          ? await from.decrypt(ciphertext, call)
          : await decryptBytes(
              { ...config, manager: managerOf("reencrypt", { keyring: from }) },
              ciphertext,
              callRequest(call),
            );
      try {
        return await encrypt(plaintext, { ...call, encryptionContext: message.encryptionContext });
      } finally {
        plaintext.fill(0);
      }
    },
  };
  return client;
}

function messageStream(
  call: CallOptions | undefined,
  generate: (
    input: AsyncIterable<Uint8Array>,
    opened: (facts: MessageFacts) => void,
  ) => AsyncGenerator<Uint8Array, void, void>,
): MessageStream {
  let settle!: { resolve: (facts: MessageFacts) => void; reject: (reason: unknown) => void };
  const message = new Promise<MessageFacts>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever does not ask for the facts hears of a failure from the stream.
  message.catch(() => {});
  const { readable, writable } = transformStream(
    (input) => generate(input, settle.resolve),
    call?.signal,
    settle.reject,
  );
  return { readable, writable, message };
}

async function needsReencryption(
  config: ClientConfig,
  ciphertext: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  assertSignal(signal);
  signal?.throwIfAborted();
  const { suite, encryptedDataKeys, encryptionContext } = parseHeader(ciphertext, config);
  if (suite !== config.suite) return true;
  const asked = { suite, encryptedDataKeys, encryptionContext, signal };
  return !(await config.manager.isCurrent(asked));
}
