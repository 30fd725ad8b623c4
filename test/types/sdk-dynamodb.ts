// Type tests against the genuine AWS SDK: its DynamoDB clients fit, and its commands take what is described here.
import { CreateTableCommand, DynamoDB, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { KMSClient } from "@aws-sdk/client-kms";
import { type DynamoDbClient, dynamoDbKeyStore, keyStoreTable } from "../../src/dynamodb/index.ts";

export const ports: DynamoDbClient[] = [new DynamoDBClient({}), new DynamoDB({})];
export const create = new CreateTableCommand(keyStoreTable("keys"));

dynamoDbKeyStore({
  client: new DynamoDBClient({}),
  tableName: "keys",
  kms: { client: (region) => new KMSClient({ region }), discovery: true },
});
const kms = { client: new KMSClient({}), discovery: true } as const;
// @ts-expect-error The class is not a client.
dynamoDbKeyStore({ client: DynamoDBClient, tableName: "keys", kms });
