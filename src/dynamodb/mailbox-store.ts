import { DeleteItemCommand, GetItemCommand, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { invalidArgument, optionsOf } from "../arguments.ts";
import { checkMailboxId } from "../hierarchy/mailbox-id.ts";
import type { MailboxStore } from "../hierarchy/mailbox-store.ts";
import { checkRecords, checkSegment } from "../hierarchy/store-arguments.ts";
import { assertDynamoDbClient, callDynamoDb, type DynamoDbClient } from "./client.ts";

/** Options of {@link dynamoDbMailboxStore}. */
export interface DynamoDbMailboxStoreOptions {
  /** A `DynamoDBClient`. */
  readonly client: DynamoDbClient;
  /** The table's name or ARN. */
  readonly tableName: string;
}

/** The fields of DynamoDB's replies that are read here. */
interface Reply {
  readonly Item?: Item;
  readonly Items?: readonly Item[];
  readonly LastEvaluatedKey?: Record<string, { S: string }>;
}

type Item = Readonly<Record<string, { readonly S?: string } | undefined>>;

/** The partition key. */
export const MAILBOX_ID = "mailbox-id";
const RECORD = "record";

/**
 * Keeps the wrapped keys of mailboxes in a DynamoDB table, an item each. {@link mailboxTable} has the table's schema.
 *
 * The caller needs `dynamodb:GetItem`, `dynamodb:PutItem` and `dynamodb:DeleteItem` on the table, and `dynamodb:Scan`
 * to list mailboxes. All reads are consistent. An item has 400 KB at most: an id, and all versions of its wrapped keys.
 * A deleted mailbox stays in backups and point-in-time recovery for as long as the table is set to keep them.
 *
 * @throws `TypeError` if the client or the table's name is missing. At use: `StoreError` with a remedy.
 *
 * @example
 * ```ts
 * import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { dynamoDbMailboxStore } from "keyfold/dynamodb";
 * import { createMailboxKeys } from "keyfold/hierarchy";
 * import { kmsKeyring } from "keyfold/kms";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const organization = kmsKeyring({ client: new KMSClient({}), keyId });
 * const store = dynamoDbMailboxStore({ client: new DynamoDBClient({}), tableName: "mailboxes" });
 * const mailboxes = createMailboxKeys({ organization, store });
 * ```
 */
export function dynamoDbMailboxStore(options: DynamoDbMailboxStoreOptions): MailboxStore {
  const { client, tableName } = optionsOf("dynamoDbMailboxStore", options);
  assertDynamoDbClient("dynamoDbMailboxStore", client);
  if (typeof tableName !== "string" || tableName === "") {
    throw invalidArgument("dynamoDbMailboxStore: tableName must be the name of a table.");
  }

  const name = `DynamoDB table ${tableName}`;
  const send = (
    operation: string,
    command: object,
    keyId: string | undefined,
    signal: AbortSignal | undefined,
  ) =>
    // Whoever calls the store tells of its calls.
    callDynamoDb<Reply>({ client, command, operation, store: name, keyId, observer: undefined, signal });

  const get = async (id: string, signal: AbortSignal | undefined): Promise<string | null> => {
    const Key = { [MAILBOX_ID]: { S: id } };
    const command = new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true });
    const { Item: item } = await send("GetItem", command, id, signal);
    if (item === undefined) return null;
    if (textOf(item, MAILBOX_ID) !== id)
      throw new Error("the reply holds another mailbox than the one asked for");
    return textOf(item, RECORD);
  };

  return {
    name,

    async get(id, { signal }) {
      checkMailboxId("MailboxStore", id);
      return get(id, signal);
    },

    async replace(id, before, after, { signal }) {
      checkMailboxId("MailboxStore", id);
      checkRecords(before, after);
      if (before === null && after === null) return (await get(id, signal)) === null;
      const Key = { [MAILBOX_ID]: { S: id } };
      const condition = { TableName: tableName, ...is(before) };
      try {
        if (after === null)
          await send("DeleteItem", new DeleteItemCommand({ ...condition, Key }), id, signal);
        else {
          const Item = { ...Key, [RECORD]: { S: after } };
          await send("PutItem", new PutItemCommand({ ...condition, Item }), id, signal);
        }
        return true;
      } catch (error) {
        const attempts = attemptsUntilConditionFailed(error);
        if (attempts === null) throw error;
        // The client's first attempt may have written and its reply been lost: then its next one met its own work.
        return attempts > 1 && (await get(id, signal)) === after;
      }
    },

    async *list(part, { signal }) {
      checkSegment(part);
      const { segment: Segment, totalSegments: TotalSegments } = part;
      let from: Reply["LastEvaluatedKey"];
      do {
        const command = new ScanCommand({
          TableName: tableName,
          Segment,
          TotalSegments,
          ConsistentRead: true,
          ProjectionExpression: "#id",
          ExpressionAttributeNames: { "#id": MAILBOX_ID },
          ExclusiveStartKey: from,
        });
        const { Items: items, LastEvaluatedKey: last } = await send("Scan", command, undefined, signal);
        if (!Array.isArray(items)) throw new Error("the reply holds no list of items");
        for (const item of items) {
          signal?.throwIfAborted();
          yield textOf(item, MAILBOX_ID);
        }
        from = last ?? undefined;
      } while (from !== undefined);
    },
  };
}

/** The condition that an item is there with this record, or that there is none. */
function is(record: string | null) {
  if (record === null) {
    return {
      ConditionExpression: "attribute_not_exists(#id)",
      ExpressionAttributeNames: { "#id": MAILBOX_ID },
    };
  }
  return {
    ConditionExpression: "#record = :before",
    ExpressionAttributeNames: { "#record": RECORD },
    ExpressionAttributeValues: { ":before": { S: record } },
  };
}

function textOf(item: Item, name: string): string {
  const text = item?.[name]?.S;
  if (typeof text === "string") return text;
  throw new Error(`an item of the table has no ${name}, or it is no text`);
}

/** How often the client had sent the write when its condition did not hold; null: it failed for another reason. */
function attemptsUntilConditionFailed(error: unknown): number | null {
  const { cause } = error as { readonly cause?: { name?: string; $metadata?: { attempts?: number } } };
  return cause?.name === "ConditionalCheckFailedException" ? (cause.$metadata?.attempts ?? 1) : null;
}
