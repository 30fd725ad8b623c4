// A writer of messages that knows where each of its fields lies, and that tampers with any of them before it is
// sealed: what a holder of the keys could forge. Written from the specification over node:crypto; nothing of keyfold.
import { createCipheriv, createSign, generateKeyPairSync, hkdfSync, publicEncrypt } from "node:crypto";

const P256 = { curve: "P-256", hash: "sha256" };
const P384 = { curve: "P-384", hash: "sha384" };
/** Suite: key length, hash of the derivation, signature. */
export const SUITES = new Map([
  [0x0014, { keyLength: 16, kdf: null, signature: null }],
  [0x0046, { keyLength: 24, kdf: null, signature: null }],
  [0x0078, { keyLength: 32, kdf: null, signature: null }],
  [0x0114, { keyLength: 16, kdf: "sha256", signature: null }],
  [0x0146, { keyLength: 24, kdf: "sha256", signature: null }],
  [0x0178, { keyLength: 32, kdf: "sha256", signature: null }],
  [0x0214, { keyLength: 16, kdf: "sha256", signature: P256 }],
  [0x0346, { keyLength: 24, kdf: "sha384", signature: P384 }],
  [0x0378, { keyLength: 32, kdf: "sha384", signature: P384 }],
  [0x0478, { keyLength: 32, kdf: "sha512", signature: null }],
  [0x0578, { keyLength: 32, kdf: "sha512", signature: P384 }],
]);
export const PUBLIC_KEY = "aws-crypto-public-key";

export const utf8 = (text) => new TextEncoder().encode(text);
/** Bytes, or lists of byte values, one behind the other. */
export const join = (...parts) =>
  new Uint8Array(Buffer.concat(parts.map((part) => (Array.isArray(part) ? Uint8Array.from(part) : part))));
export const u16 = (n) => Uint8Array.of(n >> 8, n);
export const u32 = (n) => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);
export const u64 = (n) => join(u32(Math.floor(n / 2 ** 32)), u32(n >>> 0));
const field = (bytes) => join(u16(bytes.length), bytes);

export function gcmSeal(key, iv, aad, plaintext) {
  const cipher = createCipheriv(`aes-${key.length * 8}-gcm`, key, iv);
  cipher.setAAD(aad);
  return join(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** Count and pairs, in the order given; nothing at all for no pair. */
export function contextBytes(pairs) {
  if (pairs.length === 0) return new Uint8Array(0);
  return join(u16(pairs.length), ...pairs.flat().map((text) => field(utf8(text))));
}

const sorted = (pairs) => [...pairs].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** The encrypted data key of keyfold's raw AES keyring of namespace `test`. */
export function aesEdk(random, wrappingKey, dataKey, context, name = "k") {
  const iv = random.bytes(12);
  const info = join(utf8(name), u32(128), u32(12), iv);
  return [utf8("test"), info, gcmSeal(wrappingKey, iv, context, dataKey)];
}

/** The encrypted data key of keyfold's raw RSA keyring `r` with `oaep-sha256`. */
export const rsaEdk = (publicKey, dataKey) => [
  utf8("test"),
  utf8("r"),
  new Uint8Array(publicEncrypt({ key: publicKey, oaepHash: "sha256" }, dataKey)),
];

/** Writes one EDK, three fields with their lengths. */
export const edkBytes = (edk) => join(...edk.map(field));

/**
 * Writes a message. `tamper` changes fields by name before they are sealed; `numbers` changes the sequence number and
 * the length that a part is sealed and written with.
 */
export function writeMessage(random, what) {
  const { suite, pairs = [], required = [], pieces, frameLength, edks, tamper = {}, numbers } = what;
  const { keyLength, kdf, signature } = SUITES.get(suite);
  const version2 = suite >= 0x0400;
  const dataKey = what.dataKey ?? random.bytes(keyLength);
  const messageId = random.bytes(version2 ? 32 : 16);
  const pair = signature && generateKeyPairSync("ec", { namedCurve: signature.curve });
  const own = signature && !what.noPublicKey ? [[PUBLIC_KEY, compressed(pair.publicKey)]] : [];
  const stored = sorted([...pairs, ...own]);
  const wholeContext = contextBytes(sorted([...stored, ...required]));

  const fields = [];
  let bytes = new Uint8Array(0);
  const put = (name, value) => {
    const written = tamper[name]?.(value) ?? value;
    fields.push({ name, start: bytes.length, end: bytes.length + written.length });
    bytes = join(bytes, written);
    return written;
  };

  put("version", Uint8Array.of(version2 ? 2 : 1));
  if (!version2) put("type", Uint8Array.of(0x80));
  const id = put("suite", u16(suite));
  put("messageId", messageId);
  const context = tamper.context?.(contextBytes(stored)) ?? contextBytes(stored);
  put("contextLength", u16(context.length));
  put("contextBody", context);
  const made = edks(dataKey, wholeContext);
  put("edkCount", u16(made.length));
  for (const edk of made) put("edk", edkBytes(edk));
  put("contentType", Uint8Array.of(frameLength === 0 ? 1 : 2));
  if (!version2) put("reserved", u32(0));
  if (!version2) put("ivLength", Uint8Array.of(12));
  put("frameLength", u32(frameLength));

  const derive = (salt, info, length) => new Uint8Array(hkdfSync(kdf, dataKey, salt, info, length));
  let key = dataKey;
  if (version2) {
    put("commitment", derive(messageId, utf8("COMMITKEY"), 32));
    key = derive(messageId, join(id, utf8("DERIVEKEY")), 32);
  } else if (kdf !== null) key = derive(new Uint8Array(0), join(id, messageId), keyLength);
  const headerBody = join(bytes, contextBytes(sorted(required)));
  const iv = new Uint8Array(12);
  if (!version2) put("headerIv", iv);
  put("headerTag", gcmSeal(key, iv, headerBody, new Uint8Array(0)));
  const headerEnd = bytes.length;

  const parts = pieces.map((piece, i) => {
    const start = bytes.length;
    const last = i === pieces.length - 1;
    const kind = what.kind?.(i) ?? (frameLength === 0 ? "Single Block" : last ? "Final Frame" : "Frame");
    const [sequence, length] = numbers?.(i + 1, piece.length) ?? [i + 1, piece.length];
    const partIv = join(new Uint8Array(8), u32(i + 1));
    const aad = join(messageId, utf8(`AWSKMSEncryptionClient ${kind}`), u32(sequence), u64(length));
    if (kind === "Final Frame") put("end", u32(0xffffffff));
    if (kind !== "Single Block") put("sequence", u32(sequence));
    put("iv", partIv);
    if (kind === "Single Block") put("length64", u64(length));
    if (kind === "Final Frame") put("length", u32(length));
    put("content", gcmSeal(key, partIv, aad, piece));
    return [start, bytes.length];
  });
  const bodyEnd = bytes.length;
  if (pair && !what.noFooter) {
    const signer = what.otherSigner ? generateKeyPairSync("ec", { namedCurve: signature.curve }) : pair;
    const der = createSign(signature.hash).update(bytes).sign(signer.privateKey);
    put("signatureLength", u16(der.length));
    put("signature", new Uint8Array(der));
  }
  return { bytes, fields, parts, headerEnd, bodyEnd, plaintext: join(...pieces) };
}

function compressed(publicKey) {
  const { x, y } = publicKey.export({ format: "jwk" });
  const parity = 2 + (Buffer.from(y, "base64url").at(-1) & 1);
  return Buffer.concat([Uint8Array.of(parity), Buffer.from(x, "base64url")]).toString("base64");
}
