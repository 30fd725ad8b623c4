import { generateKeyPairSync } from "node:crypto";
import type { PeerKeyring, RsaPadding } from "./clients.ts";

/** Namespace and name with one, two, three and four bytes a character: length fields count bytes. */
export const namespace = "keyfold tests é€𐍈";

/** A key of fixed bytes, so that a failing cell can be run again. */
export const aesKey = (bytes: 16 | 24 | 32): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => i * 7 + bytes));

export function aesKeyring(bytes: 16 | 24 | 32): PeerKeyring & { type: "raw-aes" } {
  return {
    type: "raw-aes",
    namespace,
    name: `aes-${bytes * 8} ключ`,
    key: aesKey(bytes).toString("base64"),
  };
}

/** RSA pairs are made anew in each run: 2048 bits are enough for tests. */
export function rsaKeyring(padding: RsaPadding, name = `rsa ${padding}`): PeerKeyring & { type: "raw-rsa" } {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return { type: "raw-rsa", namespace, name, padding, ...pair };
}

export const oaepPaddings = ["oaep-sha1", "oaep-sha256", "oaep-sha384", "oaep-sha512"] as const;
