import type { HashName } from "../crypto/backend.ts";
import { AlgorithmSuiteError } from "../errors.ts";

/**
 * The wire id of every algorithm suite of AWS Encryption SDK messages (framework/algorithm-suites). 0x0478 and 0x0578
 * commit to their key; 0x0214, 0x0346, 0x0378 and 0x0578 are signed; 0x0014, 0x0046 and 0x0078 derive no key.
 */
export type MessageSuiteId =
  | 0x0014
  | 0x0046
  | 0x0078
  | 0x0114
  | 0x0146
  | 0x0178
  | 0x0214
  | 0x0346
  | 0x0378
  | 0x0478
  | 0x0578;

/** The wire id of every algorithm suite of S3 Encryption Client objects. 0x0072 and 0x0073 are written, all are read. */
export type ObjectSuiteId = 0x0070 | 0x0071 | 0x0072 | 0x0073 | 0x0074;

/** The wire id of an algorithm suite. Names repeat between the two formats; ids do not. */
export type SuiteId = MessageSuiteId | ObjectSuiteId;

/** One row of the table: everything that the rest of the code knows about an algorithm suite. */
export interface AlgorithmSuite {
  /** The number on the wire. */
  readonly id: SuiteId;
  /** As the specification has it, such as `"AES_256_GCM_HKDF_SHA512_COMMIT_KEY"`. */
  readonly name: string;
  /** What is written with it. */
  readonly format: "message" | "object";
  /** The version byte of a message, or the metadata version of an object. */
  readonly version: 1 | 2 | 3;
  /** The mode of AES. */
  readonly cipher: "gcm" | "ctr" | "cbc";
  /** Bytes of the data key, and of the content key derived from it. */
  readonly keyLength: 16 | 24 | 32;
  /** HKDF with this hash makes the content key; null: the data key is the content key. */
  readonly kdf: "sha256" | "sha384" | "sha512" | null;
  /** Bytes of the key commitment; 0: the suite does not commit to its key. */
  readonly commitmentLength: 0 | 28 | 32;
  /** Bytes of the message id; 0: there is none. */
  readonly messageIdLength: 0 | 16 | 28 | 32;
  /** The trailing ECDSA signature; null: the suite has none. */
  readonly signature: {
    /** The curve of the key. */
    readonly curve: "P-256" | "P-384";
    /** The hash that is signed. */
    readonly hash: "sha256" | "sha384" | "sha512";
  } | null;
  /** Objects only: the content algorithm as it is bound to the wrapped key. */
  readonly contentAlgorithm?: "AES/GCM/NoPadding" | "AES/CBC/PKCS5Padding" | "115";
}

const message = (
  id: MessageSuiteId,
  name: string,
  version: 1 | 2,
  keyLength: 16 | 24 | 32,
  kdf: HashName | null,
  signature: AlgorithmSuite["signature"] = null,
): AlgorithmSuite => ({
  id,
  name,
  format: "message",
  version,
  cipher: "gcm",
  keyLength,
  kdf,
  commitmentLength: version === 2 ? 32 : 0,
  messageIdLength: version === 2 ? 32 : 16,
  signature,
});

const object = (
  id: ObjectSuiteId,
  name: string,
  version: 2 | 3,
  cipher: "gcm" | "ctr" | "cbc",
  contentAlgorithm: NonNullable<AlgorithmSuite["contentAlgorithm"]>,
): AlgorithmSuite => ({
  id,
  name,
  format: "object",
  version,
  cipher,
  keyLength: 32,
  kdf: version === 3 ? "sha512" : null,
  commitmentLength: version === 3 ? 28 : 0,
  messageIdLength: version === 3 ? 28 : 0,
  signature: null,
  contentAlgorithm,
});

const P256 = { curve: "P-256", hash: "sha256" } as const;
const P384 = { curve: "P-384", hash: "sha384" } as const;

// AWS Encryption SDK specification, framework/algorithm-suites; S3 Encryption Client, the same page.
// biome-ignore format: a table
const ROWS: readonly AlgorithmSuite[] = [
  message(0x0014, "AES_128_GCM_IV12_TAG16", 1, 16, null),
  message(0x0046, "AES_192_GCM_IV12_TAG16", 1, 24, null),
  message(0x0078, "AES_256_GCM_IV12_TAG16", 1, 32, null),
  message(0x0114, "AES_128_GCM_IV12_TAG16_HKDF_SHA256", 1, 16, "sha256"),
  message(0x0146, "AES_192_GCM_IV12_TAG16_HKDF_SHA256", 1, 24, "sha256"),
  message(0x0178, "AES_256_GCM_IV12_TAG16_HKDF_SHA256", 1, 32, "sha256"),
  message(0x0214, "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256", 1, 16, "sha256", P256),
  message(0x0346, "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384", 1, 24, "sha384", P384),
  message(0x0378, "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384", 1, 32, "sha384", P384),
  message(0x0478, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY", 2, 32, "sha512"),
  message(0x0578, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384", 2, 32, "sha512", P384),
  object(0x0070, "ALG_AES_256_CBC_IV16_NO_KDF", 2, "cbc", "AES/CBC/PKCS5Padding"),
  object(0x0071, "ALG_AES_256_CTR_IV16_TAG16_NO_KDF", 2, "ctr", "AES/GCM/NoPadding"),
  object(0x0072, "ALG_AES_256_GCM_IV12_TAG16_NO_KDF", 2, "gcm", "AES/GCM/NoPadding"),
  object(0x0073, "ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY", 3, "gcm", "115"),
  object(0x0074, "ALG_AES_256_CTR_HKDF_SHA512_COMMIT_KEY", 3, "ctr", "115"),
];

const BY_ID: ReadonlyMap<number, AlgorithmSuite> = new Map(ROWS.map((row) => [row.id, Object.freeze(row)]));

/** All algorithm suites of one format, in order of their ids. */
export function suitesOf(format: "message" | "object"): readonly AlgorithmSuite[] {
  return ROWS.filter((row) => row.format === format);
}

/** The suite with this id in this format. Resolved once, at the edge; the row is passed on from there. */
export function suiteById(id: number, format: "message" | "object"): AlgorithmSuite {
  const suite = BY_ID.get(id);
  if (suite?.format === format) return suite;
  const shown = formatSuiteId(id);
  if (suite !== undefined) {
    throw new AlgorithmSuiteError(
      id,
      `Algorithm suite ${shown} (${suite.name}) belongs to ${suite.format}s, not to ${format}s.`,
    );
  }
  if (id === 0x6700 || id === 0x6701) {
    throw new AlgorithmSuiteError(
      id,
      `Algorithm suite ${shown} belongs to the AWS Database Encryption SDK, not to ${format}s.`,
    );
  }
  throw new AlgorithmSuiteError(id, `Algorithm suite ${shown} is unknown.`);
}

/** The id as specifications print it, such as `0x0478`. */
export function formatSuiteId(id: number): string {
  return `0x${id.toString(16).padStart(4, "0").toUpperCase()}`;
}
