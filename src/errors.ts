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

/** The codes of a {@link KmsError}, one for each cause that has a remedy of its own. */
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

/** The codes of a {@link HierarchyError}, one for each cause that has a remedy of its own. */
export type HierarchyErrorCode =
  | "ERR_HIERARCHY_UNKNOWN"
  | "ERR_HIERARCHY_EXISTS"
  | "ERR_HIERARCHY_CONFLICT"
  | "ERR_HIERARCHY_RECORD"
  | "ERR_HIERARCHY_UNWRAP";

/** The codes of an {@link S3ObjectError}, one for each cause that has a remedy of its own. */
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
 * Match by `code`: two copies of the package may be loaded, and then `instanceof` fails.
 *
 * @example
 * ```ts
 * try {
 *   await client.decrypt(bytes);
 * } catch (error) {
 *   if (isKeyfoldError(error, "ERR_NO_DATA_KEY")) console.error(error.reasons);
 *   else throw error;
 * }
 * ```
 */
export class KeyfoldError extends Error {
  override readonly name: string = "KeyfoldError";
  readonly code: ErrorCode;
  /** The S3 object that it is about, where the S3 client threw it. */
  declare readonly object?: { readonly bucket: string; readonly key: string };
  /** @internal Recognised across copies of the package. */
  readonly [BRAND] = true;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The bytes are not an AWS Encryption SDK message, or break one of its rules. `offset` counts bytes. */
export class MessageFormatError extends KeyfoldError {
  declare readonly code: "ERR_MESSAGE_FORMAT";
  override readonly name = "MessageFormatError";
  readonly offset: number | undefined;

  constructor(message: string, offset?: number) {
    super("ERR_MESSAGE_FORMAT", offset === undefined ? message : `${message} (at byte ${offset})`);
    this.offset = offset;
  }
}

/** The metadata or body is not an S3 Encryption Client object. `field` names the metadata entry, if one is at fault. */
export class ObjectFormatError extends KeyfoldError {
  declare readonly code: "ERR_OBJECT_FORMAT";
  override readonly name = "ObjectFormatError";
  readonly field: string | undefined;

  constructor(message: string, field?: string) {
    super("ERR_OBJECT_FORMAT", field === undefined ? message : `${field}: ${message}`);
    this.field = field;
  }
}

/** The input ended before the message did: it was cut short, or its end has not arrived. `part` says where. */
export class TruncatedError extends KeyfoldError {
  declare readonly code: "ERR_TRUNCATED";
  override readonly name = "TruncatedError";
  readonly part: string;

  constructor(part: string) {
    super("ERR_TRUNCATED", `The input ends inside ${part}. Fetch the whole message again.`);
    this.part = part;
  }
}

/**
 * A limit was passed, before anything was allocated for it. `limit` is the name of the option that raises it; in
 * capitals it is one of the format's own, which nothing raises.
 */
export class LimitError extends KeyfoldError {
  declare readonly code: "ERR_LIMIT";
  override readonly name = "LimitError";
  readonly limit: string;
  readonly maximum: number;
  readonly actual: number;

  constructor(limit: string, actual: number, maximum: number, what: string) {
    super("ERR_LIMIT", `${what}: ${actual} is over ${limit} (${maximum}).`);
    this.limit = limit;
    this.maximum = maximum;
    this.actual = actual;
  }
}

/** The algorithm suite is unknown, or has no place in this format. `suiteId` is the number on the wire. */
export class AlgorithmSuiteError extends KeyfoldError {
  declare readonly code: "ERR_ALGORITHM_SUITE";
  override readonly name = "AlgorithmSuiteError";
  readonly suiteId: number;

  constructor(suiteId: number, message: string) {
    super("ERR_ALGORITHM_SUITE", message);
    this.suiteId = suiteId;
  }
}

/** The commitment policy does not allow this algorithm suite in this direction. */
export class CommitmentPolicyError extends KeyfoldError {
  declare readonly code: "ERR_COMMITMENT_POLICY";
  override readonly name = "CommitmentPolicyError";
  readonly policy: string;
  readonly suiteId: number;

  constructor(policy: string, suiteId: number, message: string) {
    super("ERR_COMMITMENT_POLICY", message);
    this.policy = policy;
    this.suiteId = suiteId;
  }
}

/** The encryption context is not the expected one, or cannot be written. `key` is the caller's key at fault. */
export class EncryptionContextError extends KeyfoldError {
  declare readonly code: "ERR_ENCRYPTION_CONTEXT";
  override readonly name = "EncryptionContextError";
  readonly key: string | undefined;

