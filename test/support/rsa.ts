import { generateKeyPairSync } from "node:crypto";

/** A fresh RSA key pair in every form in which people hold one. */
export function rsaPair(modulusLength = 2048) {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength });
  const publicDer = (type: "spki" | "pkcs1") =>
    new Uint8Array(publicKey.export({ type, format: "der" }) as Buffer);
  const privateDer = (type: "pkcs8" | "pkcs1") =>
    new Uint8Array(privateKey.export({ type, format: "der" }) as Buffer);
  return {
    publicKey,
    privateKey,
    publicForms: {
      "PEM SPKI": publicKey.export({ type: "spki", format: "pem" }) as string,
      "PEM PKCS#1": publicKey.export({ type: "pkcs1", format: "pem" }) as string,
      "DER SPKI": publicDer("spki"),
      "DER PKCS#1": publicDer("pkcs1"),
      JWK: publicKey.export({ format: "jwk" }),
    },
    privateForms: {
      "PEM PKCS#8": privateKey.export({ type: "pkcs8", format: "pem" }) as string,
      "PEM PKCS#1": privateKey.export({ type: "pkcs1", format: "pem" }) as string,
      "DER PKCS#8": privateDer("pkcs8"),
      "DER PKCS#1": privateDer("pkcs1"),
      JWK: privateKey.export({ format: "jwk" }),
    },
  };
}
