import { KmsError, type KmsErrorCode } from "../errors.ts";

interface Cause {
  readonly code: KmsErrorCode;
  readonly what: string;
  readonly remedy: string;
}

const cause = (code: KmsErrorCode, what: string, remedy: string): Cause => ({ code, what, remedy });

const ACCESS_DENIED = cause(
  "ERR_KMS_ACCESS_DENIED",
  "access denied",
  "Allow the caller this operation on this key in the key policy, an IAM policy or a grant, and compare their encryption-context conditions with the context of this call. If access comes by a grant, look with listGrants whether it was revoked or retired; while it is new, pass its token.",
);
const CREDENTIALS = cause(
  "ERR_KMS_CREDENTIALS",
  "the credentials were refused",
  "Renew the credentials of the client that was handed in, and check the machine's clock.",
);
const DISABLED = cause(
  "ERR_KMS_KEY_DISABLED",
  "the key is disabled",
  "Enable it (kms:EnableKey), or use another key.",
);
const STATE = cause(
  "ERR_KMS_KEY_STATE",
  "the key's state does not allow this",
  "Look at its state (kms:DescribeKey): if its deletion is pending, cancel that (kms:CancelKeyDeletion) and enable the key; if it is being made or imported, wait.",
);
const NOT_FOUND = cause(
  "ERR_KMS_KEY_NOT_FOUND",
  "the key was not found",
  "Check account, Region and id; the client must be of the key's Region, and aliases resolve in the caller's account. A deleted key does not come back.",
);
const UNAVAILABLE = cause(
  "ERR_KMS_KEY_UNAVAILABLE",
  "the key is not available now",
  "Try again; if it lies in a custom or external key store, check that store's connection.",
);
const USAGE = cause(
  "ERR_KMS_KEY_USAGE",
  "the key cannot wrap data keys",
  "Only symmetric encryption keys do (key spec SYMMETRIC_DEFAULT, key usage ENCRYPT_DECRYPT); asymmetric and HMAC keys do not.",
);
const INCORRECT_KEY = cause(
  "ERR_KMS_INCORRECT_KEY",
  "the data key was wrapped under another KMS key",
  "Name the key that wrapped it: inspectMessage shows its ARN.",
);
const CIPHERTEXT = cause(
  "ERR_KMS_CIPHERTEXT",
  "the encrypted data key does not open",
  "The encryption context differs from the one at sealing, or the encrypted data key was altered or belongs to another key.",
);
const GRANT_TOKEN = cause(
  "ERR_KMS_GRANT_TOKEN",
  "a grant token is not valid",
  "Pass the tokens that kms:CreateGrant answered for this key, or none: grants hold without them after some minutes. The tokens of a grant that was revoked or retired hold no more.",
);
const GRANT_NOT_FOUND = cause(
  "ERR_KMS_GRANT_NOT_FOUND",
  "the grant, or its key, was not found",
  "Look for it with listGrants: it may have been revoked or retired already, or be too new to be known by its id. Check key, account and Region too.",
);
const GRANT_QUOTA = cause(
  "ERR_KMS_GRANT_QUOTA",
  "the key has as many grants as KMS allows",
  "Revoke or retire those that nobody needs (listGrants); name grants, so that repeated requests make no second one.",
);
const OPT_IN = cause(
  "ERR_KMS_OPT_IN",
  "the account is not signed up for KMS here",
  "Complete the account's sign-up, or enable the Region for it.",
);
const THROTTLED = cause(
  "ERR_KMS_THROTTLED",
  "too many requests, and the client's retries are used up",
  "Call less often (reuse data keys for a period), ask for a higher quota, or give the client more retries.",
);
const INTERNAL = cause(
  "ERR_KMS_INTERNAL",
  "KMS failed, and the client's retries are used up",
  "Try again later; nothing is wrong with the request.",
);
const TIMEOUT = cause(
  "ERR_KMS_TIMEOUT",
  "no answer in time",
  "Try again; check the network path to the endpoint, and the client's timeouts.",
);
const NETWORK = cause(
  "ERR_KMS_NETWORK",
  "the connection failed",
  "Check the endpoint, DNS, proxy and network path of the client that was handed in.",
);
const REPLY = cause(
  "ERR_KMS_REPLY",
  "the reply cannot be read",
  "Check what answers at the client's endpoint: a proxy or emulator may stand between.",
);
const REQUEST = cause(
  "ERR_KMS_REQUEST",
  "the request was refused",
  "The cause says what KMS, or the client that was handed in, found wrong with it.",
);

