// Type tests of the key store in DynamoDB: its KMS configurations exclude each other, and its clients are ports.
import {
  type BranchKeyFacts,
  type DynamoDbClient,
  type DynamoDbKeyStore,
  dynamoDbKeyStore,
  keyStoreTable,
} from "../../src/dynamodb/index.ts";
import { type BranchKeyStore, hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import type { LocalKms } from "../../src/testing/index.ts";
import { type Equal, expectType } from "./expect.js";

declare const client: DynamoDbClient;
declare const local: LocalKms;
declare const keyArn: string;
const table = { client, tableName: "keys" };
const kms = { client: local.client };

const keyStore = dynamoDbKeyStore({ ...table, kms: { ...kms, keyArn } });
expectType<Equal<typeof keyStore, DynamoDbKeyStore>>();
export const asStore: BranchKeyStore = keyStore;
hierarchicalKeyring({ keyStore, branchKeyId: "k" });

dynamoDbKeyStore({ ...table, logicalName: "store", kms: { ...kms, mrkArn: keyArn, grantTokens: ["t"] } });
dynamoDbKeyStore({ ...table, kms: { ...kms, discovery: true } });
dynamoDbKeyStore({
  ...table,
  kms: { client: (region) => local.clientFor({ region }), mrDiscovery: "eu-west-1" },
});
// @ts-expect-error Which KMS key?
dynamoDbKeyStore({ ...table, kms });
// @ts-expect-error One of the four.
dynamoDbKeyStore({ ...table, kms: { ...kms, keyArn, mrkArn: keyArn } });
// @ts-expect-error Discovery is on, or another choice is made.
dynamoDbKeyStore({ ...table, kms: { ...kms, discovery: false } });
// @ts-expect-error Clients are handed in.
dynamoDbKeyStore({ tableName: "keys", kms: { ...kms, keyArn } });

export async function facts(): Promise<void> {
  const made = await keyStore.createKey({ branchKeyId: "k", encryptionContext: { tenant: "t1" } });
  expectType<Equal<typeof made, BranchKeyFacts>>();
  const { signal } = new AbortController();
  await keyStore.versionKey(made.branchKeyId, { signal });
  const { version, unwrap } = await keyStore.active(made.branchKeyId);
  expectType<Equal<typeof version, string>>();
  expectType<Equal<Awaited<ReturnType<typeof unwrap>>, Uint8Array>>();
}

const { TableName, BillingMode } = keyStoreTable("keys");
expectType<Equal<typeof TableName, string>>();
expectType<Equal<typeof BillingMode, "PAY_PER_REQUEST">>();
