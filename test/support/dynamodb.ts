// DynamoDB on loopback: dynalite, which somebody else wrote, behind a front that adds the transactions it lacks.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { keyStoreTable } from "../../src/dynamodb/index.ts";

/** What a scripted answer says in place of DynamoDB. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly body: string;
}

export interface LocalDynamoDb {
  readonly url: string;
  /** Operations in the order of their coming. */
  readonly operations: string[];
  /** Answers in place of DynamoDB, as long as it is set; null: this request goes on to DynamoDB. */
  script:
    | ((operation: string, body: unknown) => Promise<ScriptedAnswer | null> | ScriptedAnswer | null)
    | null;
  close(): Promise<void>;
}

/** Starts it with a table of branch keys for each name. */
export async function startDynamoDb(...tables: readonly string[]): Promise<LocalDynamoDb> {
  const behind = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  behind.listen(0, "127.0.0.1");
  await once(behind, "listening");
  const dynaliteUrl = urlOf(behind.address() as AddressInfo);
  const operations: string[] = [];
  const transact = transactions(dynaliteUrl);

  const front = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await textOf(request);
    const operation = String(request.headers["x-amz-target"]).split(".")[1]!;
    operations.push(operation);
    const scripted = await local.script?.(operation, JSON.parse(text));
    if (scripted != null) return reply(response, scripted.status, scripted.body);
    if (operation === "TransactWriteItems") {
      const { status, body } = await transact(request, JSON.parse(text));
      return reply(response, status, JSON.stringify(body));
    }
    const answer = await forward(dynaliteUrl, request, operation, text);
    reply(response, answer.status, await answer.text());
  };
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  const local: LocalDynamoDb = {
    url: urlOf(front.address() as AddressInfo),
    operations,
    script: null,
    async close() {
      front.closeAllConnections();
      await Promise.all([front, behind].map((server) => new Promise((done) => server.close(done))));
    },
  };
  const client = dynamoDbClient(local.url);
  for (const name of tables) await client.send(new CreateTableCommand(keyStoreTable(name)));
  client.destroy();
  operations.splice(0);
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

interface Put {
  readonly TableName: string;
  readonly Item: Readonly<Record<string, object>>;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, object>>;
}

interface Transaction {
  readonly TransactItems: readonly { readonly Put: Put }[];
  readonly ClientRequestToken?: string;
}

/** One transaction after the other: all conditions are looked at first, then all is put. */
function transactions(url: string) {
  const done = new Map<string, string>();
  let tail: Promise<unknown> = Promise.resolve();

  const ask = async (request: IncomingMessage, operation: string, body: object) =>
    (await forward(url, request, operation, JSON.stringify(body))).json() as Promise<{ Item?: Put["Item"] }>;

  const holds = async (request: IncomingMessage, put: Put): Promise<boolean> => {
    const { "branch-key-id": id, type } = put.Item;
    const Key = { "branch-key-id": id, type };
    const { Item } = await ask(request, "GetItem", { TableName: put.TableName, Key, ConsistentRead: true });
    return (put.ConditionExpression ?? "").split(" AND ").every((part) => {
      const [, not, exists, left, right] =
        /^attribute_(not_)?(exists)\((#\w+)\)$/.exec(part) ??
        [...(/^(#\w+) = (:\w+)$/.exec(part) ?? [])].toSpliced(1, 0, "", "");
      const attribute = Item?.[put.ExpressionAttributeNames?.[left!] ?? ""];
      if (exists) return (attribute === undefined) === (not !== undefined);
      return JSON.stringify(attribute) === JSON.stringify(put.ExpressionAttributeValues?.[right!]);
    });
  };

  const run = async (request: IncomingMessage, { TransactItems, ClientRequestToken }: Transaction) => {
    const content = JSON.stringify(TransactItems);
    const before = done.get(ClientRequestToken ?? "");
    if (before !== undefined) {
      return before === content
        ? { status: 200, body: {} }
        : { status: 400, body: { __type: "#IdempotentParameterMismatchException" } };
    }
    const puts = TransactItems.map(({ Put }) => Put);
    const outcomes = await Promise.all(puts.map((put) => holds(request, put)));
    if (outcomes.includes(false)) {
      const CancellationReasons = outcomes.map((held) => ({
        Code: held ? "None" : "ConditionalCheckFailed",
      }));
      return { status: 400, body: { __type: "#TransactionCanceledException", CancellationReasons } };
    }
    for (const { TableName, Item } of puts) await ask(request, "PutItem", { TableName, Item });
    if (ClientRequestToken !== undefined) done.set(ClientRequestToken, content);
    return { status: 200, body: {} };
  };

  return (request: IncomingMessage, transaction: Transaction): ReturnType<typeof run> => {
    const answer = tail.then(() => run(request, transaction));
    tail = answer.catch(() => undefined);
    return answer;
  };
}

function forward(
  url: string,
  { headers }: IncomingMessage,
  operation: string,
  body: string,
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${operation}`,
      "x-amz-date": String(headers["x-amz-date"]),
      authorization: String(headers.authorization),
    },
    body,
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body);
}

function urlOf({ port }: AddressInfo): string {
  return `http://127.0.0.1:${port}`;
}
