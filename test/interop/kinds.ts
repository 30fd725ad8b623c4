import type { PeerKeyring } from "../peers/clients.ts";
import { aesKeyring, oaepPaddings, rsaKeyring } from "../peers/keys.ts";

/** The keyring that writes a message and the one that reads it. */
export interface Pair {
  readonly writer: PeerKeyring;
  readonly reader: PeerKeyring;
}

/** A KMS key behind an endpoint that both sides can reach. */
export interface SharedKey {
  readonly endpoint: string;
  readonly arn: string;
}

const same = (keyring: PeerKeyring): Pair => ({ writer: keyring, reader: keyring });

/** The writer has the public key alone, the reader the private one. */
function halves(keyring: PeerKeyring & { type: "raw-rsa" }): Pair {
  const { publicKey, privateKey, ...rest } = keyring;
  return { writer: { ...rest, publicKey: publicKey! }, reader: { ...rest, privateKey: privateKey! } };
}

const aesChild = aesKeyring(24);
const rsaChild = rsaKeyring("oaep-sha256", "child");
const multi: PeerKeyring = { type: "multi", generator: aesKeyring(32), children: [aesChild, rsaChild] };

export const localKinds: Readonly<Record<string, Pair>> = {
  "raw AES-128": same(aesKeyring(16)),
  "raw AES-192": same(aesKeyring(24)),
  "raw AES-256": same(aesKeyring(32)),
  ...Object.fromEntries(
    [...oaepPaddings, "pkcs1" as const].map((padding) => [`raw RSA ${padding}`, halves(rsaKeyring(padding))]),
  ),
  "multi, opened by all": same(multi),
  "multi, opened by its AES child": { writer: multi, reader: aesChild },
  "multi, opened by its RSA child": { writer: multi, reader: rsaChild },
};

export const kmsKinds = {
  KMS: ({ endpoint, arn }: SharedKey): Pair => same({ type: "kms", endpoint, keyId: arn }),
  // A discovery keyring only reads: its messages are written by a KMS keyring.
  "KMS, opened by discovery": ({ endpoint, arn }: SharedKey): Pair => ({
    writer: { type: "kms", endpoint, keyId: arn },
    reader: { type: "kms-discovery", endpoint, partition: "aws", accountIds: [arn.split(":")[4]!] },
  }),
  "KMS and raw AES, opened by KMS": ({ endpoint, arn }: SharedKey): Pair => ({
    writer: { type: "multi", generator: { type: "kms", endpoint, keyId: arn }, children: [aesChild] },
    reader: { type: "kms", endpoint, keyId: arn },
  }),
};
