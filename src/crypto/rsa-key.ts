import { fromBase64 } from "../bytes/base64.ts";
import { invalidArgument } from "../errors.ts";

/** A JSON Web Key (RFC 7517) of type RSA. */
export interface RsaJwk {
  readonly kty?: string;
  readonly n?: string;
  readonly e?: string;
  readonly d?: string;
  readonly p?: string;
  readonly q?: string;
  readonly dp?: string;
  readonly dq?: string;
  readonly qi?: string;
}

/** An RSA key as people hold it: PEM text, DER bytes, or a JSON Web Key. */
export type RsaKeyInput = string | Uint8Array | RsaJwk;

/** An RSA key whose kind is known and whose material a backend has yet to import. */
export type RsaKeyData = { readonly kind: "public" | "private" } & (
  | { readonly format: "spki" | "pkcs1" | "pkcs8"; readonly der: Uint8Array }
  | { readonly format: "jwk"; readonly jwk: RsaJwk }
);

/** Finds out what kind of RSA key this is, and refuses anything but the wanted kind. `name` is the argument's. */
export function rsaKeyData(input: RsaKeyInput, wanted: "public" | "private", name: string): RsaKeyData {
  const key =
    typeof input === "string"
      ? fromPem(input, name)
      : input instanceof Uint8Array
        ? fromDer(input, name)
        : fromJwk(input, name);
  if (key.kind !== wanted) {
    throw invalidArgument(`${name} must be an RSA ${wanted} key; this is a ${key.kind} key.`);
  }
  return key;
}

const PEM = /^\s*-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/;

function fromPem(pem: string, name: string): RsaKeyData {
  const [, label, body] = PEM.exec(pem) ?? [];
  const der = body === undefined ? null : fromBase64(body.replace(/\s+/g, ""));
  switch (der === null ? undefined : label) {
    case "PUBLIC KEY":
      return { kind: "public", format: "spki", der: der! };
    case "RSA PUBLIC KEY":
      return { kind: "public", format: "pkcs1", der: der! };
    case "PRIVATE KEY":
      return { kind: "private", format: "pkcs8", der: der! };
    case "RSA PRIVATE KEY":
      return { kind: "private", format: "pkcs1", der: der! };
    case "ENCRYPTED PRIVATE KEY":
      throw invalidArgument(`${name} is an encrypted PEM key; decrypt it first.`);
    default:
      throw invalidArgument(
        `${name} must be PEM ("PUBLIC KEY", "RSA PUBLIC KEY", "PRIVATE KEY" or "RSA PRIVATE KEY"), DER bytes, or a JSON Web Key.`,
      );
  }
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** Tells the four DER layouts apart by what stands first in their outer sequence (RFC 5280, 5958, 8017). */
function fromDer(der: Uint8Array, name: string): RsaKeyData {
  const inner = contentOffset(der, 0);
  if (der[0] === SEQUENCE && inner !== null) {
    if (der[inner] === SEQUENCE) return { kind: "public", format: "spki", der };
    if (der[inner] === INTEGER) {
      const version = contentOffset(der, inner);
      if (version !== null && der[inner + 1] === 1 && der[version]! <= 1) {
        const format = der[version + 1] === SEQUENCE ? "pkcs8" : "pkcs1";
        return { kind: "private", format, der };
      }
      return { kind: "public", format: "pkcs1", der };
    }
  }
  throw invalidArgument(`${name} must be the DER bytes of an RSA key (SPKI, PKCS#8 or PKCS#1).`);
}

function contentOffset(der: Uint8Array, offset: number): number | null {
  const first = der[offset + 1];
  if (first === undefined) return null;
  const content = offset + 2 + (first < 0x80 ? 0 : first & 0x7f);
  return content < der.length ? content : null;
}

function fromJwk(jwk: RsaJwk, name: string): RsaKeyData {
  if (jwk?.kty !== "RSA" || typeof jwk.n !== "string" || typeof jwk.e !== "string") {
    throw invalidArgument(
      `${name} must be an RSA key: PEM text, DER bytes, or a JSON Web Key with "kty": "RSA".`,
    );
  }
  return { kind: jwk.d === undefined ? "public" : "private", format: "jwk", jwk };
}
