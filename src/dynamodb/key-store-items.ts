import { GetItemCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { backend } from "#crypto";
import { asUuid4, formatUuid } from "../bytes/uuid.ts";
import { HierarchyError, type HierarchyErrorCode } from "../errors.ts";
import type { Observer } from "../observer.ts";
import { type BranchKeyItem, ENC, ID, type Item, readItem, TYPE } from "./branch-key-item.ts";
import { callDynamoDb, type DynamoDbClient } from "./client.ts";
import { cancellationCodes } from "./errors.ts";

/** A table of branch keys, and who asks. */
export interface KeyTable {
  readonly client: DynamoDbClient;
  readonly tableName: string;
  readonly logicalName: string;
  /** The store's name. */
  readonly name: string;
  readonly observer: Observer | undefined;
}

/** One item of a key. */
export interface ItemRequest {
  readonly branchKeyId: string;
  readonly type: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads one item; null if it is not there. Official clients read with eventual consistency, which costs half and which any
 * replica can serve; so does this. But then a version that another process made a moment ago may be missing while its
 * messages are there already: what is not found is asked for once more, consistently.
 */
export async function findItem(table: KeyTable, request: ItemRequest): Promise<BranchKeyItem | null> {
  return (await getItem(table, request, false)) ?? getItem(table, request, true);
}

/** Reads one item as it was last written. */
export async function getItem(
  { tableName, logicalName, name, ...by }: KeyTable,
  { branchKeyId, type, signal }: ItemRequest,
  consistent: boolean,
): Promise<BranchKeyItem | null> {
  const command = new GetItemCommand({
    TableName: tableName,
    Key: { [ID]: { S: branchKeyId }, [TYPE]: { S: type } },
    ...(consistent && { ConsistentRead: true }),
  });
  const reply = await callDynamoDb<{ readonly Item?: Readonly<Record<string, unknown>> }>({
    ...by,
    command,
    operation: "GetItem",
    store: name,
    keyId: branchKeyId,
    signal,
  });
  return reply.Item == null ? null : readItem(reply.Item, { branchKeyId, type, logicalName });
}

/** One item to be written, if what is there is as expected: nothing, or this wrapped key. */
export interface Put {
  readonly item: Item;
  readonly inPlaceOf: Uint8Array | null;
}

/**
 * Writes all items or none. `"refused"`: what is there is not as expected; `"busy"`: another writer is at work on it at
 * this moment.
 */
export async function putItems(
  { client, tableName, name, observer }: KeyTable,
  keyId: string,
  puts: readonly Put[],
  signal: AbortSignal | undefined,
): Promise<PutOutcome> {
  const command = new TransactWriteItemsCommand({
    TransactItems: puts.map(({ item, inPlaceOf }) => ({
      Put: { TableName: tableName, Item: { ...item }, ...conditionOf(inPlaceOf) },
    })),
    // A repeated request, after a reply that was lost, writes nothing twice and succeeds again.
    ClientRequestToken: newUuid(),
  });
  // That a condition did not hold is an answer, and no failure of the store.
  const asking: DynamoDbClient = {
    async send(command, options) {
      try {
        await client.send(command, options);
        return { outcome: "written" };
      } catch (error) {
        const outcome = lossOf(cancellationCodes(error) ?? []);
        if (outcome === null) throw error;
        return { outcome };
      }
    },
  };
  const { outcome } = await callDynamoDb<{ readonly outcome: PutOutcome }>({
    client: asking,
    command,
    operation: "TransactWriteItems",
    store: name,
    keyId,
    observer,
    signal,
  });
  return outcome;
}

export type PutOutcome = "written" | "refused" | "busy";

function lossOf(codes: readonly string[]): PutOutcome | null {
  if (codes.includes("ConditionalCheckFailed")) return "refused";
  return codes.includes("TransactionConflict") ? "busy" : null;
}

function conditionOf(inPlaceOf: Uint8Array | null) {
  if (inPlaceOf === null) {
    return { ConditionExpression: "attribute_not_exists(#id)", ExpressionAttributeNames: { "#id": ID } };
  }
  return {
    // The optimistic lock that keeps two writers from losing each other's version.
    ConditionExpression: "attribute_exists(#id) AND #enc = :old",
    ExpressionAttributeNames: { "#id": ID, "#enc": ENC },
    ExpressionAttributeValues: { ":old": { B: inPlaceOf } },
  };
}

export function newUuid(): string {
  return formatUuid(asUuid4(backend.randomBytes(16)));
}

/** The error of a branch key. */
export function keyError(
  code: HierarchyErrorCode,
  keyId: string,
  message: string,
  cause?: unknown,
): HierarchyError {
  return new HierarchyError(
    code,
    { level: "branch key", keyId },
    message,
    cause === undefined ? undefined : { cause },
  );
}
