import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { keyStoreTable } from "../../src/dynamodb/index.ts";
import { dynamoDbClient } from "../support/dynamodb.ts";
import { JAVA_OPTIONS } from "./clients.ts";
import { startPeer } from "./peer.ts";
import { installed } from "./places.ts";

/** Amazon's DynamoDB Local on loopback, in memory. */
export interface DynamoDbLocal {
  readonly endpoint: string;
  stop(): Promise<void>;
}

export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  const libraries = `-Dsqlite4java.library.path=${installed.dynamoDbLibraries}`;
  const classPath = installed.dynamoDbClassPath;
  const peer = await startPeer("java", [...JAVA_OPTIONS, libraries, "-cp", classPath, "peer.DynamoDb"]);
  return { endpoint: `http://127.0.0.1:${peer.hello.port}`, stop: () => peer.stop() };
}

/** Makes a table of branch keys behind any endpoint. */
export async function createKeyTable(endpoint: string, tableName: string): Promise<void> {
  const client = dynamoDbClient(endpoint);
  await client.send(new CreateTableCommand(keyStoreTable(tableName)));
  client.destroy();
}
