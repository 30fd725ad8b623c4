// Type tests of grants in keyfold/kms. See client.ts.
import {
  type CreatedGrant,
  createGrant,
  type KmsClient,
  type KmsGrant,
  type KmsGrantOperation,
  kmsDiscoveryKeyring,
  kmsKeyring,
  listGrants,
  retireGrant,
  revokeGrant,
} from "../../src/kms/index.ts";
import { createLocalKms, type LocalKms } from "../../src/testing/index.ts";
import { type Equal, expectType } from "./expect.js";

declare const local: LocalKms;
declare const client: KmsClient;
const keyId = "1234abcd-12ab-34cd-56ef-1234567890ab";
const granteePrincipal = "arn:aws:iam::111122223333:user/bob";
const grant = { client, keyId, granteePrincipal };

export async function grants(): Promise<void> {
  const created = await createGrant({ ...grant, operations: ["Encrypt", "Decrypt"] });
  expectType<Equal<typeof created, CreatedGrant>>();
  const listed = await listGrants({ client: local.client, keyId });
  expectType<Equal<typeof listed, KmsGrant[]>>();
  expectType<Equal<(typeof listed)[number]["operations"], readonly string[]>>();
  await revokeGrant({ client: (region) => local.clientFor({ region }), keyId, grantId: created.grantId });
  await retireGrant({ client, grantToken: created.grantToken });
  await retireGrant({ client, keyId, grantId: created.grantId });
  const operations: readonly KmsGrantOperation[] = ["ReEncryptFrom", "RetireGrant"];
  await createGrant({ ...grant, operations, encryptionContextSubset: { tenant: "t1" } });

  // @ts-expect-error What is allowed has to be said.
  await createGrant(grant);
  // @ts-expect-error No grant has this operation.
  await createGrant({ ...grant, operations: ["DisableKey"] });
  // @ts-expect-error Of asymmetric keys.
  await createGrant({ ...grant, operations: ["Sign"] });
  // @ts-expect-error An id needs its key.
  await retireGrant({ client, grantId: created.grantId });
  // @ts-expect-error A token needs no key.
  await retireGrant({ client, keyId, grantToken: created.grantToken });
}

export function tokens(grantToken: string): void {
  const filter = { partition: "aws", accountIds: ["111122223333"] };
  kmsKeyring({ client, keyId, grantTokens: [grantToken] });
  kmsKeyring({ client, keyId, grantTokens: () => [grantToken] });
  kmsDiscoveryKeyring({ client, filter, grantTokens: () => [grantToken] as const });
  // @ts-expect-error One token is no list of them.
  kmsKeyring({ client, keyId, grantTokens: grantToken });
  // @ts-expect-error The function answers at once.
  kmsKeyring({ client, keyId, grantTokens: async () => [grantToken] });
}

export const closed: LocalKms = createLocalKms({
  keys: [{ id: keyId, principals: ["alice", "ses.amazonaws.com"] }],
  grantDelayMs: 300_000,
});
