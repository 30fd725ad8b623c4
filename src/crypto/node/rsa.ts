import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hash as digest,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from "node:crypto";
import { invalidArgument } from "../../arguments.ts";
import type { RsaPadding, RsaPrivateKey, RsaPublicKey } from "../backend.ts";
import { unpadPkcs1 } from "../pkcs1.ts";
import type { RsaKeyData } from "../rsa-key.ts";

const OAEP_HASH: Readonly<Record<Exclude<RsaPadding, "pkcs1">, string>> = {
  "oaep-sha1": "sha1",
  "oaep-sha256": "sha256",
  "oaep-sha384": "sha384",
  "oaep-sha512": "sha512",
};

/** Imports an RSA public key into OpenSSL. */
export function rsaPublicKey(data: RsaKeyData): RsaPublicKey {
  const key = importKey(data);
  return {
    encrypt: (padding, plaintext) => new Uint8Array(publicEncrypt(options(key, padding), plaintext)),
  };
}

/** An RSA private key, with the key that OpenSSL knows. */
export type NodeRsaPrivateKey = RsaPrivateKey & { readonly key: KeyObject };

/** Imports an RSA private key into OpenSSL. */
export function rsaPrivateKey(data: RsaKeyData): NodeRsaPrivateKey {
  const key = importKey(data);
  const decoySecret = secretOf(key);
  return {
    key,
    decrypt(padding, ciphertext, expectedLength) {
      try {
        if (padding !== "pkcs1") return new Uint8Array(privateDecrypt(options(key, padding), ciphertext));
        // Node refuses PKCS#1 v1.5 decryption (CVE-2023-46809): raw RSA, and the padding taken off here.
        const encoded = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, ciphertext);
        const decoy = createHmac("sha512", decoySecret).update(ciphertext).digest();
        return unpadPkcs1(encoded, decoy.subarray(0, expectedLength));
      } catch {
        return null;
      }
    },
  };
}

/** A fresh RSA key pair, made off the main thread. */
export function rsaKeyPair(bits: number): Promise<{ publicKey: Uint8Array; privateKey: Uint8Array }> {
  return new Promise((resolve, reject) => {
    generateKeyPair(
      "rsa",
      {
        modulusLength: bits,
        publicKeyEncoding: { type: "spki", format: "der" },
        privateKeyEncoding: { type: "pkcs8", format: "der" },
      },
      (error, publicKey, privateKey) => (error === null ? resolve({ publicKey, privateKey }) : reject(error)),
    );
  });
}

function options(key: KeyObject, padding: RsaPadding) {
  return padding === "pkcs1"
    ? { key, padding: constants.RSA_PKCS1_PADDING }
    : { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: OAEP_HASH[padding] };
}

/** A secret that only the holder of the private key knows: decoys must not be predictable. */
function secretOf(key: KeyObject): Uint8Array {
  const der = key.export({ type: "pkcs8", format: "der" });
  const secret = digest("sha256", der, "buffer");
  der.fill(0);
  return secret;
}

function importKey({ kind, jwk, der }: RsaKeyData): KeyObject {
  try {
    const source = jwk
      ? ({ key: jwk as JsonWebKey, format: "jwk" } as const)
      : ({ key: Buffer.from(der), format: "der", type: kind === "public" ? "spki" : "pkcs8" } as const);
    return kind === "public" ? createPublicKey(source as never) : createPrivateKey(source as never);
  } catch {
    throw invalidArgument(`The RSA ${kind} key is damaged: OpenSSL cannot read it.`);
  }
}
