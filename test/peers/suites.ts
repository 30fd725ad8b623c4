/** The 11 suites of AWS Encryption SDK messages, by wire id, as the specification lists them. */
export const messageSuites = [
  { id: 0x0014, name: "AES-128-GCM" },
  { id: 0x0046, name: "AES-192-GCM" },
  { id: 0x0078, name: "AES-256-GCM" },
  { id: 0x0114, name: "AES-128-GCM HKDF-SHA256" },
  { id: 0x0146, name: "AES-192-GCM HKDF-SHA256" },
  { id: 0x0178, name: "AES-256-GCM HKDF-SHA256" },
  { id: 0x0214, name: "AES-128-GCM HKDF-SHA256 ECDSA-P256" },
  { id: 0x0346, name: "AES-192-GCM HKDF-SHA384 ECDSA-P384" },
  { id: 0x0378, name: "AES-256-GCM HKDF-SHA384 ECDSA-P384" },
  { id: 0x0478, name: "AES-256-GCM HKDF-SHA512 committing" },
  { id: 0x0578, name: "AES-256-GCM HKDF-SHA512 committing ECDSA-P384" },
] as const;

export type MessageSuiteId = (typeof messageSuites)[number]["id"];

const committing = (suite: number): boolean => suite === 0x0478 || suite === 0x0578;

/** The strictest policy under which both sides may use the suite. */
export const policyFor = (
  suite: number,
): "require-encrypt-require-decrypt" | "forbid-encrypt-allow-decrypt" =>
  committing(suite) ? "require-encrypt-require-decrypt" : "forbid-encrypt-allow-decrypt";

export const suiteLabel = ({ id, name }: { readonly id: number; readonly name: string }): string =>
  `0x${id.toString(16).padStart(4, "0")} ${name}`;
