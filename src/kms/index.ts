/**
 * Keyrings under AWS KMS, and grants on its keys. Takes any client with `send`, such as a `KMSClient`. Needs
 * `@aws-sdk/client-kms`.
 *
 * @module kms
 */

export { type KmsArn, type KmsKeyId, parseKmsArn, parseKmsKeyId } from "./arn.ts";
export type { KmsClient, KmsClientSource } from "./client.ts";
export {
  type KmsDiscoveryFilter,
  type KmsDiscoveryKeyringOptions,
  kmsDiscoveryKeyring,
} from "./discovery.ts";
export type { KmsGrantCallOptions } from "./grant-call.ts";
export type { KmsGrantTokens } from "./grant-tokens.ts";
export {
  type CreatedGrant,
  type CreateGrantOptions,
  createGrant,
  type GrantChoice,
  type KmsGrantOperation,
  type RetireGrantOptions,
  type RevokeGrantOptions,
  retireGrant,
  revokeGrant,
} from "./grants.ts";
export { type KmsKeyringOptions, kmsKeyring } from "./keyring.ts";
export { type KmsGrant, type ListGrantsOptions, listGrants } from "./list-grants.ts";
