import { invalidArgument } from "../arguments.ts";
import { ID, TYPE } from "./branch-key-item.ts";
import { MAILBOX_ID } from "./mailbox-store.ts";

/** The input of a `CreateTableCommand` (DynamoDB API reference, "CreateTable"). */
export interface TableDefinition {
  /** The table's name. */
  TableName: string;
  /** Partition key, and sort key if there is one. */
  KeySchema: {
    /** The attribute. */
    AttributeName: string;
    /** `"HASH"`: partition key. `"RANGE"`: sort key. */
    KeyType: "HASH" | "RANGE";
  }[];
  /** The types of these keys: strings. */
  AttributeDefinitions: {
    /** The attribute. */
    AttributeName: string;
    /** A string. */
    AttributeType: "S";
  }[];
  /** By request. */
  BillingMode: "PAY_PER_REQUEST";
}

/**
 * The table of a branch key store as AWS defines it: partition key `branch-key-id`, sort key `type`, both strings. It is
 * paid by request; add what else you need. Switch on point-in-time recovery: with the table the keys of all messages
 * would be lost.
 *
 * @throws `TypeError` for an empty name.
 *
 * @example
 * ```ts
 * import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
 * import { keyStoreTable } from "keyfold/dynamodb";
 *
 * const client = new DynamoDBClient({});
 * await client.send(new CreateTableCommand(keyStoreTable("new-branch-keys")));
 * await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName: "new-branch-keys" });
 * ```
 */
export function keyStoreTable(tableName: string): TableDefinition {
  return definition("keyStoreTable", tableName, ID, TYPE);
}

/**
 * The table of a {@link dynamoDbMailboxStore}: partition key `mailbox-id`, a string, and no sort key. It is paid by
 * request; add what else you need. Switch on point-in-time recovery, as long as destroyed mailboxes may be kept by it.
 *
 * @throws `TypeError` for an empty name.
 *
 * @example
 * ```ts
 * import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
 * import { mailboxTable } from "keyfold/dynamodb";
 *
 * const client = new DynamoDBClient({});
 * await client.send(new CreateTableCommand(mailboxTable("new-mailboxes")));
 * await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName: "new-mailboxes" });
 * ```
 */
export function mailboxTable(tableName: string): TableDefinition {
  return definition("mailboxTable", tableName, MAILBOX_ID);
}

function definition(caller: string, tableName: string, ...keys: readonly string[]): TableDefinition {
  if (typeof tableName !== "string" || tableName === "") {
    throw invalidArgument(`${caller}: tableName must be a non-empty string.`);
  }
  return {
    TableName: tableName,
    KeySchema: keys.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
    AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    BillingMode: "PAY_PER_REQUEST",
  };
}
