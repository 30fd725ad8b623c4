/**
 * Stores of hierarchies in DynamoDB: AWS's branch key store, and one for mailbox keys. Needs `@aws-sdk/client-dynamodb`;
 * the branch key store `@aws-sdk/client-kms`, too.
 *
 * @module dynamodb
 */

export type { DynamoDbClient } from "./client.ts";
export {
  type BranchKeyFacts,
  type DynamoDbBranchKey,
  type DynamoDbKeyStore,
  type DynamoDbKeyStoreOptions,
  dynamoDbKeyStore,
  type NewBranchKeyOptions,
} from "./key-store.ts";
export type { KeyStoreKms, KmsKeyChoice } from "./key-store-kms.ts";
export { type DynamoDbMailboxStoreOptions, dynamoDbMailboxStore } from "./mailbox-store.ts";
export { keyStoreTable, mailboxTable, type TableDefinition } from "./table.ts";
