import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { keyStoreTable } from "../../src/dynamodb/index.ts";
import { type LocalDynamoDb, type ScriptedAnswer, serveDynamoDb } from "./dynamodb-server.mjs";

export type { LocalDynamoDb, ScriptedAnswer };

/** Starts DynamoDB on loopback, with a table of branch keys for each name. */
export async function startDynamoDb(...tables: readonly string[]): Promise<LocalDynamoDb> {
  const local = await serveDynamoDb();
  const client = dynamoDbClient(local.url);
  for (const name of tables) await client.send(new CreateTableCommand(keyStoreTable(name)));
  client.destroy();
  local.operations.splice(0);
  return local;
}

/** A genuine client, with made-up credentials and without retries. */
export function dynamoDbClient(endpoint: string, maxAttempts = 1): DynamoDBClient {
  const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };
  return new DynamoDBClient({ endpoint, region: "us-east-1", credentials, maxAttempts });
}

/** An error as DynamoDB answers it. */
export function awsError(name: string, status = 400, more: object = {}): ScriptedAnswer {
  const body = { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: `scripted ${name}`, ...more };
  return { status, body: JSON.stringify(body) };
}
