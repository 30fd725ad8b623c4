/** A value, or a promise of it. Local keyrings and Node's crypto answer at once; remote ones do not. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Non-secret pairs that are bound to the wrapping of a data key and travel in the clear.
 * Keys that begin with `aws-crypto-` are reserved.
 */
export type EncryptionContext = Readonly<Record<string, string>>;

/**
 * A data key under one wrapping key.
 *
 * In messages `providerId` and `providerInfo` say which keyring and which key wrapped it (AWS Encryption SDK,
 * data-format/message-header, "Encrypted Data Keys"). In S3 objects `providerId` is `"S3Keyring"` and
 * `providerInfo` is the name of the wrapping algorithm.
 */
export interface EncryptedDataKey {
  readonly providerId: string;
  readonly providerInfo: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** S3 objects only: the materials description of a raw key. A label, not authenticated. */
  readonly label?: Readonly<Record<string, string>>;
}
