import { DeleteItemCommand, GetItemCommand, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { invalidArgument, optionsOf } from "../arguments.ts";
import { checkMailboxId } from "../hierarchy/mailbox-id.ts";
import type { MailboxStore } from "../hierarchy/mailbox-store.ts";
import { checkRecords, checkSegment } from "../hierarchy/store-arguments.ts";

/** What a mailbox store needs of a DynamoDB client: a genuine `DynamoDBClient` of the AWS SDK for JavaScript v3 has it. */
export interface MailboxTableClient {
  // Method syntax: a genuine client is not assignable to the property form.
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<object>;
}

/** Options of {@link dynamoDbMailboxStore}. */
export interface DynamoDbMailboxStoreOptions {
  readonly client: MailboxTableClient;
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

const ID = "mailbox-id";
const RECORD = "record";

/**
 * Keeps the wrapped keys of mailboxes in a DynamoDB table, an item each. The table's partition key is `mailbox-id`, a
 * string, and it has no sort key:
 *
 * ```sh
 * aws dynamodb create-table --table-name mailboxes --billing-mode PAY_PER_REQUEST \
 *   --attribute-definitions AttributeName=mailbox-id,AttributeType=S --key-schema AttributeName=mailbox-id,KeyType=HASH
 * ```
 *
 * The caller needs `dynamodb:GetItem`, `dynamodb:PutItem` and `dynamodb:DeleteItem` on the table, and `dynamodb:Scan`
 * to list mailboxes. All reads are consistent. An item has 400 KB at most: an id, and all versions of its wrapped keys.
 * A deleted mailbox stays in backups and point-in-time recovery for as long as the table is set to keep them.
 *
 * @throws `TypeError` if the client or the table's name is missing.
 *
 * @example
 * ```ts
 * const store = dynamoDbMailboxStore({ client: new DynamoDBClient({}), tableName: "mailboxes" });
 * const mailboxes = createMailboxKeys({ organization, encryptionContext, store });
 * ```
 */
export function dynamoDbMailboxStore(options: DynamoDbMailboxStoreOptions): MailboxStore {
  const { client, tableName } = optionsOf("dynamoDbMailboxStore", options);
  if (typeof client?.send !== "function") {
    throw invalidArgument("dynamoDbMailboxStore: client must be a DynamoDBClient.");
  }
  if (typeof tableName !== "string" || tableName === "") {
    throw invalidArgument("dynamoDbMailboxStore: tableName must be the name of a table.");
  }

  const send = async (command: object, signal: AbortSignal | undefined): Promise<Reply> => {
    signal?.throwIfAborted();
    const reply = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
    return reply ?? {};
  };

  const get = async (id: string, signal: AbortSignal | undefined): Promise<string | null> => {
    const Key = { [ID]: { S: id } };
    const command = new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true });
    const { Item: item } = await send(command, signal);
    if (item === undefined) return null;
    if (textOf(item, ID) !== id) throw new Error("the reply holds another mailbox than the one asked for");
    return textOf(item, RECORD);
  };

  return {
    name: `DynamoDB table ${tableName}`,

    async get(id, { signal }) {
      checkMailboxId("MailboxStore", id);
      return get(id, signal);
    },

    async replace(id, before, after, { signal }) {
      checkMailboxId("MailboxStore", id);
      checkRecords(before, after);
      if (before === null && after === null) return (await get(id, signal)) === null;
      const Key = { [ID]: { S: id } };
      const condition = { TableName: tableName, ...is(before) };
      try {
        await send(
          after === null
            ? new DeleteItemCommand({ ...condition, Key })
            : new PutItemCommand({ ...condition, Item: { ...Key, [RECORD]: { S: after } } }),
          signal,
        );
        return true;
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
        // The client's first attempt may have written and its reply been lost: then its next one met its own work.
        const { attempts = 1 } = error.$metadata ?? {};
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
          ExpressionAttributeNames: { "#id": ID },
          ExclusiveStartKey: from,
        });
        const { Items: items, LastEvaluatedKey: last } = await send(command, signal);
        if (!Array.isArray(items)) throw new Error("the reply holds no list of items");
        for (const item of items) {
          signal?.throwIfAborted();
          yield textOf(item, ID);
        }
        from = last ?? undefined;
      } while (from !== undefined);
    },
  };
}

/** The condition that an item is there with this record, or that there is none. */
function is(record: string | null) {
  if (record === null) {
    return { ConditionExpression: "attribute_not_exists(#id)", ExpressionAttributeNames: { "#id": ID } };
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

function isConditionFailure(
  error: unknown,
): error is { readonly $metadata?: { readonly attempts?: number } } {
  return (error as { readonly name?: unknown } | null)?.name === "ConditionalCheckFailedException";
}