// KMS's API reference, "Common Errors" and each operation's own; names that older services and proxies use included.
const BY_NAME: Readonly<Record<string, Cause>> = Object.assign(Object.create(null), {
  AccessDenied: ACCESS_DENIED,
  AccessDeniedException: ACCESS_DENIED,
  NotAuthorized: ACCESS_DENIED,
  NotAuthorizedException: ACCESS_DENIED,
  CredentialsProviderError: CREDENTIALS,
  ExpiredToken: CREDENTIALS,
  ExpiredTokenException: CREDENTIALS,
  IncompleteSignature: CREDENTIALS,
  IncompleteSignatureException: CREDENTIALS,
  InvalidClientTokenId: CREDENTIALS,
  InvalidSignatureException: CREDENTIALS,
  MissingAuthenticationToken: CREDENTIALS,
  MissingAuthenticationTokenException: CREDENTIALS,
  RequestExpired: CREDENTIALS,
  SignatureDoesNotMatch: CREDENTIALS,
  UnrecognizedClientException: CREDENTIALS,
  DisabledException: DISABLED,
  KMSInvalidStateException: STATE,
  NotFoundException: NOT_FOUND,
  KeyUnavailableException: UNAVAILABLE,
  CloudHsmClusterInvalidConfigurationException: UNAVAILABLE,
  CloudHsmClusterNotActiveException: UNAVAILABLE,
  CustomKeyStoreInvalidStateException: UNAVAILABLE,
  CustomKeyStoreNotFoundException: UNAVAILABLE,
  InvalidKeyUsageException: USAGE,
  UnsupportedOperationException: USAGE,
  IncorrectKeyException: INCORRECT_KEY,
  InvalidCiphertextException: CIPHERTEXT,
  InvalidGrantIdException: GRANT_NOT_FOUND,
  InvalidGrantTokenException: GRANT_TOKEN,
  OptInRequired: OPT_IN,
  OptInRequiredException: OPT_IN,
  SubscriptionRequiredException: OPT_IN,
  LimitExceededException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  RequestThrottled: THROTTLED,
  RequestThrottledException: THROTTLED,
  SlowDown: THROTTLED,
  Throttling: THROTTLED,
  ThrottlingException: THROTTLED,
  ThrottledException: THROTTLED,
  TooManyRequestsException: THROTTLED,
  InternalError: INTERNAL,
  InternalFailure: INTERNAL,
  InternalServerError: INTERNAL,
  KMSInternalException: INTERNAL,
  ServiceUnavailable: INTERNAL,
  ServiceUnavailableException: INTERNAL,
  DependencyTimeoutException: TIMEOUT,
  RequestTimeout: TIMEOUT,
  RequestTimeoutException: TIMEOUT,
  TimeoutError: TIMEOUT,
  NetworkingError: NETWORK,
  SyntaxError: REPLY,
});

/** Names that mean something else where grants are concerned: there is a second thing not to be found, another limit. */
const BY_OPERATION: Readonly<Record<string, Cause>> = {
  "CreateGrant LimitExceededException": GRANT_QUOTA,
  "RetireGrant NotFoundException": GRANT_NOT_FOUND,
  "RevokeGrant NotFoundException": GRANT_NOT_FOUND,
};

const TIMEOUT_CODES = new Set([
  "ETIMEDOUT",
  "ESOCKETTIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
]);

/** The call that failed. */
export interface FailedCall {
  readonly operation: string;
  readonly keyId: string | undefined;
}

/** What a thrown value tells, as far as its shape is an AWS SDK error's. */
interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/** What kind of failure this is. What concerns no key is the same for the clients of other services. */
export function awsFailureCode(error: unknown): KmsErrorCode {
  return causeOf(shapeOf(error)).code;
}

/** Makes a typed error of whatever an AWS SDK client threw. */
export function kmsError(error: unknown, call: FailedCall): KmsError {
  const shape = shapeOf(error);
  const { code, what, remedy } = BY_OPERATION[`${call.operation} ${shape.name}`] ?? causeOf(shape);
  const name = typeof shape.name === "string" ? shape.name : undefined;
  return new KmsError(
    code,
    name === undefined || name === "Error" ? what : `${what} (${name})`,
    { ...call, awsErrorName: name, requestId: shape.$metadata?.requestId, remedy },
    // A reply that cannot be read may hold a key, and its parse error quotes it.
    code === "ERR_KMS_REPLY" || name === "SyntaxError" ? undefined : { cause: error },
  );
}

/** The error for a reply that came, and is not what was asked for. */
export function kmsReplyError(what: string, call: FailedCall, requestId: string | undefined): KmsError {
  const { remedy } = REPLY;
  return new KmsError("ERR_KMS_REPLY", what, { ...call, awsErrorName: undefined, requestId, remedy });
}

function shapeOf(error: unknown): SdkError {
  return typeof error === "object" && error !== null ? error : {};
}

function causeOf({ name, code, syscall, $metadata }: SdkError): Cause {
  const status = $metadata?.httpStatusCode;
  // The SDK names a connection that broke a TimeoutError, like one that was too slow.
  if (name === "TimeoutError" && (code === "ECONNRESET" || code === "EPIPE")) return NETWORK;
  const named = BY_NAME[String(name)];
  // A proxy's page with an error status does not parse either: there the status tells more.
  const unreadable = named === REPLY && status !== undefined && status >= 300;
  if (named !== undefined && !unreadable) return named;
  if (typeof name === "string" && name.startsWith("Xks")) return UNAVAILABLE;
  if (typeof code === "string") {
    if (TIMEOUT_CODES.has(code)) return TIMEOUT;
    if (
      syscall !== undefined ||
      /^(E[A-Z]+|UND_ERR_.*|ERR_(SSL|TLS|HTTP2|SOCKET|STREAM).*|HPE_.*)$/.test(code)
    ) {
      return NETWORK;
    }
  }
  if (status === undefined) {
    // Without a code it never came to a connection: "Region is missing", a credentials provider that threw.
    return name === "TypeError" || (name === "Error" && typeof code === "string") ? NETWORK : REQUEST;
  }
  if (status === 429) return THROTTLED;
  if (status === 401 || status === 403) return ACCESS_DENIED;
  if (status >= 500) return INTERNAL;
  return status < 300 ? REPLY : REQUEST;
}
