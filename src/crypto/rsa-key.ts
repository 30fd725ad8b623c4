import { invalidArgument } from "../arguments.ts";
import { compareBytes } from "../bytes/arrays.ts";
import { fromBase64 } from "../bytes/base64.ts";
import {
  BIT_STRING,
  type DerElement,
  element,
  INTEGER,
  OCTET_STRING,
  readElements,
  SEQUENCE,
} from "./der.ts";

/** A JSON Web Key (RFC 7517) of type RSA. Numbers are base64url (RFC 7518, section 6.3). */
export interface RsaJwk {
  /** `"RSA"`. */
  readonly kty?: string;
  /** Modulus. */
  readonly n?: string;
  /** Public exponent. */
  readonly e?: string;
  /** Private exponent, and with it all that follows: of private keys. */
  readonly d?: string;
  /** First prime. */
  readonly p?: string;
  /** Second prime. */
  readonly q?: string;
  /** `d` modulo `p - 1`. */
  readonly dp?: string;
  /** `d` modulo `q - 1`. */
  readonly dq?: string;
  /** The inverse of `q` modulo `p`. */
  readonly qi?: string;
}

/** An RSA key of 1,024 bits or more as people hold it: PEM text, DER bytes (SPKI, PKCS#8, PKCS#1), or a JSON Web Key. */
export type RsaKeyInput = string | Uint8Array | RsaJwk;

/** An RSA key whose kind is known and whose material a backend has yet to import. DER is SPKI or PKCS#8. */
export type RsaKeyData = { readonly kind: "public" | "private" } & (
  | { readonly der: Uint8Array; readonly jwk?: never }
  | { readonly jwk: RsaJwk; readonly der?: never }
);

/** Bits. Shorter keys were never safe; today's have 2,048 and more. */
const MIN_MODULUS = 1024;

/**
 * Finds out what kind of RSA key this is, and refuses anything but the wanted kind. `name` is the argument's; no
 * message shows anything of the key.
 */
export function rsaKeyData(input: RsaKeyInput, wanted: "public" | "private", name: string): RsaKeyData {
  const { key, bits } =
    typeof input === "string"
      ? fromPem(input, name)
      : input instanceof Uint8Array
        ? fromDer(input, name)
        : fromJwk(input, name);
  if (key.kind !== wanted) {
    throw invalidArgument(`${name} must be an RSA ${wanted} key; this is a ${key.kind} key.`);
  }
  if (bits < MIN_MODULUS) throw invalidArgument(`${name} must have at least ${MIN_MODULUS} bits.`);
  return key;
}

/** The public half (SPKI) of a private key in PKCS#8; null if it is none. */
export function publicHalf(pkcs8: Uint8Array): Uint8Array | null {
  const [version, algorithm, key] = sequence(pkcs8) ?? [];
  const [, modulus, exponent] = (key?.tag === OCTET_STRING && sequence(key.content)) || [];
  if (version === undefined || algorithm === undefined || modulus === undefined || exponent === undefined) {
    return null;
  }
  const numbers = element(SEQUENCE, element(INTEGER, modulus.content), element(INTEGER, exponent.content));
  return element(SEQUENCE, RSA_ENCRYPTION, element(BIT_STRING, Uint8Array.of(0), numbers));
}

interface Read {
  readonly key: RsaKeyData;
  readonly bits: number;
}

const PEM = /^\s*-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/;
const LABELS = ["PUBLIC KEY", "RSA PUBLIC KEY", "PRIVATE KEY", "RSA PRIVATE KEY"];

function fromPem(pem: string, name: string): Read {
  const [, label, body] = PEM.exec(pem) ?? [];
  const der = body === undefined ? null : fromBase64(body.replace(/\s+/g, ""));
  if (label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw invalidArgument(`${name} is an encrypted PEM key; decrypt it first.`);
  }
  if (der === null || !LABELS.includes(label!)) {
    throw invalidArgument(
      `${name} must be PEM (${LABELS.map((known) => `"${known}"`).join(", ")}), DER bytes, or a JSON Web Key.`,
    );
  }
  return fromDer(der, name);
}

