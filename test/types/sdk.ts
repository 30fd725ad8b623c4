// Type tests against the genuine AWS SDK: its clients and the local KMS's fit the same places.
import { DecryptCommand, type DecryptCommandOutput, KMS, KMSClient } from "@aws-sdk/client-kms";
import type { SealedObject } from "../../src/index.ts";
import {
  type KmsClient,
  type KmsClientSource,
  kmsDiscoveryKeyring,
  kmsKeyring,
} from "../../src/kms/index.ts";
import type { LocalKms } from "../../src/testing/index.ts";
import { type Equal, expectType } from "./expect.js";

declare const local: LocalKms;
const keyId = "alias/orders";

kmsKeyring({ client: new KMSClient({}), keyId });
kmsKeyring({ client: new KMS({}), keyId });
kmsKeyring({ client: (region) => new KMSClient({ region }), keyId });
kmsKeyring({ client: local.client, keyId });
kmsDiscoveryKeyring({
  client: (region) => new KMSClient({ region }),
  filter: { partition: "aws", accountIds: ["111122223333"] },
});
export const ports: KmsClient[] = [new KMSClient({}), new KMS({}), local.client];
export const sources: KmsClientSource[] = [new KMSClient({}), () => local.client];

// @ts-expect-error The class is not a client.
kmsKeyring({ client: KMSClient, keyId });
// @ts-expect-error A promise of a client is not one.
kmsKeyring({ client: async (region) => new KMSClient({ region }), keyId });

export async function localReplies(): Promise<void> {
  const reply = await local.client.send(new DecryptCommand({ CiphertextBlob: new Uint8Array(1) }));
  expectType<Equal<typeof reply, DecryptCommandOutput>>();
}

/** The metadata of a PutObject is a record of strings. */
export const metadata = (sealed: SealedObject): Record<string, string> => sealed.metadata;
