// The official AWS Encryption SDK for JavaScript, from the descriptions that all peers understand.
import { constants } from "node:crypto";
import {
  buildClient,
  CommitmentPolicy,
  type KeyringNode,
  KmsKeyringNode,
  type KmsKeyringNodeInput,
  MultiKeyringNode,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
  RawRsaKeyringNode,
} from "@aws-crypto/client-node";
import { KMS } from "@aws-sdk/client-kms";
import type { CommitmentPolicy as Policy } from "../../src/index.ts";
import type { PeerKeyring } from "../peers/clients.ts";

export type { Policy };

const policies = {
  "require-encrypt-require-decrypt": CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  "require-encrypt-allow-decrypt": CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT,
  "forbid-encrypt-allow-decrypt": CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT,
} as const;

/** Their client under the policy of this name. */
export const officialClient = (policy: Policy): ReturnType<typeof buildClient> =>
  buildClient(policies[policy]);

const wrappingSuites = {
  16: RawAesWrappingSuiteIdentifier.AES128_GCM_IV12_TAG16_NO_PADDING,
  24: RawAesWrappingSuiteIdentifier.AES192_GCM_IV12_TAG16_NO_PADDING,
  32: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
} as const;

type OfficialKms = Exclude<ReturnType<NonNullable<KmsKeyringNodeInput["clientProvider"]>>, false>;
const kmsClients = new Map<string, OfficialKms>();

/** Their KMS keyrings want the aggregated class; their types want optional replies to be exact, which the SDK's are not. */
export function officialKms(endpoint: string, region: string): OfficialKms {
  const kept = `${endpoint} ${region}`;
  let client = kmsClients.get(kept);
  if (client === undefined) {
    const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };
    client = new KMS({ endpoint, region, credentials, maxAttempts: 1 }) as unknown as OfficialKms;
    kmsClients.set(kept, client);
  }
  return client;
}

export interface OfficialKeyringOptions {
  /** Order of the context's keys in the AAD of a raw AES wrap. Their default, false, is the locale's order. */
  readonly utf8Sorting?: boolean;
}

/** Their keyring for the description that the other peers get. */
export function officialKeyring(spec: PeerKeyring, options: OfficialKeyringOptions = {}): KeyringNode {
  switch (spec.type) {
    case "raw-aes": {
      // It zeroes the array that it is given.
      const unencryptedMasterKey = Uint8Array.from(Buffer.from(spec.key, "base64"));
      return new RawAesKeyringNode({
        keyNamespace: spec.namespace,
        keyName: spec.name,
        unencryptedMasterKey,
        wrappingSuite: wrappingSuites[unencryptedMasterKey.length as 16 | 24 | 32],
        ...options,
      });
    }
    case "raw-rsa": {
      const { namespace, name, padding, publicKey, privateKey } = spec;
      return new RawRsaKeyringNode({
        keyNamespace: namespace,
        keyName: name,
        rsaKey: { ...(publicKey && { publicKey }), ...(privateKey && { privateKey }) },
        ...(padding === "pkcs1"
          ? { padding: constants.RSA_PKCS1_PADDING }
          : { oaepHash: padding.slice("oaep-".length) as "sha1" | "sha256" | "sha384" | "sha512" }),
      });
    }
    case "multi": {
      const children = spec.children.map((child) => officialKeyring(child, options));
      const { generator } = spec;
      return new MultiKeyringNode({
        children,
        ...(generator && { generator: officialKeyring(generator, options) }),
      });
    }
    case "kms":
      return new KmsKeyringNode({
        clientProvider: (region) => officialKms(spec.endpoint, region),
        generatorKeyId: spec.keyId,
      });
    case "kms-discovery":
      return new KmsKeyringNode({
        clientProvider: (region) => officialKms(spec.endpoint, region),
        discovery: true,
        discoveryFilter: { partition: spec.partition, accountIDs: [...spec.accountIds] },
      });
  }
}
