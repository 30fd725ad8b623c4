import type { AlgorithmSuite } from "../suites/table.ts";
import type { EncryptedDataKey, EncryptionContext } from "../types.ts";
import type { LegacyObjectWrap, ObjectWrap } from "./wraps.ts";

/** User metadata of an S3 object: names without `x-amz-meta-`. */
export type ObjectMetadata = Readonly<Record<string, string>>;

/** The metadata format of an S3 Encryption Client object. */
export type ObjectFormat = "V1" | "V2" | "V3";

/** What metadata and instruction file say of an object. Nothing of it is authentic until the body has been opened. */
export interface ObjectEnvelope {
  readonly format: ObjectFormat;
  readonly suite: AlgorithmSuite;
  /** Of the content: stored in V1 and V2, fixed in V3. */
  readonly iv: Uint8Array;
  /** V3; else empty. */
  readonly messageId: Uint8Array;
  /** V3; else empty. */
  readonly commitment: Uint8Array;
  readonly wrap: ObjectWrap | LegacyObjectWrap;
  /** One data key; for raw keys its label is the materials description. */
  readonly edk: EncryptedDataKey;
  /** Under KMS: the complete stored context. Else empty. */
  readonly encryptionContext: EncryptionContext;
  /** Bytes of plaintext, where an older writer noted them. */
  readonly declaredLength: number | undefined;
}

/** The provider id of every encrypted data key of an S3 object. */
export const OBJECT_PROVIDER = "S3Keyring";

/** The IV of every V3 object. Safe although fixed: the content key is derived for this object alone. */
export const FIXED_IV: Uint8Array = new Uint8Array(12).fill(1);
