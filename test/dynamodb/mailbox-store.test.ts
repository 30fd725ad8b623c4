import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type ScanCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import type { DynamoDbClient } from "../../src/dynamodb/client.ts";
import { dynamoDbMailboxStore } from "../../src/dynamodb/mailbox-store.ts";
import { listAll, testStore } from "../hierarchy/store-contract.ts";
import { failure, outcome } from "../support/failure.ts";
import { localDynamoDb } from "./local-table.ts";

const { newClient, createTable, clientThatMissesOneReply } = localDynamoDb();

/** A client that answers this, and keeps the commands that it was sent. */
function answering(reply: unknown): DynamoDbClient & { readonly commands: object[] } {
  const commands: object[] = [];
  return {
    commands,
    async send(command) {
      commands.push(command);
      return reply as object;
    },
  };
}

describe("the DynamoDB store", () => {
  testStore(async () => dynamoDbMailboxStore({ client: newClient(), tableName: await createTable() }));
});

describe("a table of several pages", () => {
  async function filled(count: number) {
    const tableName = await createTable();
    const client = newClient();
    const pages: number[] = [];
    client.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const { Items: items } = answer.output as ScanCommandOutput;
        if (items !== undefined) pages.push(items.length);
        return answer;
      },
      { step: "initialize" },
    );
    const store = dynamoDbMailboxStore({ client, tableName });
    const ids = Array.from({ length: count }, (_, i) => `mailbox ${i}`);
    // A page has 1 MB at most.
    await Promise.all(ids.map((id) => store.replace(id, null, "x".repeat(300_000), {})));
    return { store, ids, pages };
  }

  it("is listed to its end", async () => {
    const { store, ids, pages } = await filled(12);
    expect((await listAll(store)).toSorted()).toEqual(ids.toSorted());
    expect(pages.length).toBeGreaterThan(3);
  });

  it("is listed by parallel workers, each to the end of its part", async () => {
    const { store, ids, pages } = await filled(14);
    const workers = [0, 1].map(async (segment) => {
      const found: string[] = [];
      for await (const id of store.list({ segment, totalSegments: 2 }, {})) found.push(id);
      return found;
    });
    const parts = await Promise.all(workers);
    expect(parts.flat().toSorted()).toEqual(ids.toSorted());
    expect(pages.length).toBeGreaterThan(3);
  });
});

describe("a reply that is lost once the table was written", () => {
  it.each([
    ["creation", "PutItem", null, "after"],
    ["replacement", "PutItem", "before", "after"],
    ["deletion", "DeleteItem", "before", null],
  ] as const)(
    "of a %s: the client asks again, and the store knows its own work",
    async (_, operation, before, after) => {
      const tableName = await createTable();
      const plain = dynamoDbMailboxStore({ client: newClient(), tableName });
      if (before !== null) await plain.replace("alice", null, before, {});
      const store = dynamoDbMailboxStore({ client: await clientThatMissesOneReply(operation), tableName });
      expect(await store.replace("alice", before, after, {})).toBe(true);
      expect(await plain.get("alice", {})).toBe(after);
    },
  );

  it("while nothing was written because the record was another one: false", async () => {
    const tableName = await createTable();
    const plain = dynamoDbMailboxStore({ client: newClient(), tableName });
    await plain.replace("alice", null, "other", {});
    const store = dynamoDbMailboxStore({ client: await clientThatMissesOneReply("PutItem"), tableName });
    expect(await store.replace("alice", "before", "after", {})).toBe(false);
    expect(await plain.get("alice", {})).toBe("other");
  });

  it("and one attempt that met the record that it would have written did not write it", async () => {
    const store = dynamoDbMailboxStore({ client: newClient(), tableName: await createTable() });
    await store.replace("alice", null, "two", {});
    expect(await store.replace("alice", "one", "two", {})).toBe(false);
  });
});

