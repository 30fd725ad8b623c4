import { invalidArgument } from "../arguments.ts";
import { ID, TYPE } from "./branch-key-item.ts";
import { MAILBOX_ID } from "./mailbox-store.ts";

/** The input of a `CreateTableCommand`. */
export interface TableDefinition {
  TableName: string;
  KeySchema: { AttributeName: string; KeyType: "HASH" | "RANGE" }[];
  AttributeDefinitions: { AttributeName: string; AttributeType: "S" }[];
  BillingMode: "PAY_PER_REQUEST";
}

/**
 * The table of a branch key store as AWS defines it: partition key `branch-key-id`, sort key `type`, both strings. It is
 * paid by request; add what else you need. Switch on point-in-time recovery: with the table the keys of all messages
 * would be lost.
 *
 * @example
 * ```ts
 * await client.send(new CreateTableCommand(keyStoreTable("branch-keys")));
 * await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName: "branch-keys" });
 * ```
 */
export function keyStoreTable(tableName: string): TableDefinition {
  return definition("keyStoreTable", tableName, ID, TYPE);
}

/**
 * The table of a {@link dynamoDbMailboxStore}: partition key `mailbox-id`, a string, and no sort key. It is paid by
 * request; add what else you need. Switch on point-in-time recovery, as long as destroyed mailboxes may be kept by it.
 *
 * @example
 * ```ts
 * await client.send(new CreateTableCommand(mailboxTable("mailboxes")));
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