  constructor(message: string, key?: string) {
    super("ERR_ENCRYPTION_CONTEXT", message);
    this.key = key;
  }
}

/**
 * A tag, a commitment or a signature does not match: the bytes were altered, or the data key is not theirs.
 * All such failures look alike on purpose.
 */
export class AuthenticationError extends KeyfoldError {
  declare readonly code: "ERR_AUTHENTICATION";
  override readonly name = "AuthenticationError";

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
  readonly providerId: string;
  /** `"skipped"`: not this keyring's; `"failed"`: this keyring's, and it did not open. */
  readonly status: "skipped" | "failed";
  readonly reason: string;
  readonly cause?: unknown;
}

/** As many reasons as a message shows; the error's `reasons` has them all. */
const SHOWN_REASONS = 20;

/** No keyring opened any of the encrypted data keys. `reasons` says why, key by key and keyring by keyring. */
export class NoDataKeyError extends KeyfoldError {
  declare readonly code: "ERR_NO_DATA_KEY";
  override readonly name = "NoDataKeyError";
  readonly reasons: readonly UnwrapReason[];

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

/** A keyring failed to wrap, or broke its contract. `keyring` is its name. */
export class KeyringError extends KeyfoldError {
  declare readonly code: "ERR_KEYRING";
  override readonly name = "KeyringError";
  readonly keyring: string;

  constructor(keyring: string, message: string, options?: ErrorOptions) {
    super("ERR_KEYRING", `Keyring ${keyring}: ${message}`, options);
    this.keyring = keyring;
  }
}

/** This runtime lacks a primitive. `capability` names it. */
export class UnsupportedError extends KeyfoldError {
  declare readonly code: "ERR_UNSUPPORTED";
  override readonly name = "UnsupportedError";
  readonly capability: string;

  constructor(capability: string, message: string) {
    super("ERR_UNSUPPORTED", message);
    this.capability = capability;
  }
}

/** What a {@link KmsError} knows of the call that failed. */
export interface KmsErrorDetails {
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
}

/** A KMS call failed. `code` tells causes apart; `remedy` says what to do. */
export class KmsError extends KeyfoldError implements KmsErrorDetails {
  declare readonly code: KmsErrorCode;
  override readonly name = "KmsError";
  readonly operation: string;
  readonly keyId: string | undefined;
  readonly awsErrorName: string | undefined;
  readonly requestId: string | undefined;
  readonly remedy: string;
  /** The same call may succeed later, unchanged: throttling, timeouts, network, KMS internal. */
  readonly transient: boolean;

  constructor(code: KmsErrorCode, what: string, details: KmsErrorDetails, options?: ErrorOptions) {
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

/** What a {@link StoreError} knows of the call that failed. */
export interface StoreErrorDetails {
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
}

/** The store of a hierarchy's wrapped keys failed, that of offloaded payloads, or a local KMS's file. `cause` is its own error. */
export class StoreError extends KeyfoldError implements StoreErrorDetails {
  declare readonly code: "ERR_STORE";
  override readonly name = "StoreError";
  readonly store: string;
  readonly operation: string;
  readonly keyId: string | undefined;
  readonly remedy: string;
  readonly transient: boolean;

  constructor(what: string, details: StoreErrorDetails, options?: ErrorOptions) {
    const key = details.keyId === undefined ? "" : ` of ${JSON.stringify(details.keyId)}`;
    super("ERR_STORE", `${details.store}: ${details.operation}${key}: ${what}. ${details.remedy}`, options);
    this.store = details.store;
    this.operation = details.operation;
    this.keyId = details.keyId;
    this.remedy = details.remedy;
    this.transient = details.transient;
  }
}

/** A mailbox key or branch key is not there, not as it must be, or does not open. `code` tells causes apart. */
export class HierarchyError extends KeyfoldError {
  declare readonly code: HierarchyErrorCode;
  override readonly name = "HierarchyError";
  readonly level: "mailbox" | "branch key";
  /** The id of the mailbox or branch key. */
  readonly keyId: string;

  constructor(
    code: HierarchyErrorCode,
    { level, keyId }: Pick<HierarchyError, "level" | "keyId">,
    message: string,
    options?: ErrorOptions,
  ) {
    const subject = `${level === "mailbox" ? "Mailbox" : "Branch key"} ${JSON.stringify(keyId)}`;
    super(code, `${subject}: ${message}`, options);
    this.level = level;
    this.keyId = keyId;
  }
}

/** An S3 object, or an upload, cannot be dealt with as asked. `code` tells causes apart. */
export class S3ObjectError extends KeyfoldError {
  declare readonly code: S3ErrorCode;
  override readonly name = "S3ObjectError";

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

type ErrorOf<C extends ErrorCode> = C extends keyof ErrorByCode
  ? ErrorByCode[C]
  : C extends KmsErrorCode
    ? KmsError & { readonly code: C }
    : C extends HierarchyErrorCode
      ? HierarchyError & { readonly code: C }
      : C extends S3ErrorCode
        ? S3ObjectError & { readonly code: C }
        : never;

/** Whether `error` is keyfold's (of any loaded copy of the package), and has this code if one is named. */
export function isKeyfoldError(error: unknown): error is KeyfoldError;
export function isKeyfoldError<C extends ErrorCode>(error: unknown, code: C): error is ErrorOf<C>;
export function isKeyfoldError(error: unknown, code?: ErrorCode): boolean {
  if (!(error instanceof Error) || !(BRAND in error)) return false;
  return code === undefined || (error as KeyfoldError).code === code;
}
