import { invalidArgument } from "../arguments.ts";
import { ID, TYPE } from "./branch-key-item.ts";

/** The input of a `CreateTableCommand` for {@link keyStoreTable}. */
export interface KeyStoreTable {
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
export function keyStoreTable(tableName: string): KeyStoreTable {
  if (typeof tableName !== "string" || tableName === "") {
    throw invalidArgument("keyStoreTable: tableName must be a non-empty string.");
  }
  return {
    TableName: tableName,
    KeySchema: [
      { AttributeName: ID, KeyType: "HASH" },
      { AttributeName: TYPE, KeyType: "RANGE" },
    ],
    AttributeDefinitions: [
      { AttributeName: ID, AttributeType: "S" },
      { AttributeName: TYPE, AttributeType: "S" },
    ],
    BillingMode: "PAY_PER_REQUEST",
  };
}
