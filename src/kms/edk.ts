import { fromUtf8, utf8 } from "../bytes/utf8.ts";
import type { Purpose } from "../keyrings/keyring.ts";
import { isObjectEdk, objectEdk } from "../keyrings/purpose.ts";
import type { EncryptedDataKey } from "../types.ts";
import { type KmsArn, parseKmsArn } from "./arn.ts";

/** The provider id of every data key that a KMS keyring wraps for a message. */
const PROVIDER = "aws-kms";

/** How S3 objects name the wrapping by KMS with a bound context. */
export const OBJECT_WRAP = "kms+context";
/** How older writers named it, who bound what they liked. */
const LEGACY_WRAP = "kms";

/** A data key that KMS wrapped. */
export function kmsEdk({ kind }: Purpose, keyArn: string, ciphertext: Uint8Array): EncryptedDataKey {
  return kind === "object"
    ? objectEdk(OBJECT_WRAP, ciphertext)
    : { providerId: PROVIDER, providerInfo: utf8(keyArn), ciphertext };
}

/**
 * The KMS key that a data key says it was wrapped under: an ARN in messages, `"unnamed"` in S3 objects, which do not
 * tell; null if no KMS keyring wrapped it.
 */
export function wrappingKeyOf(purpose: Purpose, edk: EncryptedDataKey): KmsArn | "unnamed" | null {
  if (purpose.kind === "object") {
    const isOurs =
      isObjectEdk(edk, OBJECT_WRAP) || (purpose.legacy !== undefined && isObjectEdk(edk, LEGACY_WRAP));
    return isOurs ? "unnamed" : null;
  }
  if (edk.providerId !== PROVIDER) return null;
  const arn = parseKmsArn(fromUtf8(edk.providerInfo) ?? "");
  return arn?.type === "key" ? arn : null;
}

/** Why a data key that `wrappingKeyOf` does not know is passed over. */
export const NOT_KMS = "not wrapped by KMS, or names no key ARN";
