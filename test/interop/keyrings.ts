import { KMSClient } from "@aws-sdk/client-kms";
import { type Keyring, multiKeyring, rawAesKeyring, rawRsaKeyring } from "../../src/index.ts";
import { kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import type { PeerKeyring } from "../peers/clients.ts";

const clients = new Map<string, KMSClient>();

/** A genuine KMS client over HTTP, with made-up credentials. */
export function kmsClient(endpoint: string, region = "us-east-1"): KMSClient {
  const kept = `${endpoint} ${region}`;
  let client = clients.get(kept);
  if (client === undefined) {
    const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };
    client = new KMSClient({ endpoint, region, credentials, maxAttempts: 1 });
    clients.set(kept, client);
  }
  return client;
}

/** keyfold's keyring for the description that the peers get. */
export function keyringOf(spec: PeerKeyring): Keyring {
  switch (spec.type) {
    case "raw-aes": {
      const { type: _, key, ...rest } = spec;
      return rawAesKeyring({ ...rest, key: Buffer.from(key, "base64") });
    }
    case "raw-rsa": {
      const { type: _, ...rest } = spec;
      return rawRsaKeyring(rest);
    }
    case "multi": {
      const children = spec.children.map(keyringOf);
      return multiKeyring(
        spec.generator === undefined ? { children } : { generator: keyringOf(spec.generator), children },
      );
    }
    case "kms":
      return kmsKeyring({ client: kmsClient(spec.endpoint), keyId: spec.keyId });
    case "kms-discovery": {
      const { partition, accountIds } = spec;
      return kmsDiscoveryKeyring({ client: kmsClient(spec.endpoint), filter: { partition, accountIds } });
    }
  }
}
