// RSA paddings that node:crypto has not, or refuses to undo, over its RSA without padding.
import { constants, createHash, type KeyObject, privateDecrypt, publicEncrypt } from "node:crypto";
import { join, random, u32 } from "./bytes.ts";

export interface RsaPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export type Hash = "sha1" | "sha256";

const padding = constants.RSA_NO_PADDING;
const hash = (name: Hash, ...parts: Uint8Array[]) =>
  new Uint8Array(createHash(name).update(Buffer.concat(parts)).digest());
const xor = (one: Uint8Array, two: Uint8Array) => one.map((byte, i) => byte ^ two[i]!);
const lengthOf = ({ publicKey }: RsaPair) => publicKey.asymmetricKeyDetails!.modulusLength! / 8;

// RFC 8017, appendix B.2.1.
function mask(name: Hash, seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let i = 0; Buffer.concat(blocks).length < length; i++) blocks.push(hash(name, seed, u32(i)));
  return join(...blocks).slice(0, length);
}

/** RSAES-OAEP with an empty label, and one hash for the label and one for the mask (RFC 8017, section 7.1). */
export function oaepEncrypt(pair: RsaPair, message: Uint8Array, label: Hash, mgf: Hash): Uint8Array {
  const lHash = hash(label);
  const room = lengthOf(pair) - lHash.length - 1;
  const zeros = new Uint8Array(room - lHash.length - 1 - message.length);
  const seed = random(lHash.length);
  const data = join(lHash, zeros, Uint8Array.of(1), message);
  const maskedData = xor(data, mask(mgf, seed, room));
  const maskedSeed = xor(seed, mask(mgf, maskedData, seed.length));
  const block = join(Uint8Array.of(0), maskedSeed, maskedData);
  return new Uint8Array(publicEncrypt({ key: pair.publicKey, padding }, block));
}

export function oaepDecrypt(pair: RsaPair, ciphertext: Uint8Array, label: Hash, mgf: Hash): Uint8Array {
  const block = new Uint8Array(privateDecrypt({ key: pair.privateKey, padding }, ciphertext));
  const lHash = hash(label);
  const [maskedSeed, maskedData] = [block.slice(1, 1 + lHash.length), block.slice(1 + lHash.length)];
  const seed = xor(maskedSeed, mask(mgf, maskedData, lHash.length));
  const data = xor(maskedData, mask(mgf, seed, maskedData.length));
  const one = data.indexOf(1, lHash.length);
  const well = block[0] === 0 && Buffer.compare(data.subarray(0, lHash.length), lHash) === 0 && one > 0;
  if (!well || data.subarray(lHash.length, one).some((byte) => byte !== 0))
    throw new Error("another padding");
  return data.slice(one + 1);
}

export function pkcs1Encrypt({ publicKey: key }: RsaPair, message: Uint8Array): Uint8Array {
  return new Uint8Array(publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, message));
}

/** RSAES-PKCS1-v1_5 (RFC 8017, section 7.2.2): 0, 2, eight or more bytes that are not zero, 0, the message. */
export function pkcs1Decrypt({ privateKey: key }: RsaPair, ciphertext: Uint8Array): Uint8Array {
  const block = new Uint8Array(privateDecrypt({ key, padding }, ciphertext));
  const end = block.indexOf(0, 2);
  if (block[0] !== 0 || block[1] !== 2 || end < 10) throw new Error("another padding");
  return block.slice(end + 1);
}
