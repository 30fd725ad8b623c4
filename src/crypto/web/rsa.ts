import { invalidArgument, UnsupportedError } from "../../errors.ts";
import { MIN_RSA_BITS, type RsaPadding, type RsaPrivateKey, type RsaPublicKey } from "../backend.ts";
import { pkcs1ToPkcs8, pkcs1ToSpki } from "../rsa-der.ts";
import type { RsaKeyData } from "../rsa-key.ts";
import { source, subtle } from "./subtle.ts";

type OaepPadding = Exclude<RsaPadding, "pkcs1">;
const HASH: Readonly<Record<OaepPadding, string>> = {
  "oaep-sha1": "SHA-1",
  "oaep-sha256": "SHA-256",
  "oaep-sha384": "SHA-384",
  "oaep-sha512": "SHA-512",
};

/** An RSA public key in WebCrypto, which ties a key to one hash: imported once for each padding in use. */
export async function rsaPublicKey(data: RsaKeyData): Promise<RsaPublicKey> {
  const keyFor = importer(data, "encrypt");
  await keyFor("oaep-sha256");
  return {
    async encrypt(padding, plaintext) {
      const key = await keyFor(oaep(padding));
      return new Uint8Array(await subtle().encrypt("RSA-OAEP", key, source(plaintext)));
    },
  };
}

/** An RSA private key in WebCrypto. */
export async function rsaPrivateKey(data: RsaKeyData): Promise<RsaPrivateKey> {
  const keyFor = importer(data, "decrypt");
  await keyFor("oaep-sha256");
  return {
    async decrypt(padding, ciphertext) {
      const key = await keyFor(oaep(padding));
      try {
        return new Uint8Array(await subtle().decrypt("RSA-OAEP", key, source(ciphertext)));
      } catch {
        return null;
      }
    },
  };
}

function oaep(padding: RsaPadding): OaepPadding {
  if (padding !== "pkcs1") return padding;
  throw new UnsupportedError(
    "RSA PKCS#1 v1.5",
    'WebCrypto has no RSA PKCS#1 v1.5 encryption (padding "pkcs1"): use OAEP, or open the message on Node.',
  );
}

function importer(
  data: RsaKeyData,
  usage: "encrypt" | "decrypt",
): (padding: OaepPadding) => Promise<CryptoKey> {
  const keys = new Map<OaepPadding, Promise<CryptoKey>>();
  return (padding) => {
    let key = keys.get(padding);
    if (key === undefined) {
      key = importKey(data, HASH[padding], usage);
      keys.set(padding, key);
    }
    return key;
  };
}

async function importKey(data: RsaKeyData, hash: string, usage: "encrypt" | "decrypt"): Promise<CryptoKey> {
  const algorithm = { name: "RSA-OAEP", hash };
  const webCrypto = subtle();
  let key: CryptoKey;
  try {
    key =
      data.format === "jwk"
        ? await webCrypto.importKey("jwk", bareJwk(data.jwk), algorithm, false, [usage])
        : await webCrypto.importKey(...derOf(data), algorithm, false, [usage]);
  } catch {
    throw invalidArgument(`The RSA ${data.kind} key cannot be read (${data.format}).`);
  }
  if ((key.algorithm as RsaHashedKeyAlgorithm).modulusLength < MIN_RSA_BITS) {
    throw invalidArgument(`The RSA ${data.kind} key must have at least ${MIN_RSA_BITS} bits.`);
  }
  return key;
}

/** The key's numbers alone: hints such as `alg` and `key_ops` would tie it to one use. */
function bareJwk({ kty, n, e, d, p, q, dp, dq, qi }: JsonWebKey): JsonWebKey {
  const numbers = Object.entries({ kty, n, e, d, p, q, dp, dq, qi });
  return Object.fromEntries(numbers.filter(([, value]) => value !== undefined));
}

/** WebCrypto reads SPKI and PKCS#8; PKCS#1 is put into its envelope first. */
function derOf(data: Exclude<RsaKeyData, { format: "jwk" }>): ["spki" | "pkcs8", Uint8Array<ArrayBuffer>] {
  const { format, der, kind } = data;
  if (format !== "pkcs1") return [format, source(der)];
  return kind === "public" ? ["spki", source(pkcs1ToSpki(der))] : ["pkcs8", source(pkcs1ToPkcs8(der))];
}
