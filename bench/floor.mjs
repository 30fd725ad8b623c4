// The least work that one message of suite 0x0478 in frames of 64 KiB needs, by hand on node:crypto: no parsing, no
// checks, no copies that could be spared. What keyfold is measured against beside its peers.
import { createCipheriv, createDecipheriv, hash, randomFillSync, timingSafeEqual } from "node:crypto";

const DERIVE = Buffer.from("\x04\x78DERIVEKEY\x01", "latin1");
const COMMIT = Buffer.from("COMMITKEY\x01", "latin1");
const REGULAR = Buffer.from("AWSKMSEncryptionClient Frame", "latin1");
const FINAL = Buffer.from("AWSKMSEncryptionClient Final Frame", "latin1");
const ZERO_IV = Buffer.alloc(12);
const FRAME = 64 * 1024;

const pool = Buffer.alloc(8192);
let used = pool.length;
function random(length) {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += length;
  return pool.subarray(used - length, used);
}

const inner = Buffer.alloc(128 + 64);
const outer = Buffer.alloc(128 + 64);
function hmac512(key, data) {
  inner.fill(0x36, 0, 128);
  outer.fill(0x5c, 0, 128);
  for (let i = 0; i < key.length; i++) {
    inner[i] ^= key[i];
    outer[i] ^= key[i];
  }
  inner.set(data, 128);
  outer.set(hash("sha512", inner.subarray(0, 128 + data.length), "buffer"), 128);
  return hash("sha512", outer, "buffer");
}

function keys(dataKey, messageId) {
  const secret = hmac512(messageId, dataKey);
  return {
    key: hmac512(secret, DERIVE).subarray(0, 32),
    commitment: hmac512(secret, COMMIT).subarray(0, 32),
  };
}

function bodyAad(messageId, text, iv, length) {
  const aad = Buffer.allocUnsafe(32 + text.length + 12);
  aad.set(messageId);
  aad.set(text, 32);
  aad.set(iv.subarray(8), 32 + text.length);
  aad.writeBigUInt64BE(BigInt(length), 32 + text.length + 4);
  return aad;
}

/** `fixed`: the header between message id and commitment: context, encrypted data keys, content type, frame length. */
export function seal(plaintext, fixed, { dataKey, wrappingKey, context }) {
  if (wrappingKey !== undefined) {
    dataKey = random(32);
    const iv = random(12);
    const cipher = createCipheriv("aes-256-gcm", wrappingKey, iv).setAAD(context);
    fixed.set(iv, fixed.length - 12 - 2 - 32 - 16 - 5);
    fixed.set(cipher.update(dataKey), fixed.length - 32 - 16 - 5);
    cipher.final();
    fixed.set(cipher.getAuthTag(), fixed.length - 16 - 5);
  }
  const messageId = random(32);
  const { key, commitment } = keys(dataKey, messageId);
  const headerLength = 3 + 32 + fixed.length + 32;
  const regular = Math.max(0, Math.ceil(plaintext.length / FRAME) - 1);
  const out = Buffer.allocUnsafe(headerLength + 16 + regular * 32 + 24 + plaintext.length + 16);
  out.writeUIntBE(0x020478, 0, 3);
  out.set(messageId, 3);
  out.set(fixed, 35);
  out.set(commitment, 35 + fixed.length);
  const header = createCipheriv("aes-256-gcm", key, ZERO_IV).setAAD(out.subarray(0, headerLength));
  header.final();
  out.set(header.getAuthTag(), headerLength);
  const iv = Buffer.alloc(12);
  let at = headerLength + 16;
  for (let i = 0; i <= regular; i++) {
    const content = plaintext.subarray(i * FRAME, (i + 1) * FRAME);
    iv.writeUInt32BE(i + 1, 8);
    if (i === regular) at = out.writeUInt32BE(0xffffffff, at);
    at = out.writeUInt32BE(i + 1, at);
    out.set(iv, at);
    at += 12;
    if (i === regular) at = out.writeUInt32BE(content.length, at);
    const text = i === regular ? FINAL : REGULAR;
    const frame = createCipheriv("aes-256-gcm", key, iv).setAAD(bodyAad(messageId, text, iv, content.length));
    out.set(frame.update(content), at);
    frame.final();
    at += content.length;
    out.set(frame.getAuthTag(), at);
    at += 16;
  }
  return out;
}

/** Opens what `seal` wrote, or any message of this suite and frame length whose `fixed` part has this length. */
export function open(message, fixedLength, { dataKey, wrappingKey, context }) {
  const headerLength = 3 + 32 + fixedLength + 32;
  if (wrappingKey !== undefined) {
    const end = 35 + fixedLength - 5;
    const edk = message.subarray(end - 48, end);
    // The IV stands at the end of the provider info, before the two-byte length of the wrapped key.
    const iv = message.subarray(end - 48 - 2 - 12, end - 48 - 2);
    const decipher = createDecipheriv("aes-256-gcm", wrappingKey, iv).setAAD(context);
    decipher.setAuthTag(edk.subarray(32));
    dataKey = decipher.update(edk.subarray(0, 32));
    decipher.final();
  }
  const messageId = message.subarray(3, 35);
  const { key, commitment } = keys(dataKey, messageId);
  if (!timingSafeEqual(commitment, message.subarray(headerLength - 32, headerLength)))
    throw new Error("commitment");
  const header = createDecipheriv("aes-256-gcm", key, ZERO_IV).setAAD(message.subarray(0, headerLength));
  header.setAuthTag(message.subarray(headerLength, headerLength + 16));
  header.final();
  let at = headerLength + 16;
  const regular = Math.floor((message.length - at - 40 - 1) / (FRAME + 32));
  const plaintext = regular > 0 ? Buffer.allocUnsafe(message.length - at - 40 - regular * 32) : null;
  for (let i = 0; i <= regular; i++) {
    at += i === regular ? 24 : 16;
    const length = i === regular ? message.length - at - 16 : FRAME;
    const ivAt = i === regular ? at - 16 : at - 12;
    const iv = message.subarray(ivAt, ivAt + 12);
    const frame = createDecipheriv("aes-256-gcm", key, iv);
    frame.setAAD(bodyAad(messageId, i === regular ? FINAL : REGULAR, iv, length));
    frame.setAuthTag(message.subarray(at + length, at + length + 16));
    const opened = frame.update(message.subarray(at, at + length));
    frame.final();
    if (plaintext === null) return opened;
    plaintext.set(opened, i * FRAME);
    at += length + 16;
  }
  return plaintext;
}
