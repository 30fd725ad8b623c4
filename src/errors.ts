import type { ObjectPlace } from "./types.ts";

/** Every `code` that a {@link KeyfoldError} can carry. Codes are stable; messages are not. */
export type ErrorCode =
  | "ERR_MESSAGE_FORMAT"
  | "ERR_OBJECT_FORMAT"
  | "ERR_TRUNCATED"
  | "ERR_LIMIT"
  | "ERR_ALGORITHM_SUITE"
  | "ERR_COMMITMENT_POLICY"
  | "ERR_ENCRYPTION_CONTEXT"
  | "ERR_AUTHENTICATION"
  | "ERR_NO_DATA_KEY"
  | "ERR_KEYRING"
  | "ERR_UNSUPPORTED"
  | "ERR_STORE"
  | HierarchyErrorCode
  | KmsErrorCode
  | S3ErrorCode;

/**
 * The codes of a {@link KmsError}, one for each cause that has a remedy of its own; the error's `remedy` says it in full.
 * Those marked * are transient.
 *
 * - `ERR_KMS_ACCESS_DENIED`: key policy, IAM policies and grants do not allow it, in this encryption context.
 * - `ERR_KMS_CREDENTIALS`: the client's credentials were refused, or the machine's clock is wrong.
 * - `ERR_KMS_KEY_DISABLED`: enable the key, or use another one.
 * - `ERR_KMS_KEY_STATE`: its deletion is pending, or it is still being made.
 * - `ERR_KMS_KEY_NOT_FOUND`: another account, Region or id; or it was deleted.
 * - `ERR_KMS_KEY_UNAVAILABLE` *: a custom or external key store does not answer.
 * - `ERR_KMS_KEY_USAGE`: it is no symmetric encryption key.
 * - `ERR_KMS_INCORRECT_KEY`: another KMS key wrapped the data key.
 * - `ERR_KMS_CIPHERTEXT`: another encryption context, or an altered data key.
 * - `ERR_KMS_GRANT_TOKEN`: a token of another key, or of a grant that is gone.
 * - `ERR_KMS_GRANT_NOT_FOUND`: revoked or retired already, or too new to be known by its id.
 * - `ERR_KMS_GRANT_QUOTA`: the key has as many grants as KMS allows.
 * - `ERR_KMS_OPT_IN`: the account is not signed up for KMS, or for the Region.
 * - `ERR_KMS_THROTTLED` *: too many requests; reuse data keys, or ask for a higher quota.
 * - `ERR_KMS_INTERNAL` *: KMS failed; nothing is wrong with the request.
 * - `ERR_KMS_TIMEOUT` *: no answer in time.
 * - `ERR_KMS_NETWORK` *: endpoint, DNS, proxy or network path.
 * - `ERR_KMS_REPLY`: what answers at the endpoint is not KMS, or not sound.
 * - `ERR_KMS_REQUEST`: refused for another reason, which `cause` tells.
 */
export type KmsErrorCode =
  | "ERR_KMS_ACCESS_DENIED"
  | "ERR_KMS_CREDENTIALS"
  | "ERR_KMS_KEY_DISABLED"
  | "ERR_KMS_KEY_STATE"
  | "ERR_KMS_KEY_NOT_FOUND"
  | "ERR_KMS_KEY_UNAVAILABLE"
  | "ERR_KMS_KEY_USAGE"
  | "ERR_KMS_INCORRECT_KEY"
  | "ERR_KMS_CIPHERTEXT"
  | "ERR_KMS_GRANT_TOKEN"
  | "ERR_KMS_GRANT_NOT_FOUND"
  | "ERR_KMS_GRANT_QUOTA"
  | "ERR_KMS_OPT_IN"
  | "ERR_KMS_THROTTLED"
  | "ERR_KMS_INTERNAL"
  | "ERR_KMS_TIMEOUT"
  | "ERR_KMS_NETWORK"
  | "ERR_KMS_REPLY"
  | "ERR_KMS_REQUEST";

/**
 * The codes of a {@link HierarchyError}, one for each cause that has a remedy of its own.
 *
 * - `ERR_HIERARCHY_UNKNOWN`: there is no such mailbox, branch key or version, or it was destroyed.
 * - `ERR_HIERARCHY_EXISTS`: one of this id was made already.
 * - `ERR_HIERARCHY_CONFLICT`: another writer came first, and nothing was written: call again.
 * - `ERR_HIERARCHY_RECORD`: what is stored is damaged, or no record of keyfold's: restore it from a backup.
 * - `ERR_HIERARCHY_UNWRAP`: the stored key does not open under the organisation's key or the KMS key; `cause` says why.
 */
