// Type tests of the keyring contract: what people bring.
import { createEncryptionClient, type Keyring, multiKeyring, type UnwrapRequest } from "../../src/index.ts";
import { kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import type { createLocalKms, LocalKms } from "../../src/testing/index.ts";
import { type Equal, expectType } from "./expect.js";

declare function ask(bytes: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array>;

export const vault: Keyring = {
  name: "vault",
  async wrap(dataKey, { encryptionContext, signal }) {
    expectType<Equal<typeof signal, AbortSignal | undefined>>();
    const ciphertext = await ask(dataKey, encryptionContext);
    return [{ providerId: "vault", providerInfo: new Uint8Array(3), ciphertext }];
  },
  async unwrap(edks, request) {
    expectType<Equal<typeof request, UnwrapRequest>>();
    for (const edk of edks) {
      // @ts-expect-error Skipped, or failed.
      if (edk.providerId !== "vault") request.note(edk, "ignored", "not wrapped by Vault");
      else return { dataKey: await ask(edk.ciphertext, request.encryptionContext), opened: edk };
    }
    return null;
  },
};

// Synchronous, and one-way.
export const reader: Keyring = { name: "reader", unwrap: () => null };

// @ts-expect-error Errors and events need the name.
export const noName: Keyring = { unwrap: () => null };

export const halfAnswer: Keyring = {
  name: "half",
  // @ts-expect-error Which of the encrypted data keys was it?
  unwrap: () => ({ dataKey: new Uint8Array(32) }),
};

export function kms(local: LocalKms, keyId: string): void {
  createEncryptionClient({ keyring: kmsKeyring({ client: local.client, keyId }) });
  kmsKeyring({ client: (region) => local.clientFor({ region }), keyId, additionalKeyIds: [keyId] });
  kmsDiscoveryKeyring({
    client: local.client,
    filter: { partition: "aws", accountIds: ["111122223333"] },
  });
  multiKeyring({ generator: kmsKeyring({ client: local.client, keyId }), children: [vault] });
  expectType<Equal<ReturnType<typeof createLocalKms>, LocalKms>>();
  // @ts-expect-error A discovery keyring without a filter would ask whatever key a message names.
  kmsDiscoveryKeyring({ client: local.client });
  // @ts-expect-error Clients are handed in.
  kmsKeyring({ keyId });
  // @ts-expect-error A local KMS has a client; it is none.
  kmsKeyring({ client: local, keyId });
}
