/**
 * A local KMS for tests: in process, over HTTP, with an audit log, grants and faults. No place for production keys.
 *
 * @module testing
 */

export type { LocalKmsEvent } from "./audit.ts";
export type { LocalKmsUserIdentity } from "./caller.ts";
export type { LocalKmsClient, LocalKmsCommand } from "./client.ts";
export type { KmsErrorKind, KmsErrorName } from "./errors.ts";
export { KMS_ERRORS } from "./errors.ts";
export type {
  LocalKmsFault,
  LocalKmsFaultHandle,
  LocalKmsFaultRule,
  LocalKmsFaults,
  MalformedReply,
} from "./faults.ts";
export { MALFORMED_REPLIES } from "./faults.ts";
export type { LocalKmsEndpoint } from "./http.ts";
export type { KeySpec, KeyState, KeyUsage } from "./key.ts";
export { KEY_SPECS, KEY_USAGES } from "./key.ts";
export type { LocalKmsKey, LocalKmsKeyOptions, LocalKmsKeys } from "./local-keys.ts";
export type { LocalKms, LocalKmsOptions } from "./local-kms.ts";
export { createLocalKms } from "./local-kms.ts";
export type { LocalKmsFileOptions } from "./open-local-kms.ts";
export { openLocalKms } from "./open-local-kms.ts";
export type { KmsOperation } from "./operations/table.ts";
export { KMS_OPERATIONS } from "./operations/table.ts";
