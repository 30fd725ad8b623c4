import { type DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { onTestFinished } from "vitest";
import { type DynamoDbKeyStoreOptions, dynamoDbKeyStore } from "../../src/dynamodb/index.ts";
import { createLocalKms, type LocalKms } from "../../src/testing/index.ts";
import { dynamoDbClient, type LocalDynamoDb, startDynamoDb } from "../support/dynamodb.ts";

export const REGION = "us-east-1";
export const ELSEWHERE = "eu-west-1";
export const CONTEXT = { tenant: "t1", Department: "bücher" };

export type ItemAttributes = NonNullable<ConstructorParameters<typeof PutItemCommand>[0]["Item"]>;

export interface Setting {
  readonly kms: LocalKms;
  readonly db: LocalDynamoDb;
  readonly client: DynamoDBClient;
  readonly keyArn: string;
  /** A key store of these tables, under the standard key unless the options say otherwise. */
  keyStore(options?: Partial<DynamoDbKeyStoreOptions>): ReturnType<typeof dynamoDbKeyStore>;
  /** The item as it lies in the table. */
  item(branchKeyId: string, type: string, tableName?: string): Promise<ItemAttributes | undefined>;
  put(item: ItemAttributes, tableName?: string): Promise<void>;
  /** The audit log in short: operation, contexts. */
  asked(): { operation: string; error: string | undefined; contexts: unknown[] }[];
}

/** A KMS, a DynamoDB with the tables `keys` and `other`, and a key. */
export async function setUp(): Promise<Setting> {
  const kms = createLocalKms({ region: REGION });
  const db = await startDynamoDb("keys", "other");
  const client = dynamoDbClient(db.url);
  onTestFinished(async () => {
    client.destroy();
    await db.close();
  });
  const { arn: keyArn } = kms.createKey();
  // What a test does by itself is not for the list.
  const aside = async <T>(call: () => Promise<T>): Promise<T> => {
    const before = [...db.operations];
    const answer = await call();
    db.operations.splice(0, db.operations.length, ...before);
    return answer;
  };
  return {
    kms,
    db,
    client,
    keyArn,
    keyStore: (options = {}) =>
      dynamoDbKeyStore({ client, tableName: "keys", kms: { client: kms.client, keyArn }, ...options }),
    item: (branchKeyId, type, tableName = "keys") =>
      aside(async () => {
        const Key = { "branch-key-id": { S: branchKeyId }, type: { S: type } };
        return (await client.send(new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true })))
          .Item;
      }),
    put: (item, tableName = "keys") =>
      aside(async () => {
        await client.send(new PutItemCommand({ TableName: tableName, Item: item }));
      }),
    asked: () =>
      kms.events.map(({ eventName: operation, errorCode: error, requestParameters }) => {
        const { encryptionContext, sourceEncryptionContext, destinationEncryptionContext } =
          (requestParameters ?? {}) as Record<string, unknown>;
        const contexts = [encryptionContext, sourceEncryptionContext, destinationEncryptionContext];
        return { operation, error, contexts: contexts.filter((context) => context !== undefined) };
      }),
  };
}
