/** A value, or a promise of it. Local keyrings and Node's crypto answer at once; remote ones do not. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Non-secret pairs that are bound to the wrapping of a data key and travel in the clear. Keys that begin with
 * `aws-crypto-` are reserved. Serialised, it has 65,535 bytes at most: 2, and for each pair its UTF-8 and 4 more
 * (framework/structures, "Encryption Context").
 */
export type EncryptionContext = Readonly<Record<string, string>>;

/** Where an S3 object lies. */
export interface ObjectPlace {
  /** The bucket, as the command named it. */
  readonly bucket: string;
  /** The object's key. */
  readonly key: string;
}

/**
 * A data key under one wrapping key.
 *
 * In messages `providerId` and `providerInfo` say which keyring and which key wrapped it (AWS Encryption SDK,
 * data-format/message-header, "Encrypted Data Keys"). In S3 objects `providerId` is `"S3Keyring"` and
 * `providerInfo` is the name of the wrapping algorithm.
 */
export interface EncryptedDataKey {
  /** Who wrapped it: `"aws-kms"`, the namespace of a raw key, ... */
  readonly providerId: string;
  /** Which key: for KMS the key ARN, as UTF-8. */
  readonly providerInfo: Uint8Array;
  /** The wrapped data key. */
  readonly ciphertext: Uint8Array;
  /** S3 objects only: the materials description of a raw key. A label, not authenticated. */
  readonly label?: Readonly<Record<string, string>>;
}
