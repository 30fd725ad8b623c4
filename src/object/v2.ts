import { EMPTY, isAllZero } from "../bytes/arrays.ts";
import { toBase64 } from "../bytes/base64.ts";
import { utf8 } from "../bytes/utf8.ts";
import { ObjectFormatError } from "../errors.ts";
import { type AlgorithmSuite, suiteById } from "../suites/table.ts";
import { OBJECT_PROVIDER, type ObjectEnvelope, type ObjectMetadata } from "./envelope.ts";
import { type Fields, required, requiredBytes } from "./fields.ts";
import { textOfHeader } from "./header-text.ts";
import { PLAINTEXT_LENGTH, V2 } from "./names.ts";
import { formatPairs, parsePairs } from "./pairs.ts";
import { isKmsWrap, type LegacyObjectWrap, type ObjectWrap, wrapByName } from "./wraps.ts";

const TAG_BITS = "128";
/** Of a data key of 32 bytes under AES with padding, the longest that V1 writes; RSA's are longer. */
const MAX_AES_WRAPPED = 48;

const SUITES: ReadonlyMap<string, { readonly suite: AlgorithmSuite; readonly ivLength: number }> = new Map([
  ["AES/GCM/NoPadding", { suite: suiteById(0x0072, "object"), ivLength: 12 }],
  ["AES/CBC/PKCS5Padding", { suite: suiteById(0x0070, "object"), ivLength: 16 }],
]);

/** Reads formats V1 and V2. */
export function parseV2(fields: Fields): ObjectEnvelope {
  const isV1 = fields.has(V2.dataKeyOfV1);
  const ciphertext = requiredBytes(fields, isV1 ? V2.dataKeyOfV1 : V2.dataKey);
  const wrap = wrapOf(fields, isV1, ciphertext);
  // V1 knows CBC alone, and seldom says so.
  const { suite, ivLength } = suiteOf(fields, isV1);
  const iv = requiredBytes(fields, V2.iv, ivLength);
  if (isAllZero(iv)) throw new ObjectFormatError("must not be all zeros", V2.iv);
  const tagLength = fields.get(V2.tagLength);
  if (suite.cipher === "gcm" && tagLength !== undefined && tagLength !== TAG_BITS) {
    throw new ObjectFormatError(`must be ${TAG_BITS}`, V2.tagLength);
  }
  const stored = fields.get(V2.pairs);
  const pairs = parsePairs(stored === undefined ? undefined : textOfHeader(stored), V2.pairs);
  const bound = isKmsWrap(wrap);
  const edk = { providerId: OBJECT_PROVIDER, providerInfo: utf8(wrap), ciphertext };
  return {
    format: isV1 ? "V1" : "V2",
    suite,
    iv,
    messageId: EMPTY,
    commitment: EMPTY,
    wrap,
    edk: bound ? edk : { ...edk, label: pairs },
    encryptionContext: bound ? pairs : {},
    declaredLength: declaredLength(fields),
  };
}

/** Writes format V2. V1 is never written. */
export function formatV2({ suite, iv, wrap, edk, encryptionContext }: ObjectEnvelope): ObjectMetadata {
  return {
    [V2.dataKey]: toBase64(edk.ciphertext),
    [V2.iv]: toBase64(iv),
    [V2.wrap]: wrap,
    [V2.cipher]: suite.contentAlgorithm!,
    ...(suite.cipher === "gcm" && { [V2.tagLength]: TAG_BITS }),
    // Some readers demand it, empty or not.
    [V2.pairs]: formatPairs(isKmsWrap(wrap) ? encryptionContext : (edk.label ?? {})),
  };
}

function wrapOf(fields: Fields, isV1: boolean, ciphertext: Uint8Array): ObjectWrap | LegacyObjectWrap {
  const name = isV1 ? fields.get(V2.wrap) : required(fields, V2.wrap);
  if (name === undefined) return ciphertext.length > MAX_AES_WRAPPED ? "RSA" : "AES";
  const wrap = wrapByName(name);
  if (wrap === null) throw new ObjectFormatError("unknown wrapping algorithm", V2.wrap);
  return wrap;
}

function suiteOf(fields: Fields, isV1: boolean) {
  const name = isV1 ? (fields.get(V2.cipher) ?? "AES/CBC/PKCS5Padding") : required(fields, V2.cipher);
  const found = SUITES.get(name);
  if (found === undefined || (isV1 && found.suite.cipher !== "cbc")) {
    throw new ObjectFormatError("unknown content algorithm, or none of this format", V2.cipher);
  }
  return found;
}

function declaredLength(fields: Fields): number | undefined {
  const text = fields.get(PLAINTEXT_LENGTH);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new ObjectFormatError("must be a number of bytes", PLAINTEXT_LENGTH);
  return Number(text);
}
