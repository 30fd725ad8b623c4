import type { KeySpec, KeyUsage } from "./key.ts";

/** In the order of the API reference. */
export const GRANT_OPERATIONS = [
  "Decrypt",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "ReEncryptFrom",
  "ReEncryptTo",
  "Sign",
  "Verify",
  "GetPublicKey",
  "CreateGrant",
  "RetireGrant",
  "DescribeKey",
  "GenerateDataKeyPair",
  "GenerateDataKeyPairWithoutPlaintext",
  "GenerateMac",
  "VerifyMac",
  "DeriveSharedSecret",
] as const;

const ANY_KEY = ["CreateGrant", "DescribeKey", "RetireGrant"];
const BY_USAGE: Readonly<Record<KeyUsage, readonly string[]>> = {
  ENCRYPT_DECRYPT: ["Decrypt", "Encrypt", "GetPublicKey", "ReEncryptFrom", "ReEncryptTo"],
  SIGN_VERIFY: ["Sign", "Verify", "GetPublicKey"],
  GENERATE_VERIFY_MAC: ["GenerateMac", "VerifyMac"],
  KEY_AGREEMENT: ["DeriveSharedSecret", "GetPublicKey"],
};

/** Whether a grant on such a key can speak of this operation (KMS Developer Guide, "Grant operations"). */
export function isGrantable(
  operation: string,
  key: { readonly spec: KeySpec; readonly usage: KeyUsage },
): boolean {
  if (ANY_KEY.includes(operation)) return true;
  if (key.spec !== "SYMMETRIC_DEFAULT") return BY_USAGE[key.usage].includes(operation);
  return operation.startsWith("GenerateDataKey") || /^(Decrypt|Encrypt|ReEncrypt(From|To))$/.test(operation);
}
