import { isAllZero } from "../bytes/arrays.ts";
import { toBase64 } from "../bytes/base64.ts";
import { utf8 } from "../bytes/utf8.ts";
import { AlgorithmSuiteError, ObjectFormatError } from "../errors.ts";
import { type AlgorithmSuite, formatSuiteId, suiteById } from "../suites/table.ts";
import { FIXED_IV, OBJECT_PROVIDER, type ObjectEnvelope, type ObjectMetadata } from "./envelope.ts";
import { type Fields, required, requiredBytes } from "./fields.ts";
import { textOfHeader } from "./header-text.ts";
import { V3 } from "./names.ts";
import { formatPairs, parsePairs } from "./pairs.ts";
import { codeOfWrap, isKmsWrap, type ObjectWrap, wrapByCode } from "./wraps.ts";

/** Reads format V3. */
export function parseV3(fields: Fields): ObjectEnvelope {
  const ciphertext = requiredBytes(fields, V3.dataKey);
  const suite = suiteOf(required(fields, V3.cipher));
  const wrap = wrapByCode(required(fields, V3.wrap));
  if (wrap === null)
    throw new ObjectFormatError("unknown wrapping algorithm; 02, 12 and 22 are known", V3.wrap);
  const bound = isKmsWrap(wrap);
  const name = bound ? V3.context : V3.label;
  const stored = fields.get(name);
  const pairs = parsePairs(stored === undefined ? undefined : textOfHeader(stored), name);
  const messageId = requiredBytes(fields, V3.messageId, suite.messageIdLength);
  if (isAllZero(messageId)) throw new ObjectFormatError("must not be all zeros", V3.messageId);
  const edk = { providerId: OBJECT_PROVIDER, providerInfo: utf8(wrap), ciphertext };
  return {
    format: "V3",
    suite,
    iv: FIXED_IV,
    messageId,
    commitment: requiredBytes(fields, V3.commitment, suite.commitmentLength),
    wrap,
    edk: bound ? edk : { ...edk, label: pairs },
    encryptionContext: bound ? pairs : {},
    declaredLength: undefined,
  };
}

/** Writes format V3. */
export function formatV3({
  suite,
  messageId,
  commitment,
  wrap,
  edk,
  encryptionContext,
}: ObjectEnvelope): ObjectMetadata {
  const bound = isKmsWrap(wrap);
  const pairs = bound ? encryptionContext : (edk.label ?? {});
  return {
    [V3.dataKey]: toBase64(edk.ciphertext),
    [V3.wrap]: codeOfWrap(wrap as ObjectWrap),
    [V3.cipher]: String(suite.id),
    [V3.commitment]: toBase64(commitment),
    [V3.messageId]: toBase64(messageId),
    ...(Object.keys(pairs).length > 0 && { [bound ? V3.context : V3.label]: formatPairs(pairs) }),
  };
}

function suiteOf(text: string): AlgorithmSuite {
  const id = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(id)) {
    throw new ObjectFormatError("must be the decimal id of an algorithm suite", V3.cipher);
  }
  const suite = suiteById(id, "object");
  if (suite.version === 3 && suite.cipher === "gcm") return suite;
  throw new AlgorithmSuiteError(
    id,
    `Suite ${formatSuiteId(id)} (${suite.name}) is not written into V3 objects.`,
  );
}
