// Type tests of errors: `isKeyfoldError(error, code)` narrows to the class that has this code.
import {
  type EncryptionContextError,
  type ErrorCode,
  type HierarchyError,
  isKeyfoldError,
  type KeyfoldError,
  type KmsError,
  type LimitError,
  type NoDataKeyError,
  type StoreError,
  type UnwrapReason,
} from "../../src/index.ts";
import { type Equal, expectType } from "./expect.js";

export function narrows(error: unknown): void {
  if (isKeyfoldError(error)) {
    expectType<Equal<typeof error, KeyfoldError>>();
    expectType<Equal<typeof error.code, ErrorCode>>();
    // @ts-expect-error Not every error has reasons.
    void error.reasons;
  }
  if (isKeyfoldError(error, "ERR_NO_DATA_KEY")) {
    expectType<Equal<typeof error, NoDataKeyError>>();
    expectType<Equal<typeof error.reasons, readonly UnwrapReason[]>>();
  }
  if (isKeyfoldError(error, "ERR_LIMIT")) expectType<Equal<typeof error, LimitError>>();
  if (isKeyfoldError(error, "ERR_ENCRYPTION_CONTEXT"))
    expectType<Equal<typeof error, EncryptionContextError>>();
  if (isKeyfoldError(error, "ERR_KMS_THROTTLED")) {
    const kms: KmsError = error;
    expectType<Equal<typeof error.code, "ERR_KMS_THROTTLED">>();
    expectType<Equal<typeof error.remedy, string>>();
    expectType<Equal<typeof kms.requestId, string | undefined>>();
  }
  if (isKeyfoldError(error, "ERR_STORE")) expectType<Equal<typeof error, StoreError>>();
  if (isKeyfoldError(error, "ERR_HIERARCHY_UNKNOWN")) {
    const unknown: HierarchyError = error;
    expectType<Equal<typeof error.code, "ERR_HIERARCHY_UNKNOWN">>();
    expectType<Equal<typeof unknown.keyId, string>>();
  }
  // @ts-expect-error No such code.
  if (isKeyfoldError(error, "ERR_NO_SUCH")) return;
  // @ts-expect-error Nothing is known of it without a question.
  void error.code;
}

export function isExhaustive(code: ErrorCode): boolean {
  switch (code) {
    case "ERR_MESSAGE_FORMAT":
    case "ERR_OBJECT_FORMAT":
    case "ERR_TRUNCATED":
    case "ERR_LIMIT":
    case "ERR_ALGORITHM_SUITE":
    case "ERR_COMMITMENT_POLICY":
    case "ERR_ENCRYPTION_CONTEXT":
    case "ERR_AUTHENTICATION":
    case "ERR_NO_DATA_KEY":
    case "ERR_KEYRING":
    case "ERR_UNSUPPORTED":
    case "ERR_STORE":
      return true;
    default: {
      const rest:
        | `ERR_${"KMS" | "HIERARCHY" | "S3" | "SES"}_${string}`
        | "ERR_RANGE"
        | "ERR_RANGE_UNVERIFIED" = code;
      return rest.length > 0;
    }
  }
}