export type HierarchyErrorCode =
  | "ERR_HIERARCHY_UNKNOWN"
  | "ERR_HIERARCHY_EXISTS"
  | "ERR_HIERARCHY_CONFLICT"
  | "ERR_HIERARCHY_RECORD"
  | "ERR_HIERARCHY_UNWRAP";

/**
 * The codes of an {@link S3ObjectError}, one for each cause that has a remedy of its own.
 *
 * - `ERR_S3_UNENCRYPTED`: nobody encrypted the object; `passUnencrypted` takes such objects.
 * - `ERR_S3_LEGACY`: an older writer's object, which needs the `legacy` option that the message names.
 * - `ERR_S3_INSTRUCTION_FILE`: the instruction file is missing, damaged, or not where it was looked for.
 * - `ERR_S3_MULTIPART`: the parts came out of order, or the upload is not one that this client began.
 * - `ERR_S3_COPY`: a copy would not open where it goes: `{ reencrypt: true }` seals it anew.
 * - `ERR_S3_BODY`: the body has another length than was said.
 * - `ERR_RANGE`: the range lies outside of the object.
 * - `ERR_RANGE_UNVERIFIED`: a range that nothing verifies; `unauthenticatedRanges` takes it.
 * - `ERR_SES_MAIL`: the object is encrypted, and not as SES does it.
 */
export type S3ErrorCode =
  | "ERR_S3_UNENCRYPTED"
  | "ERR_S3_LEGACY"
  | "ERR_S3_INSTRUCTION_FILE"
  | "ERR_S3_MULTIPART"
  | "ERR_S3_COPY"
  | "ERR_S3_BODY"
  | "ERR_RANGE"
  | "ERR_RANGE_UNVERIFIED"
  | "ERR_SES_MAIL";

const BRAND: unique symbol = Symbol.for("keyfold.error");

/**
 * The base of all errors about data, keys and services. Misuse of the API is a `TypeError` instead, with the
 * code `ERR_INVALID_ARGUMENT`.
 *
 * Match by `code`, with {@link isKeyfoldError}: two copies of the package may be loaded, and then `instanceof` fails.
 * No error holds a key, plaintext or ciphertext.
 */
export class KeyfoldError extends Error {
  /** The name of the class. */
  override readonly name: string = "KeyfoldError";
  /** Which error it is. Stable. */
  readonly code: ErrorCode;
  /** The S3 object that it is about, where the S3 client threw it. */
  declare readonly object?: ObjectPlace;
  /** @internal Recognised across copies of the package. */
  readonly [BRAND] = true;

  /** @internal */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * `ERR_MESSAGE_FORMAT`: the bytes are not an AWS Encryption SDK message, or break one of its rules. Look at what was
 * stored or sent: text in place of bytes, base64 of another alphabet, or something else altogether.
 */
export class MessageFormatError extends KeyfoldError {
  declare readonly code: "ERR_MESSAGE_FORMAT";
  override readonly name = "MessageFormatError";
  /** Where, in bytes from the beginning; undefined where no one place is at fault. */
  readonly offset: number | undefined;

  /** @internal */
  constructor(message: string, offset?: number) {
    super("ERR_MESSAGE_FORMAT", offset === undefined ? message : `${message} (at byte ${offset})`);
    this.offset = offset;
  }
}

/**
 * `ERR_OBJECT_FORMAT`: the metadata is not that of an S3 Encryption Client object, or breaks one of its rules. It may
 * have been lost or changed on the way, as by a copy that replaces metadata.
 */
export class ObjectFormatError extends KeyfoldError {
  declare readonly code: "ERR_OBJECT_FORMAT";
  override readonly name = "ObjectFormatError";
  /** The metadata entry at fault, such as `"x-amz-iv"`; undefined where it is no single one. */
  readonly field: string | undefined;

  /** @internal */
  constructor(message: string, field?: string) {
    super("ERR_OBJECT_FORMAT", field === undefined ? message : `${field}: ${message}`);
    this.field = field;
  }
}

/** `ERR_TRUNCATED`: the input ended before the message or object did. It was cut short: fetch it again, whole. */
export class TruncatedError extends KeyfoldError {
  declare readonly code: "ERR_TRUNCATED";
  override readonly name = "TruncatedError";
  /** Where it ends, such as `"the message body"`. */
  readonly part: string;

