import { createPublicKey, createSign, createVerify, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { CurveName, HashName, Signer, SigningKey, Verifier } from "../backend.ts";
import { compressPoint } from "../point.ts";

// The start of a SubjectPublicKeyInfo (RFC 5480) up to a compressed point.
const SPKI_PREFIX: Readonly<Record<CurveName, Buffer>> = {
  "P-256": Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex"),
  "P-384": Buffer.from("3046301006072a8648ce3d020106052b81040022033200", "hex"),
};
const POINT_LENGTH: Readonly<Record<CurveName, number>> = { "P-256": 33, "P-384": 49 };
const RAW = "ieee-p1363";

type NodeSigningKey = SigningKey & { readonly key: KeyObject };

/** A fresh ECDSA key pair. The private key stays a `KeyObject`: reading PEM again would cost half a signature. */
export function signingKeyPair(curve: CurveName): { signingKey: SigningKey; publicKey: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const uncompressed = spki.subarray(spki.length - (2 * POINT_LENGTH[curve] - 1));
  const signingKey: NodeSigningKey = { curve, key: privateKey };
  return { signingKey, publicKey: compressPoint(uncompressed) };
}

export function signer(signingKey: SigningKey, hash: HashName): Signer {
  const { key } = signingKey as NodeSigningKey;
  const sign = createSign(hash);
  return {
    update: (data) => void sign.update(data),
    sign: () => new Uint8Array(sign.sign({ key, dsaEncoding: RAW })),
  };
}

export function verifier(curve: CurveName, publicKey: Uint8Array, hash: HashName): Verifier | null {
  const key = importPoint(curve, publicKey);
  if (key === null) return null;
  const verify = createVerify(hash);
  return {
    update: (data) => void verify.update(data),
    verify: (signature) => verify.verify({ key, dsaEncoding: RAW }, signature),
  };
}

function importPoint(curve: CurveName, point: Uint8Array): KeyObject | null {
  if (point.length !== POINT_LENGTH[curve] || (point[0] !== 2 && point[0] !== 3)) return null;
  try {
    const key = Buffer.concat([SPKI_PREFIX[curve], point]);
    return createPublicKey({ key, format: "der", type: "spki" });
  } catch {
    return null;
  }
}
