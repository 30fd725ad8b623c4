import { concat, copy } from "../../bytes/arrays.ts";
import { LimitError } from "../../errors.ts";
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

/** WebCrypto signs and verifies whole buffers only: what is fed is held until the end, up to a limit. */
function holder(maxBytes = Number.POSITIVE_INFINITY) {
  const parts: Uint8Array[] = [];
  let length = 0;
  return {
    update(data: Uint8Array): void {
      length += data.length;
      if (length > maxBytes) {
        throw new LimitError(
          "signedBufferLimit",
          length,
          maxBytes,
          "Bytes of a signed message, which this runtime can only sign or verify whole",
        );
      }
      parts.push(copy(data));
    },
    whole: () => source(concat(...parts)),
  };
}

export function signer(signingKey: SigningKey, hash: HashName, maxBytes?: number): Signer {
  const { key } = signingKey as WebSigningKey;
  const { update, whole } = holder(maxBytes);
  return {
    update,
    sign: async () => new Uint8Array(await subtle().sign({ name: "ECDSA", hash: HASH[hash] }, key, whole())),
  };
}

export async function verifier(
  curve: CurveName,
  publicKey: Uint8Array,
  hash: HashName,
  maxBytes?: number,
): Promise<Verifier | null> {
  const point = decompressPoint(curve, publicKey);
  if (point === null) return null;
  const importing = { name: "ECDSA", namedCurve: curve };
  const key = await subtle().importKey("raw", source(point), importing, false, ["verify"]);
  const { update, whole } = holder(maxBytes);
  return {
    update,
    verify: (signature) =>
      subtle().verify({ name: "ECDSA", hash: HASH[hash] }, key, source(signature), whole()),
  };
}
