// What each error of AWS means to a program that wraps data keys, written from KMS's API reference ("Common Errors" and
// the errors of GenerateDataKey, Encrypt and Decrypt) and not from keyfold's own table.
import type { KmsErrorCode } from "../../src/index.ts";
import type { KmsErrorName } from "../../src/testing/index.ts";

/** Whether the same call may succeed later, unchanged. */
export const TRANSIENT_CODES: ReadonlySet<KmsErrorCode> = new Set([
  "ERR_KMS_THROTTLED",
  "ERR_KMS_INTERNAL",
  "ERR_KMS_TIMEOUT",
  "ERR_KMS_NETWORK",
  "ERR_KMS_KEY_UNAVAILABLE",
]);

export const EXPECTED_CODES: Readonly<Record<KmsErrorName, KmsErrorCode>> = {
  // Who may do what.
  AccessDeniedException: "ERR_KMS_ACCESS_DENIED",
  NotAuthorizedException: "ERR_KMS_ACCESS_DENIED",
  // Who is asking.
  ExpiredTokenException: "ERR_KMS_CREDENTIALS",
  IncompleteSignatureException: "ERR_KMS_CREDENTIALS",
  InvalidSignatureException: "ERR_KMS_CREDENTIALS",
  MissingAuthenticationTokenException: "ERR_KMS_CREDENTIALS",
  RequestExpired: "ERR_KMS_CREDENTIALS",
  UnrecognizedClientException: "ERR_KMS_CREDENTIALS",
  OptInRequired: "ERR_KMS_OPT_IN",
  SubscriptionRequiredException: "ERR_KMS_OPT_IN",
  // The key, and the store that it lies in.
  DisabledException: "ERR_KMS_KEY_DISABLED",
  KMSInvalidStateException: "ERR_KMS_KEY_STATE",
  NotFoundException: "ERR_KMS_KEY_NOT_FOUND",
  InvalidKeyUsageException: "ERR_KMS_KEY_USAGE",
  UnsupportedOperationException: "ERR_KMS_KEY_USAGE",
  KeyUnavailableException: "ERR_KMS_KEY_UNAVAILABLE",
  CloudHsmClusterInvalidConfigurationException: "ERR_KMS_KEY_UNAVAILABLE",
  CustomKeyStoreInvalidStateException: "ERR_KMS_KEY_UNAVAILABLE",
  CustomKeyStoreNotFoundException: "ERR_KMS_KEY_UNAVAILABLE",
  XksKeyInvalidConfigurationException: "ERR_KMS_KEY_UNAVAILABLE",
  XksKeyNotFoundException: "ERR_KMS_KEY_UNAVAILABLE",
  // The data key.
  IncorrectKeyException: "ERR_KMS_INCORRECT_KEY",
  InvalidCiphertextException: "ERR_KMS_CIPHERTEXT",
  InvalidGrantTokenException: "ERR_KMS_GRANT_TOKEN",
  InvalidGrantIdException: "ERR_KMS_GRANT_NOT_FOUND",
  // Load and health.
  LimitExceededException: "ERR_KMS_THROTTLED",
  ThrottlingException: "ERR_KMS_THROTTLED",
  InternalFailure: "ERR_KMS_INTERNAL",
  KMSInternalException: "ERR_KMS_INTERNAL",
  ServiceUnavailableException: "ERR_KMS_INTERNAL",
  DependencyTimeoutException: "ERR_KMS_TIMEOUT",
  // Nothing that the operations used here answer; a proxy or an emulator may.
  AlreadyExistsException: "ERR_KMS_REQUEST",
  ConflictException: "ERR_KMS_REQUEST",
  DryRunOperationException: "ERR_KMS_REQUEST",
  IncorrectKeyMaterialException: "ERR_KMS_REQUEST",
  InvalidAliasNameException: "ERR_KMS_REQUEST",
  InvalidArnException: "ERR_KMS_REQUEST",
  InvalidMarkerException: "ERR_KMS_REQUEST",
  KMSInvalidMacException: "ERR_KMS_REQUEST",
  KMSInvalidSignatureException: "ERR_KMS_REQUEST",
  MalformedPolicyDocumentException: "ERR_KMS_REQUEST",
  RequestEntityTooLargeException: "ERR_KMS_REQUEST",
  SerializationException: "ERR_KMS_REQUEST",
  TagException: "ERR_KMS_REQUEST",
  UnknownOperationException: "ERR_KMS_REQUEST",
  ValidationException: "ERR_KMS_REQUEST",
};

/** Bare HTTP statuses, as load balancers and proxies answer. */
export const EXPECTED_BY_STATUS: Readonly<Record<number, KmsErrorCode>> = {
  400: "ERR_KMS_REQUEST",
  403: "ERR_KMS_ACCESS_DENIED",
  404: "ERR_KMS_REQUEST",
  413: "ERR_KMS_REQUEST",
  429: "ERR_KMS_THROTTLED",
  500: "ERR_KMS_INTERNAL",
  502: "ERR_KMS_INTERNAL",
  503: "ERR_KMS_INTERNAL",
  504: "ERR_KMS_INTERNAL",
};
