/** How KMS answers with an error: the HTTP status of its JSON protocol, and whose fault it says it is. */
export interface KmsErrorKind {
  /** The HTTP status. */
  readonly status: number;
  /** The caller's, or KMS's own. */
  readonly fault: "client" | "server";
}

const client = (status = 400): KmsErrorKind => ({ status, fault: "client" });
const server = (status = 500): KmsErrorKind => ({ status, fault: "server" });

/** The name of an error of KMS, as in `__type` and in `error.name`. */
export type KmsErrorName =
  | "AccessDeniedException"
  | "AlreadyExistsException"
  | "CloudHsmClusterInvalidConfigurationException"
  | "ConflictException"
  | "CustomKeyStoreInvalidStateException"
  | "CustomKeyStoreNotFoundException"
  | "DependencyTimeoutException"
  | "DisabledException"
  | "DryRunOperationException"
  | "ExpiredTokenException"
  | "IncompleteSignatureException"
  | "IncorrectKeyException"
  | "IncorrectKeyMaterialException"
  | "InternalFailure"
  | "InvalidAliasNameException"
  | "InvalidArnException"
  | "InvalidCiphertextException"
  | "InvalidGrantIdException"
  | "InvalidGrantTokenException"
  | "InvalidKeyUsageException"
  | "InvalidMarkerException"
  | "InvalidSignatureException"
  | "KeyUnavailableException"
  | "KMSInternalException"
  | "KMSInvalidMacException"
  | "KMSInvalidSignatureException"
  | "KMSInvalidStateException"
  | "LimitExceededException"
  | "MalformedPolicyDocumentException"
  | "MissingAuthenticationTokenException"
  | "NotAuthorizedException"
  | "NotFoundException"
  | "OptInRequired"
  | "RequestEntityTooLargeException"
  | "RequestExpired"
  | "SerializationException"
  | "ServiceUnavailableException"
  | "SubscriptionRequiredException"
  | "TagException"
  | "ThrottlingException"
  | "UnknownOperationException"
  | "UnrecognizedClientException"
  | "UnsupportedOperationException"
  | "ValidationException"
  | "XksKeyInvalidConfigurationException"
  | "XksKeyNotFoundException";

/** Every error that the cryptographic and key operations of KMS are known to answer, by name. */
export const KMS_ERRORS: Readonly<Record<KmsErrorName, KmsErrorKind>> = {
  AccessDeniedException: client(),
  AlreadyExistsException: client(),
  CloudHsmClusterInvalidConfigurationException: client(),
  ConflictException: client(),
  CustomKeyStoreInvalidStateException: client(),
  CustomKeyStoreNotFoundException: client(),
  DependencyTimeoutException: server(),
  DisabledException: client(),
  DryRunOperationException: client(),
  ExpiredTokenException: client(),
  IncompleteSignatureException: client(),
  IncorrectKeyException: client(),
  IncorrectKeyMaterialException: client(),
  InternalFailure: server(),
  InvalidAliasNameException: client(),
  InvalidArnException: client(),
  InvalidCiphertextException: client(),
  InvalidGrantIdException: client(),
  InvalidGrantTokenException: client(),
  InvalidKeyUsageException: client(),
  InvalidMarkerException: client(),
  InvalidSignatureException: client(),
  KeyUnavailableException: server(),
  KMSInternalException: server(),
  KMSInvalidMacException: client(),
  KMSInvalidSignatureException: client(),
  KMSInvalidStateException: client(),
  LimitExceededException: client(),
  MalformedPolicyDocumentException: client(),
  MissingAuthenticationTokenException: client(),
  NotAuthorizedException: client(),
  NotFoundException: client(),
  OptInRequired: client(403),
  RequestEntityTooLargeException: client(413),
  RequestExpired: client(),
  SerializationException: client(),
  ServiceUnavailableException: server(503),
  SubscriptionRequiredException: client(),
  TagException: client(),
  ThrottlingException: client(),
  UnknownOperationException: client(),
  UnrecognizedClientException: client(),
  UnsupportedOperationException: client(),
  ValidationException: client(),
  XksKeyInvalidConfigurationException: client(),
  XksKeyNotFoundException: client(),
};

/** A call that the local KMS answers with an error. Never leaves the folder: clients get an `Error` like the SDK's. */
export class KmsFailure extends Error {
  override readonly name: KmsErrorName;
  readonly status: number;
  readonly fault: "client" | "server";

  /** No message: KMS sends none either (`InvalidCiphertextException`). */
  constructor(name: KmsErrorName, message = "") {
    super(message);
    this.name = name;
    this.status = KMS_ERRORS[name].status;
    this.fault = KMS_ERRORS[name].fault;
  }
}

/** No policy of this kind allows this. */
export function accessDenied(
  callerArn: string,
  operation: string,
  keyArn: string,
  policy: "identity" | "resource",
): KmsFailure {
  const action = `kms:${operation}`;
  return new KmsFailure(
    "AccessDeniedException",
    `User: ${callerArn} is not authorized to perform: ${action} on resource: ${keyArn} because no ${policy}-based policy allows the ${action} action`,
  );
}

/** What KMS says with an error that a fault asks for, where the fault brings no message of its own. */
export function defaultMessage(
  name: KmsErrorName,
  about: { readonly operation: string; readonly callerArn: string; readonly keyArn: string },
): string {
  switch (name) {
    case "AccessDeniedException":
      return accessDenied(about.callerArn, about.operation, about.keyArn, "identity").message;
    case "ThrottlingException":
      return "Rate exceeded";
    case "DisabledException":
      return `${about.keyArn} is disabled.`;
    case "KMSInvalidStateException":
      return `${about.keyArn} is pending deletion.`;
    case "NotFoundException":
      return `Key '${about.keyArn}' does not exist`;
    case "IncorrectKeyException":
      return "The key ID in the request does not identify a CMK that can perform this operation.";
    case "ExpiredTokenException":
      return "The security token included in the request is expired";
    case "UnrecognizedClientException":
      return "The security token included in the request is invalid.";
    case "OptInRequired":
    case "SubscriptionRequiredException":
      return "The AWS Access Key Id needs a subscription for the service";
    case "InvalidCiphertextException":
      return "";
    default:
      return `${name}, as scripted`;
  }
}