  /** @internal */
  constructor(part: string) {
    super("ERR_TRUNCATED", `The input ends inside ${part}. Fetch the whole message again.`);
    this.part = part;
  }
}

/** `ERR_LIMIT`: a limit was passed, before anything was allocated for it. Raise the option, if you trust the sender. */
export class LimitError extends KeyfoldError {
  declare readonly code: "ERR_LIMIT";
  override readonly name = "LimitError";
  /** The option that raises it, such as `"bufferLimit"`; in capitals a limit of the format's own, which nothing raises. */
  readonly limit: string;
  /** The most that is allowed: bytes, or a count. */
  readonly maximum: number;
  /** What there is, or is claimed to be. */
  readonly actual: number;

  /** @internal */
  constructor(limit: string, actual: number, maximum: number, what: string) {
    super("ERR_LIMIT", `${what}: ${actual} is over ${limit} (${maximum}).`);
    this.limit = limit;
    this.maximum = maximum;
    this.actual = actual;
  }
}

/**
 * `ERR_ALGORITHM_SUITE`: the algorithm suite is unknown, or has no place in this format. The data is altered, or of
 * another library.
 */
export class AlgorithmSuiteError extends KeyfoldError {
  declare readonly code: "ERR_ALGORITHM_SUITE";
  override readonly name = "AlgorithmSuiteError";
  /** The number on the wire, such as 0x0478. */
  readonly suiteId: number;

  /** @internal */
  constructor(suiteId: number, message: string) {
    super("ERR_ALGORITHM_SUITE", message);
    this.suiteId = suiteId;
  }
}

/**
 * `ERR_COMMITMENT_POLICY`: the commitment policy does not allow this algorithm suite in this direction. To read what
 * older clients wrote, use `"require-encrypt-allow-decrypt"`.
 */
export class CommitmentPolicyError extends KeyfoldError {
  declare readonly code: "ERR_COMMITMENT_POLICY";
  override readonly name = "CommitmentPolicyError";
  /** The policy, as in the options. */
  readonly policy: string;
  /** The number of the suite on the wire. */
  readonly suiteId: number;

  /** @internal */
  constructor(policy: string, suiteId: number, message: string) {
    super("ERR_COMMITMENT_POLICY", message);
    this.policy = policy;
    this.suiteId = suiteId;
  }
}

/**
 * `ERR_ENCRYPTION_CONTEXT`: the encryption context is not the expected one, or cannot be written. On reading: what was
 * sealed belongs elsewhere, or its writer did not bind this pair. On writing: a reserved key, or too many bytes.
 */
export class EncryptionContextError extends KeyfoldError {
  declare readonly code: "ERR_ENCRYPTION_CONTEXT";
  override readonly name = "EncryptionContextError";
  /** The caller's key at fault; undefined where it is no single one. Values are never shown. */
  readonly key: string | undefined;

  /** @internal */
  constructor(message: string, key?: string) {
    super("ERR_ENCRYPTION_CONTEXT", message);
    this.key = key;
  }
}

/**
 * `ERR_AUTHENTICATION`: a tag, a commitment or a signature does not match. The bytes were altered, or the data key is
 * not theirs; all such failures look alike on purpose. Fetch them again, and else treat them as hostile.
 */
export class AuthenticationError extends KeyfoldError {
  declare readonly code: "ERR_AUTHENTICATION";
  override readonly name = "AuthenticationError";

  /** @internal */
  constructor() {
    super(
      "ERR_AUTHENTICATION",
      "Authentication failed: the data was altered, or was not sealed under this data key. Nothing of it was released beyond what had been verified.",
    );
  }
}

/** Why one encrypted data key was not opened by one keyring. */
export interface UnwrapReason {
  /** The keyring's name. */
  readonly keyring: string;
  /** Position of the encrypted data key in the message, from 0. */
  readonly index: number;
  /** The encrypted data key's provider id, such as `"aws-kms"`. */
  readonly providerId: string;
  /** `"skipped"`: not this keyring's; `"failed"`: this keyring's, and it did not open. */
  readonly status: "skipped" | "failed";
  /** In words. */
  readonly reason: string;
  /** What was thrown, such as a {@link KmsError}. */
  readonly cause?: unknown;
}

/** As many reasons as a message shows; the error's `reasons` has them all. */
const SHOWN_REASONS = 20;

/**
 * `ERR_NO_DATA_KEY`: no keyring opened any of the encrypted data keys. Go by the reasons: name the key that wrapped it,
 * or mend what failed. `cause` is what failed, or an `AggregateError` of several.
 */
export class NoDataKeyError extends KeyfoldError {
  declare readonly code: "ERR_NO_DATA_KEY";
  override readonly name = "NoDataKeyError";
  /** Why, key by key and keyring by keyring. */
  readonly reasons: readonly UnwrapReason[];