// AlgorithmIdentifier { rsaEncryption, NULL } (RFC 8017, appendix A.1).
const RSA_ENCRYPTION_OID = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1);
const RSA_ENCRYPTION = element(SEQUENCE, element(0x06, RSA_ENCRYPTION_OID), element(0x05));
const VERSION_ZERO = element(INTEGER, Uint8Array.of(0));

/** Tells the four layouts apart by what stands first in their outer sequence (RFC 5280, 5958, 8017). */
function fromDer(der: Uint8Array, name: string): Read {
  const parts = sequence(der);
  const [first, second, third] = parts ?? [];
  if (first?.tag === SEQUENCE && second?.tag === BIT_STRING) {
    checkAlgorithm(first, name);
    const bits = modulusBits(sequence(second.content.subarray(1)), 0);
    if (bits !== null) return { key: { kind: "public", der }, bits };
  } else if (first?.tag === INTEGER && second?.tag === SEQUENCE && third?.tag === OCTET_STRING) {
    checkAlgorithm(second, name);
    const bits = modulusBits(sequence(third.content), 1);
    if (bits !== null) return { key: { kind: "private", der }, bits };
  } else if (first?.tag === INTEGER && second?.tag === INTEGER) {
    // PKCS#1: a public key has two numbers, a private key nine. Backends get it in its newer envelope.
    const isPublic = parts!.length === 2;
    const bits = modulusBits(parts!, isPublic ? 0 : 1);
    const spki = () => element(SEQUENCE, RSA_ENCRYPTION, element(BIT_STRING, Uint8Array.of(0), der));
    const pkcs8 = () => element(SEQUENCE, VERSION_ZERO, RSA_ENCRYPTION, element(OCTET_STRING, der));
    if (bits !== null) {
      return { key: isPublic ? { kind: "public", der: spki() } : { kind: "private", der: pkcs8() }, bits };
    }
  }
  throw invalidArgument(
    `${name} must be an RSA key in SPKI, PKCS#8 or PKCS#1, with an odd exponent of 3 or more.`,
  );
}

function sequence(bytes: Uint8Array): readonly DerElement[] | null {
  const [outer, ...others] = readElements(bytes) ?? [];
  return outer?.tag === SEQUENCE && others.length === 0 ? readElements(outer.content) : null;
}

function checkAlgorithm({ content }: DerElement, name: string): void {
  const [oid] = readElements(content) ?? [];
  if (oid === undefined || compareBytes(oid.content, RSA_ENCRYPTION_OID) !== 0) {
    throw invalidArgument(`${name} must be an RSA key; this one is of another algorithm.`);
  }
}

/** Bits of the modulus at this place; null if it is none, or the exponent behind it wraps nothing. */
function modulusBits(numbers: readonly DerElement[] | null, at: number): number | null {
  const [modulus, exponent] = [numbers?.[at], numbers?.[at + 1]];
  if (modulus?.tag !== INTEGER || exponent?.tag !== INTEGER || !isExponent(exponent.content)) return null;
  return bitLength(modulus.content);
}

/** An exponent of 1 leaves the data key in clear; an even one cannot be undone. */
function isExponent(digits: Uint8Array): boolean {
  return bitLength(digits) >= 2 && (digits.at(-1)! & 1) === 1;
}

function bitLength(digits: Uint8Array): number {
  const start = digits.findIndex((byte) => byte !== 0);
  return start < 0 ? 0 : (digits.length - start) * 8 - Math.clz32(digits[start]!) + 24;
}

function fromJwk(jwk: RsaJwk, name: string): Read {
  if (jwk?.kty !== "RSA" || typeof jwk.n !== "string" || typeof jwk.e !== "string") {
    throw invalidArgument(
      `${name} must be an RSA key: PEM text, DER bytes, or a JSON Web Key with "kty": "RSA".`,
    );
  }
  const [modulus, exponent] = [fromBase64Url(jwk.n), fromBase64Url(jwk.e)];
  if (modulus === null || exponent === null || !isExponent(exponent)) {
    throw invalidArgument(
      `${name} must be a JSON Web Key with n and e in base64url, and an odd e of 3 or more.`,
    );
  }
  return { key: { kind: jwk.d === undefined ? "public" : "private", jwk }, bits: bitLength(modulus) };
}

function fromBase64Url(text: string): Uint8Array | null {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, "="));
}
