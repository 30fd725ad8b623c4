/**
 * AWS Encryption SDK messages and S3 Encryption Client objects: the client, raw and multi keyrings, materials managers,
 * errors and events. Needs no AWS package.
 *
 * @module keyfold
 */

export type { Clocks } from "./cache/clocks.ts";
export type { CallOptions } from "./client/call.ts";
export {
  createEncryptionClient,
  type DecryptStreamOptions,
  type EncryptionClient,
  type EncryptResult,
  type EncryptStreamOptions,
  type MessageStream,
  type ReencryptOptions,
} from "./client/client.ts";
export type { DecryptResult } from "./client/decrypt.ts";
export type { MessageFacts, WrappingKey } from "./client/facts.ts";
export { inspectMessage } from "./client/inspect.ts";
export {
  inspectObject,
  type ObjectFacts,
  type OpenedObject,
  openObject,
  type SealedObject,
  type StoredObject,
  sealObject,
} from "./client/object.ts";
export type { LegacyOptions, ObjectOptions, ObjectSettings } from "./client/object-options.ts";
export { openMessage } from "./client/open-message.ts";
export type { EncryptionClientOptions } from "./client/options.ts";
export { openPayload, type PayloadOf, type PayloadOptions, sealPayload } from "./client/payload.ts";
export type { ByteTransform } from "./client/transform.ts";
export type { RsaPadding } from "./crypto/backend.ts";
export type { RsaJwk, RsaKeyInput } from "./crypto/rsa-key.ts";
export {
  AlgorithmSuiteError,
  AuthenticationError,
  CommitmentPolicyError,
  EncryptionContextError,
  type ErrorCode,
  HierarchyError,
  type HierarchyErrorCode,
  isKeyfoldError,
  KeyfoldError,
  KeyringError,
  KmsError,
  type KmsErrorCode,
  LimitError,
  MessageFormatError,
  NoDataKeyError,
  ObjectFormatError,
  type S3ErrorCode,
  S3ObjectError,
  StoreError,
  TruncatedError,
  UnsupportedError,
  type UnwrapReason,
} from "./errors.ts";
export type {
  GeneratedDataKey,
  Keyring,
  KeyringRequest,
  LegacyUnwrapping,
  Purpose,
  UnwrappedDataKey,
  UnwrapRequest,
} from "./keyrings/keyring.ts";
export { type MultiKeyringOptions, multiKeyring } from "./keyrings/multi.ts";
export { type RawAesKeyringOptions, rawAesKeyring } from "./keyrings/raw-aes.ts";
export type { RawKeyringNames } from "./keyrings/raw-options.ts";
export { type RawRsaKeyringOptions, rawRsaKeyring } from "./keyrings/raw-rsa.ts";
export {
  type CacheStats,
  type CachingMaterialsManager,
  type CachingStats,
  cachingMaterialsManager,
} from "./materials/caching.ts";
export type { CachingOptions, MaterialsRequest } from "./materials/caching-options.ts";
export type {
  CurrentKeysRequest,
  DecryptionMaterials,
  DecryptionMaterialsRequest,
  EncryptionMaterials,
  EncryptionMaterialsRequest,
  MaterialsManager,
} from "./materials/manager.ts";
export {
  type RequiredContextOptions,
  requiredContextMaterialsManager,
} from "./materials/required-context.ts";
export type { MaterialsSource } from "./materials/source.ts";
export type { ObjectFormat, ObjectMetadata } from "./object/envelope.ts";
export type { LegacyObjectWrap, ObjectWrap } from "./object/wraps.ts";
export type {
  AliasEvent,
  CacheChange,
  CacheEvent,
  CacheOf,
  CryptEvent,
  KeyfoldEvent,
  KmsCallEvent,
  MailboxEvent,
  Observer,
  StoreCallEvent,
} from "./observer.ts";
export type { CommitmentPolicy } from "./suites/policy.ts";
export type { AlgorithmSuite, MessageSuiteId, ObjectSuiteId, SuiteId } from "./suites/table.ts";
export type { Awaitable, EncryptedDataKey, EncryptionContext, ObjectPlace } from "./types.ts";