  /** @internal */
  constructor(count: number, reasons: readonly UnwrapReason[]) {
    const lines = reasons
      .slice(0, SHOWN_REASONS)
      .map((r) => `\n  - data key ${r.index + 1}, keyring ${r.keyring}: ${r.status}: ${r.reason}`);
    if (reasons.length > SHOWN_REASONS) lines.push(`\n  - and ${reasons.length - SHOWN_REASONS} more`);
    const causes = reasons.filter((r) => r.cause !== undefined).map((r) => r.cause);
    super(
      "ERR_NO_DATA_KEY",
      `None of the ${count} encrypted data key(s) could be opened:${lines.join("") || " no keyring answered"}`,
      causes.length === 0
        ? undefined
        : { cause: causes.length === 1 ? causes[0] : new AggregateError(causes) },
    );
    this.reasons = reasons;
  }
}

/**
 * `ERR_KEYRING`: a keyring failed to wrap, or broke its contract. `cause` has what it threw; of your own keyring, the
 * message says which rule.
 */
export class KeyringError extends KeyfoldError {
  declare readonly code: "ERR_KEYRING";
  override readonly name = "KeyringError";
  /** The keyring's name. */
  readonly keyring: string;

  /** @internal */
  constructor(keyring: string, message: string, options?: ErrorOptions) {
    super("ERR_KEYRING", `Keyring ${keyring}: ${message}`, options);
    this.keyring = keyring;
  }
}

/** `ERR_UNSUPPORTED`: this runtime lacks a primitive. docs/runtimes.md lists what each of them has. */
export class UnsupportedError extends KeyfoldError {
  declare readonly code: "ERR_UNSUPPORTED";
  override readonly name = "UnsupportedError";
  /** What is missing, such as `"WebCrypto"`. */
  readonly capability: string;

  /** @internal */
  constructor(capability: string, message: string) {
    super("ERR_UNSUPPORTED", message);
    this.capability = capability;
  }
}

/** `ERR_KMS_...`: a KMS call failed, after the client's own retries. {@link KmsErrorCode} tells causes apart. */
export class KmsError extends KeyfoldError {
  declare readonly code: KmsErrorCode;
  override readonly name = "KmsError";
  /** The KMS operation, such as `"Decrypt"`. */
  readonly operation: string;
  /** The key id that was sent, if one was. */
  readonly keyId: string | undefined;
  /** The name of KMS's or the SDK's error, such as `"AccessDeniedException"`. */
  readonly awsErrorName: string | undefined;
  /** The AWS request id, if a reply arrived. */
  readonly requestId: string | undefined;
  /** What to do about it. */
  readonly remedy: string;
  /** The same call may succeed later, unchanged: throttling, timeouts, network, KMS internal. */
  readonly transient: boolean;

  /** @internal */
  constructor(
    code: KmsErrorCode,
    what: string,
    details: Pick<KmsError, "operation" | "keyId" | "awsErrorName" | "requestId" | "remedy">,
    options?: ErrorOptions,
  ) {
    const key = details.keyId === undefined ? "" : ` with ${details.keyId}`;
    const request = details.requestId === undefined ? "" : ` (request ${details.requestId})`;
    super(code, `kms:${details.operation}${key}: ${what}${request}. ${details.remedy}`, options);
    this.operation = details.operation;
    this.keyId = details.keyId;
    this.awsErrorName = details.awsErrorName;
    this.requestId = details.requestId;
    this.remedy = details.remedy;
    this.transient = TRANSIENT.has(code);
  }
}

/**
 * `ERR_STORE`: the store of a hierarchy's wrapped keys failed, that of offloaded payloads, or a local KMS's file. `cause`
 * is its own error.
 * A store of your own may throw one, to say itself whether a failure is transient.
 */
export class StoreError extends KeyfoldError {
  declare readonly code: "ERR_STORE";
  override readonly name = "StoreError";
  /** The store's name. */
  readonly store: string;
  /** What was asked of it, such as `"get"` or `"PutItem"`. */
  readonly operation: string;
  /** The mailbox or branch key, if the call was about one. */
  readonly keyId: string | undefined;
  /** What to do about it. */
  readonly remedy: string;
  /** The same call may succeed later, unchanged. */
  readonly transient: boolean;