describe("what DynamoDB is asked", () => {
  const sent = async (act: (store: ReturnType<typeof dynamoDbMailboxStore>) => Promise<unknown>) => {
    const client = answering({ Items: [] });
    await act(dynamoDbMailboxStore({ client, tableName: "mailboxes" }));
    return client.commands.map((command) => {
      const { input } = command as { input: object };
      return { ...input, operation: command.constructor };
    });
  };

  it("reads consistently, and lists ids alone", async () => {
    expect(await sent((store) => store.get("alice", {}))).toMatchObject([
      { operation: GetItemCommand, TableName: "mailboxes", ConsistentRead: true },
    ]);
    expect(await sent((store) => listAll(store))).toMatchObject([
      {
        operation: ScanCommand,
        ConsistentRead: true,
        Segment: 0,
        TotalSegments: 1,
        ProjectionExpression: "#id",
      },
    ]);
  });

  it("writes nothing without a condition", async () => {
    const record = { ConditionExpression: "#record = :before" };
    const none = { ConditionExpression: "attribute_not_exists(#id)" };
    expect(await sent((store) => store.replace("alice", null, "a", {}))).toMatchObject([
      { operation: PutItemCommand, ...none },
    ]);
    expect(await sent((store) => store.replace("alice", "a", "b", {}))).toMatchObject([
      { operation: PutItemCommand, ...record },
    ]);
    expect(await sent((store) => store.replace("alice", "a", null, {}))).toMatchObject([
      { operation: DeleteItemCommand, ...record },
    ]);
  });

  it("has the caller's signal", async () => {
    const signals: unknown[] = [];
    const client: DynamoDbClient = {
      async send(_, options) {
        signals.push(options?.abortSignal);
        return {};
      },
    };
    const { signal } = new AbortController();
    const store = dynamoDbMailboxStore({ client, tableName: "mailboxes" });
    await store.get("alice", { signal });
    await store.replace("alice", "a", "b", { signal });
    await store.get("alice", {});
    expect(signals).toEqual([signal, signal, undefined]);
  });
});

describe("an odd answer", () => {
  const store = (reply: unknown) =>
    dynamoDbMailboxStore({ client: answering(reply), tableName: "mailboxes" });
  const id = { "mailbox-id": { S: "alice" } };

  it.each<[string, unknown, RegExp]>([
    [
      "an item of another mailbox",
      { Item: { "mailbox-id": { S: "bob" }, record: { S: "r" } } },
      /another mailbox/,
    ],
    ["an item without an id", { Item: { record: { S: "r" } } }, /no mailbox-id/],
    ["an item without a record", { Item: id }, /no record/],
    ["a record of bytes", { Item: { ...id, record: { B: new Uint8Array(1) } } }, /no record/],
    ["an item that is null", { Item: null }, /no mailbox-id/],
  ])("of %s is an error", async (_, reply, message) => {
    expect(await outcome(store(reply).get("alice", {}))).toMatchObject({
      message: expect.stringMatching(message),
    });
  });

  it.each<[string, unknown, RegExp]>([
    ["no items", {}, /no list of items/],
    ["items that are no list", { Items: {} }, /no list of items/],
    ["an item without an id", { Items: [{}] }, /no mailbox-id/],
    ["an item that is null", { Items: [null] }, /no mailbox-id/],
  ])("to a scan, of %s, is an error", async (_, reply, message) => {
    expect(await outcome(listAll(store(reply)))).toMatchObject({ message: expect.stringMatching(message) });
  });

  it("of nothing is no record", async () => {
    expect(await store(undefined).get("alice", {})).toBeNull();
  });
});

describe("a failure", () => {
  it("of DynamoDB is typed, names the mailbox, and says what to do", async () => {
    const store = dynamoDbMailboxStore({ client: newClient(), tableName: "nowhere" });
    for (const [operation, act] of [
      ["GetItem", () => store.get("a", {})],
      ["PutItem", () => store.replace("a", null, "r", {})],
      ["Scan", () => listAll(store)],
    ] as const) {
      const error = await failure(act, "ERR_STORE");
      expect(error).toMatchObject({ store: "DynamoDB table nowhere", operation, transient: false });
      expect(error.message).toMatch(/there is no such table.*check its name and the client's Region/);
      expect(error.cause).toMatchObject({ name: "ResourceNotFoundException" });
    }
  });

  it("of an item that is too large says so, and writes nothing", async () => {
    const store = dynamoDbMailboxStore({ client: newClient(), tableName: await createTable() });
    const error = await failure(store.replace("alice", null, "x".repeat(410_000), {}), "ERR_STORE");
    expect(error).toMatchObject({ keyId: "alice", cause: { message: expect.stringMatching(/size/i) } });
    expect(await store.get("alice", {})).toBeNull();
  });
});

it.each<[string, unknown]>([
  ["no options", undefined],
  ["no client", { tableName: "mailboxes" }],
  ["a client that sends nothing", { client: {}, tableName: "mailboxes" }],
  ["no table", { client: answering({}) }],
  ["an empty table name", { client: answering({}), tableName: "" }],
])("%s is misuse", async (_, options) => {
  await failure(() => dynamoDbMailboxStore(options as never), "ERR_INVALID_ARGUMENT");
});
