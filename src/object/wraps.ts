/** How an S3 object's data key is wrapped: by KMS, a raw AES key (or a mailbox), a raw RSA key. */
export type ObjectWrap = "kms+context" | "AES/GCM" | "RSA-OAEP-SHA1";

/** How older writers wrapped it. Read under explicit options, never written. `"AES"` and `"RSA"`: format V1's, implied. */
export type LegacyObjectWrap = "kms" | "AESWrap" | "RSA/ECB/OAEPWithSHA-256AndMGF1Padding" | "AES" | "RSA";

const CODES: ReadonlyMap<string, ObjectWrap> = new Map([
  ["02", "AES/GCM"],
  ["12", "kms+context"],
  ["22", "RSA-OAEP-SHA1"],
]);

const NAMES: ReadonlySet<string> = new Set(CODES.values());
const LEGACY: ReadonlySet<string> = new Set<LegacyObjectWrap>([
  "kms",
  "AESWrap",
  "RSA/ECB/OAEPWithSHA-256AndMGF1Padding",
  "AES",
  "RSA",
]);

/** The wrapping algorithm behind a code of format V3; null if there is none. */
export function wrapByCode(code: string): ObjectWrap | null {
  return CODES.get(code) ?? null;
}

/** The code of format V3. */
export function codeOfWrap(wrap: ObjectWrap): string {
  const [code] = [...CODES].find(([, name]) => name === wrap)!;
  return code;
}

/** The wrapping algorithm that format V2 calls so; null if there is none. */
export function wrapByName(name: string): ObjectWrap | LegacyObjectWrap | null {
  // The implied ones have no name on the wire.
  if (name === "AES" || name === "RSA") return null;
  return NAMES.has(name) || LEGACY.has(name) ? (name as ObjectWrap | LegacyObjectWrap) : null;
}

export function isLegacyWrap(wrap: ObjectWrap | LegacyObjectWrap): wrap is LegacyObjectWrap {
  return LEGACY.has(wrap);
}

/** Whether KMS wrapped it, with the stored pairs as its encryption context. Else they are a label. */
export function isKmsWrap(wrap: ObjectWrap | LegacyObjectWrap): boolean {
  return wrap === "kms+context" || wrap === "kms";
}
