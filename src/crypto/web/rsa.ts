import { invalidArgument } from "../../arguments.ts";
import { UnsupportedError } from "../../errors.ts";
import type { RsaPadding, RsaPrivateKey, RsaPublicKey } from "../backend.ts";
import type { RsaJwk, RsaKeyData } from "../rsa-key.ts";
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
      const key = await keyFor(padding as OaepPadding);
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
      const key = await keyFor(padding as OaepPadding);
      try {
        return new Uint8Array(await subtle().decrypt("RSA-OAEP", key, source(ciphertext)));
      } catch {
        return null;
      }
    },
  };
}

/** A fresh RSA key pair. */
export async function rsaKeyPair(bits: number): Promise<{ publicKey: Uint8Array; privateKey: Uint8Array }> {
  const algorithm = {
    name: "RSA-OAEP",
    hash: "SHA-256",
    modulusLength: bits,
    publicExponent: Uint8Array.of(1, 0, 1),
  };
  const { publicKey, privateKey } = await subtle().generateKey(algorithm, true, ["encrypt", "decrypt"]);
  return {
    publicKey: new Uint8Array(await subtle().exportKey("spki", publicKey)),
    privateKey: new Uint8Array(await subtle().exportKey("pkcs8", privateKey)),
  };
}

function importer(
  data: RsaKeyData,
  usage: "encrypt" | "decrypt",
): (padding: OaepPadding) => Promise<CryptoKey> {
  const keys = new Map<OaepPadding, Promise<CryptoKey>>();
  return (padding) => {
    if (!Object.hasOwn(HASH, padding)) {
      throw new UnsupportedError(
        `RSA ${padding}`,
        `WebCrypto has no RSA encryption with padding "${padding}".`,
      );
    }
    let key = keys.get(padding);
    if (key === undefined) {
      key = importKey(data, HASH[padding], usage);
      keys.set(padding, key);
    }
    return key;
  };
}

async function importKey(
  { kind, jwk, der }: RsaKeyData,
  hash: string,
  usage: "encrypt" | "decrypt",
): Promise<CryptoKey> {
  const algorithm = { name: "RSA-OAEP", hash };
  const webCrypto = subtle();
  try {
    return jwk
      ? await webCrypto.importKey("jwk", bareJwk(jwk), algorithm, false, [usage])
      : await webCrypto.importKey(kind === "public" ? "spki" : "pkcs8", source(der), algorithm, false, [
          usage,
        ]);
  } catch {
    throw invalidArgument(`The RSA ${kind} key is damaged: WebCrypto cannot read it.`);
  }
}

/** The key's numbers alone: hints such as `alg` and `key_ops` would tie it to one use. */
function bareJwk({ kty, n, e, d, p, q, dp, dq, qi }: RsaJwk): JsonWebKey {
  const numbers = Object.entries({ kty, n, e, d, p, q, dp, dq, qi });
  return Object.fromEntries(numbers.filter(([, value]) => value !== undefined));
}