  /** `what` went wrong, in words without a full stop. */
  constructor(
    what: string,
    details: Pick<StoreError, "store" | "operation" | "keyId" | "remedy" | "transient">,
    options?: ErrorOptions,
  ) {
    const key = details.keyId === undefined ? "" : ` of ${JSON.stringify(details.keyId)}`;
    super("ERR_STORE", `${details.store}: ${details.operation}${key}: ${what}. ${details.remedy}`, options);
    this.store = details.store;
    this.operation = details.operation;
    this.keyId = details.keyId;
    this.remedy = details.remedy;
    this.transient = details.transient;
  }
}

/**
 * `ERR_HIERARCHY_...`: a mailbox key or branch key is not there, not as it must be, or does not open.
 * {@link HierarchyErrorCode} tells causes apart. A branch key store of your own throws it for a key that it does not have.
 */
export class HierarchyError extends KeyfoldError {
  declare readonly code: HierarchyErrorCode;
  override readonly name = "HierarchyError";
  /** Which of the two hierarchies it is about. */
  readonly level: "mailbox" | "branch key";
  /** The id of the mailbox or branch key. */
  readonly keyId: string;

  /** `message` goes on after the name of the key. */
  constructor(
    code: HierarchyErrorCode,
    about: Pick<HierarchyError, "level" | "keyId">,
    message: string,
    options?: ErrorOptions,
  ) {
    const { level, keyId } = about;
    const subject = `${level === "mailbox" ? "Mailbox" : "Branch key"} ${JSON.stringify(keyId)}`;
    super(code, `${subject}: ${message}`, options);
    this.level = level;
    this.keyId = keyId;
  }
}

/** `ERR_S3_...`: an S3 object, or an upload, cannot be dealt with as asked. {@link S3ErrorCode} tells causes apart. */
export class S3ObjectError extends KeyfoldError {
  declare readonly code: S3ErrorCode;
  override readonly name = "S3ObjectError";

  /** @internal */
  constructor(code: S3ErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

const TRANSIENT: ReadonlySet<KmsErrorCode> = new Set<KmsErrorCode>([
  "ERR_KMS_THROTTLED",
  "ERR_KMS_INTERNAL",
  "ERR_KMS_TIMEOUT",
  "ERR_KMS_NETWORK",
  "ERR_KMS_KEY_UNAVAILABLE",
]);

interface ErrorByCode {
  ERR_MESSAGE_FORMAT: MessageFormatError;
  ERR_OBJECT_FORMAT: ObjectFormatError;
  ERR_TRUNCATED: TruncatedError;
  ERR_LIMIT: LimitError;
  ERR_ALGORITHM_SUITE: AlgorithmSuiteError;
  ERR_COMMITMENT_POLICY: CommitmentPolicyError;
  ERR_ENCRYPTION_CONTEXT: EncryptionContextError;
  ERR_AUTHENTICATION: AuthenticationError;
  ERR_NO_DATA_KEY: NoDataKeyError;
  ERR_KEYRING: KeyringError;
  ERR_UNSUPPORTED: UnsupportedError;
  ERR_STORE: StoreError;
}

/** The class that has this code. */
type ErrorOf<C extends ErrorCode> = C extends keyof ErrorByCode
  ? ErrorByCode[C]
  : C extends KmsErrorCode
    ? KmsError & { readonly code: C }
    : C extends HierarchyErrorCode
      ? HierarchyError & { readonly code: C }
      : C extends S3ErrorCode
        ? S3ObjectError & { readonly code: C }
        : never;

/** Whether `error` is keyfold's, of any loaded copy of the package. */
export function isKeyfoldError(error: unknown): error is KeyfoldError;
/**
 * Whether it is keyfold's and has this code; then it has the fields of the code's class, too.
 *
 * @example
 * ```ts
 * import { isKeyfoldError, openMessage, rawAesKeyring } from "keyfold";
 *
 * const keyring = rawAesKeyring({ namespace: "app", name: "2026", key: crypto.getRandomValues(new Uint8Array(32)) });
 * try {
 *   await openMessage(new Uint8Array(100), { keyring });
 * } catch (error) {
 *   if (!isKeyfoldError(error, "ERR_MESSAGE_FORMAT")) throw error;
 *   console.error(error.message, error.offset);
 * }
 * ```
 */
export function isKeyfoldError<C extends ErrorCode>(error: unknown, code: C): error is ErrorOf<C>;
export function isKeyfoldError(error: unknown, code?: ErrorCode): boolean {
  if (!(error instanceof Error) || !(BRAND in error)) return false;
  return code === undefined || (error as KeyfoldError).code === code;
}
