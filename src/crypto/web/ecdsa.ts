import { concat, copy } from "../../bytes/arrays.ts";
import type { CurveName, HashName, Signer, SigningKey, Verifier } from "../backend.ts";
import { compressPoint, decompressPoint } from "../point.ts";
import { source, subtle } from "./subtle.ts";

const HASH: Readonly<Record<HashName, string>> = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

type WebSigningKey = SigningKey & { readonly key: CryptoKey };

export async function signingKeyPair(
  curve: CurveName,
): Promise<{ signingKey: SigningKey; publicKey: Uint8Array }> {
  const algorithm = { name: "ECDSA", namedCurve: curve };
  const { privateKey, publicKey } = await subtle().generateKey(algorithm, false, ["sign", "verify"]);
  const signingKey: WebSigningKey = { curve, key: privateKey };
  const point = new Uint8Array(await subtle().exportKey("raw", publicKey));
  return { signingKey, publicKey: compressPoint(point) };
}

// WebCrypto signs and verifies whole buffers only: what is fed is kept until the end.

export function signer(signingKey: SigningKey, hash: HashName): Signer {
  const { key } = signingKey as WebSigningKey;
  const parts: Uint8Array[] = [];
  return {
    update: (data) => void parts.push(copy(data)),
    async sign() {
      const algorithm = { name: "ECDSA", hash: HASH[hash] };
      return new Uint8Array(await subtle().sign(algorithm, key, source(concat(...parts))));
    },
  };
}

export async function verifier(
  curve: CurveName,
  publicKey: Uint8Array,
  hash: HashName,
): Promise<Verifier | null> {
  const point = decompressPoint(curve, publicKey);
  if (point === null) return null;
  const importing = { name: "ECDSA", namedCurve: curve };
  const key = await subtle().importKey("raw", source(point), importing, false, ["verify"]);
  const parts: Uint8Array[] = [];
  return {
    update: (data) => void parts.push(copy(data)),
    verify: (signature) => {
      const algorithm = { name: "ECDSA", hash: HASH[hash] };
      return subtle().verify(algorithm, key, source(signature), source(concat(...parts)));
    },
  };
}
