import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { utf8 } from "../bytes/utf8.ts";
import { AlgorithmSuiteError, LimitError, ObjectFormatError } from "../errors.ts";
import { type AlgorithmSuite, formatSuiteId, suiteById } from "../suites/table.ts";
import type { EncryptedDataKey } from "../types.ts";

/** User metadata of an S3 object: names without `x-amz-meta-`. */
export type ObjectMetadata = Readonly<Record<string, string>>;

/** Metadata of more bytes than this is not looked at; S3 itself allows 2 KiB. */
const MAX_METADATA = 64 * 1024;

/** Wrapping algorithms by their code in format V3. */
const WRAPS: Readonly<Record<string, string>> = {
  "02": "AES/GCM",
  "12": "kms+context",
  "22": "RSA-OAEP-SHA1",
};

/** What the metadata of a V3 object says. Nothing of it is authentic until the body has been opened. */
export interface ObjectEnvelope {
  readonly suite: AlgorithmSuite;
  readonly messageId: Uint8Array;
  readonly commitment: Uint8Array;
  /** One data key; for raw keys its label is the materials description. */
  readonly edk: EncryptedDataKey;
  /** Under `kms+context`: the complete stored context. Else empty. */
  readonly encryptionContext: Readonly<Record<string, string>>;
}

// S3 Encryption Client specification, data-format/content-metadata: the names of format V3.
const EDK = "x-amz-3";
const WRAP = "x-amz-w";
const CIPHER = "x-amz-c";
const COMMITMENT = "x-amz-d";
const MESSAGE_ID = "x-amz-i";
const CONTEXT = "x-amz-t";
const LABEL = "x-amz-m";
const OTHER_FORMATS = ["x-amz-key", "x-amz-key-v2", "x-amz-iv", "x-amz-wrap-alg", "x-amz-cek-alg"];

/** Writes the metadata of a V3 object. */
export function formatMetadata({
  suite,
  messageId,
  commitment,
  edk,
  encryptionContext,
}: ObjectEnvelope): ObjectMetadata {
  const wrap = new TextDecoder().decode(edk.providerInfo);
  const [code] = Object.entries(WRAPS).find(([, name]) => name === wrap)!;
  const bound = wrap === "kms+context";
  const pairs = bound ? encryptionContext : (edk.label ?? {});
  return {
    [EDK]: toBase64(edk.ciphertext),
    [WRAP]: code,
    [CIPHER]: String(suite.id),
    [COMMITMENT]: toBase64(commitment),
    [MESSAGE_ID]: toBase64(messageId),
    ...(Object.keys(pairs).length > 0 && { [bound ? CONTEXT : LABEL]: asciiJson(pairs) }),
  };
}

/** Reads the metadata of a V3 object. Names compare without case; an empty value counts as absent. */
export function parseMetadata(metadata: ObjectMetadata): ObjectEnvelope {
  const fields = fieldsOf(metadata);
  const other = OTHER_FORMATS.find((name) => fields.has(name));
  if (other !== undefined && !fields.has(EDK)) {
    throw new ObjectFormatError("the object is of format V1 or V2; only V3 is read here", other);
  }
  if (other !== undefined) throw new ObjectFormatError("metadata of several formats in one object", other);
  const field = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined)
      throw new ObjectFormatError("missing; is this an encrypted object of format V3?", name);
    return value;
  };
  const bytes = (name: string, length?: number): Uint8Array => {
    const value = fromBase64(field(name));
    if (value === null) throw new ObjectFormatError("not base64 with padding", name);
    if (length !== undefined && value.length !== length) {
      throw new ObjectFormatError(`must hold ${length} bytes, not ${value.length}`, name);
    }
    return value;
  };

  const ciphertext = bytes(EDK);
  const suite = suiteOf(field(CIPHER));
  const wrap = Object.hasOwn(WRAPS, field(WRAP)) ? WRAPS[field(WRAP)]! : null;
  if (wrap === null) throw new ObjectFormatError("unknown wrapping algorithm; 02, 12 and 22 are known", WRAP);
  const bound = wrap === "kms+context";
  const pairs = parsePairs(fields, bound ? CONTEXT : LABEL);
  const edk = { providerId: "S3Keyring", providerInfo: utf8(wrap), ciphertext };
  return {
    suite,
    messageId: bytes(MESSAGE_ID, suite.messageIdLength),
    commitment: bytes(COMMITMENT, suite.commitmentLength),
    edk: bound ? edk : { ...edk, label: pairs },
    encryptionContext: bound ? pairs : {},
  };
}

function fieldsOf(metadata: ObjectMetadata): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let size = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== "string") throw new ObjectFormatError("metadata values must be strings");
    size += name.length + value.length;
    if (size > MAX_METADATA) throw new LimitError("MAX_METADATA", size, MAX_METADATA, "Object metadata");
    const key = name.toLowerCase().replace(/^x-amz-meta-/, "");
    if (!key.startsWith("x-amz-") || value === "") continue;
    if (fields.has(key)) throw new ObjectFormatError("a name stands in the metadata twice, but for its case");
    fields.set(key, value);
  }
  return fields;
}

function suiteOf(text: string): AlgorithmSuite {
  const id = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(id)) throw new ObjectFormatError("must be the decimal id of an algorithm suite", CIPHER);
  const suite = suiteById(id, "object");
  if (suite.version === 3 && suite.cipher === "gcm") return suite;
  throw new AlgorithmSuiteError(
    id,
    `Suite ${formatSuiteId(id)} (${suite.name}) is not written into V3 objects.`,
  );
}

/** A JSON object of strings; absent is empty. */
function parsePairs(fields: ReadonlyMap<string, string>, name: string): Readonly<Record<string, string>> {
  const text = fields.get(name);
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ObjectFormatError("not JSON", name);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ObjectFormatError("must be a JSON object of strings", name);
  }
  const pairs = Object.entries(value);
  if (!pairs.every(([, item]) => typeof item === "string")) {
    throw new ObjectFormatError("must be a JSON object of strings", name);
  }
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** JSON in ASCII alone: S3 changes other characters in headers, and every parser reads escapes back. */
function asciiJson(pairs: Readonly<Record<string, string>>): string {
  return JSON.stringify(pairs).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
