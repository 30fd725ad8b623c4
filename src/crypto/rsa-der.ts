import { concat } from "../bytes/arrays.ts";

// DER envelopes (X.690) around PKCS#1 keys.

const INTEGER_ZERO = Uint8Array.of(0x02, 1, 0);
// AlgorithmIdentifier { rsaEncryption, NULL } (RFC 8017, appendix A.1).
const RSA_ENCRYPTION = Uint8Array.of(0x30, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0);

/** A SubjectPublicKeyInfo (RFC 5280, section 4.1) around an RSAPublicKey. */
export function pkcs1ToSpki(rsaPublicKey: Uint8Array): Uint8Array {
  return element(0x30, RSA_ENCRYPTION, element(0x03, Uint8Array.of(0), rsaPublicKey));
}

/** A PrivateKeyInfo (RFC 5958) around an RSAPrivateKey. */
export function pkcs1ToPkcs8(rsaPrivateKey: Uint8Array): Uint8Array {
  return element(0x30, INTEGER_ZERO, RSA_ENCRYPTION, element(0x04, rsaPrivateKey));
}

function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) digits.unshift(rest & 0xff);
  const header = length < 0x80 ? [length] : [0x80 | digits.length, ...digits];
  return concat(Uint8Array.of(tag, ...header), ...content);
}
