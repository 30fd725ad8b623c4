export { type KmsArn, type KmsKeyId, parseKmsArn, parseKmsKeyId } from "./arn.ts";
export type { KmsClient, KmsClientSource } from "./client.ts";
export {
  type KmsDiscoveryFilter,
  type KmsDiscoveryKeyringOptions,
  kmsDiscoveryKeyring,
} from "./discovery.ts";
export { type KmsKeyringOptions, kmsKeyring } from "./keyring.ts";
