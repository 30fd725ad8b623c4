// DynamoDB that fails, is slow, or is asked by two at once.
import { describe, expect, it } from "vitest";
import { hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { createEncryptionClient, type StoreError } from "../../src/index.ts";
import { awsError, dynamoDbClient, type ScriptedAnswer } from "../support/dynamodb.ts";
import { failure, outcome } from "../support/failure.ts";
import { deferred, settled } from "../support/virtual.ts";
import { CONTEXT, type ItemAttributes, setUp } from "./helpers.ts";

/** Which version an ACTIVE item is a copy of. */
const versionOf = ({ version }: ItemAttributes = {}): string | undefined => version?.S;

async function made() {
  const setting = await setUp();
  const store = setting.keyStore();
  const facts = await store.createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
  return { ...setting, store, version: facts.version };
}

describe("an error of DynamoDB", () => {
  const cases: [string, ScriptedAnswer, { transient: boolean; says: string }][] = [
    [
      "ResourceNotFoundException",
      awsError("ResourceNotFoundException"),
      { transient: false, says: "Create it, and check its name" },
    ],
    [
      "AccessDeniedException",
      awsError("AccessDeniedException"),
      { transient: false, says: "Allow the caller dynamodb:GetItem" },
    ],
    [
      "ExpiredTokenException",
      awsError("ExpiredTokenException"),
      { transient: false, says: "Renew the credentials" },
    ],
    [
      "UnrecognizedClientException",
      awsError("UnrecognizedClientException"),
      { transient: false, says: "Renew the credentials" },
    ],
    [
      "ProvisionedThroughputExceededException",
      awsError("ProvisionedThroughputExceededException"),
      { transient: true, says: "capacity" },
    ],
    ["RequestLimitExceeded", awsError("RequestLimitExceeded"), { transient: true, says: "Try again" }],
    ["ThrottlingException", awsError("ThrottlingException"), { transient: true, says: "Try again" }],
    ["InternalServerError", awsError("InternalServerError", 500), { transient: true, says: "Try again" }],
    ["ServiceUnavailable", awsError("ServiceUnavailable", 503), { transient: true, says: "Try again" }],
    ["ValidationException", awsError("ValidationException"), { transient: false, says: "key schema" }],
    ["OptInRequired", awsError("OptInRequired"), { transient: false, says: "has this Region enabled" }],
    [
      "SomethingNewException",
      awsError("SomethingNewException"),
      { transient: false, says: "The cause says" },
    ],
    ["a proxy's page", { status: 502, body: "<html>" }, { transient: true, says: "Try again" }],
    ["no JSON", { status: 200, body: "<html>" }, { transient: false, says: "Check what answers" }],
  ];

  it.each(cases)("%s comes out typed, with its remedy", async (name, answer, { transient, says }) => {
    const { store, db, version } = await made();
    db.script = () => answer;
    for (const reading of [
      () => store.active("k"),
      () => store.version("k", version),
      () => store.versionKey("k"),
    ]) {
      const error = await failure<StoreError>(reading, "ERR_STORE");
      expect(error).toMatchObject({
        store: "DynamoDB key store keys",
        operation: "GetItem",
        keyId: "k",
        transient,
      });
      expect(error.message).toMatch(/^DynamoDB key store keys: GetItem of "k": /);
      expect(error.remedy).toContain(says);
      if (/^[A-Z]/.test(name)) expect(error.message).toContain(`(${name})`);
      expect(error.cause).toBeInstanceOf(Error);
    }
  });

  it("in a transaction names the permission that it takes, and cancellations by their codes", async () => {
    const { store, db } = await made();
    const scripted = async (answer: ScriptedAnswer) => {
      db.script = (operation) => (operation === "TransactWriteItems" ? answer : null);
      return failure<StoreError>(store.versionKey("k"), "ERR_STORE");
    };
    expect((await scripted(awsError("AccessDeniedException"))).remedy).toContain("dynamodb:PutItem");
    const cancelled = (...codes: string[]) =>
      scripted(
        awsError("TransactionCanceledException", 400, {
          CancellationReasons: codes.map((Code) => ({ Code })),
        }),
      );
    const throttled = await cancelled("None", "ThrottlingError");
    expect(throttled.message).toContain("the transaction was cancelled: ThrottlingError");
    expect(throttled.transient).toBe(true);
    expect((await cancelled("ValidationError", "None")).transient).toBe(false);
    expect((await cancelled()).message).toContain("no reason given");
    expect((await scripted(awsError("TransactionInProgressException"))).transient).toBe(true);
    const replayed = await scripted(awsError("IdempotentParameterMismatchException"));
    expect(replayed.transient).toBe(false);
  });

  it("that passes is what a reader hears, if it was the only key; the next one asks again", async () => {
    const { store, db } = await made();
    const client = () =>
      createEncryptionClient({ keyring: hierarchicalKeyring({ keyStore: store, branchKeyId: "k" }) });
    const { ciphertext } = await client().encrypt(new Uint8Array(1));
    const cold = client();
    db.script = () => awsError("ThrottlingException");
    await failure(cold.decrypt(ciphertext), "ERR_STORE");
    db.script = () => awsError("ResourceNotFoundException");
    expect((await failure(cold.decrypt(ciphertext), "ERR_NO_DATA_KEY")).cause).toMatchObject({
      code: "ERR_STORE",
    });
    db.script = null;
    expect((await cold.decrypt(ciphertext)).plaintext).toHaveLength(1);
  });

  it("that never reaches it is the network's", async () => {
    const { keyStore } = await setUp();
    const nowhere = dynamoDbClient("http://127.0.0.1:1");
    const error = await failure<StoreError>(keyStore({ client: nowhere }).active("k"), "ERR_STORE");
    expect(error).toMatchObject({ transient: true });
    expect(error.remedy).toContain("Check network");
    nowhere.destroy();
  });

  it("of a client that answers nothing is no raw error either", async () => {
    const { keyStore } = await setUp();
    const client = { send: async () => undefined as never };
    await failure(keyStore({ client }).active("k"), "ERR_HIERARCHY_UNKNOWN");
    const throwing = { send: () => Promise.reject("text") };
    await failure(keyStore({ client: throwing }).active("k"), "ERR_STORE");
  });
});

describe("an abort", () => {
  it.each(["active", "version", "versionKey", "createKey"] as const)(
    "ends %s with the signal's own reason",
    async (method) => {
      const { store, db, version } = await made();
      const gate = deferred<null>();
      db.script = () => gate.promise;
      const controller = new AbortController();
      const { signal } = controller;
      const calls = {
        active: () => store.active("k", { signal }),
        version: () => store.version("k", version, { signal }),
        versionKey: () => store.versionKey("k", { signal }),
        createKey: () => store.createKey({ signal }),
      };
      const ended = outcome(calls[method]);
      for (let i = 0; i < 5; i++) await settled();
      const reason = new Error("enough");
      controller.abort(reason);
      expect(await ended).toBe(reason);
      gate.resolve(null);
      // Before anything is asked, too.
      db.operations.splice(0);
      expect(await outcome(calls[method])).toBe(reason);
      expect(db.operations).toEqual([]);
    },
  );
});

describe("two at once", () => {
  it("version a key: one wins, the other hears of it, and nothing is lost", async () => {
    const { store, item, version } = await made();
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => store.versionKey("k")));
    const won = outcomes.filter((outcome) => outcome.status === "fulfilled");
    const lost = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(won.length).toBeGreaterThanOrEqual(1);
    expect(lost.length).toBeGreaterThanOrEqual(1);
    for (const { reason } of lost) {
      expect(reason).toMatchObject({ code: "ERR_HIERARCHY_CONFLICT", level: "branch key", keyId: "k" });
    }
    const versions = [version, ...won.map(({ value }) => value.version)];
    for (const each of versions) {
      expect(await (await store.version("k", each)).unwrap()).toHaveLength(32);
    }
    const active = await item("k", "branch:ACTIVE");
    expect(versions.map((each) => `branch:version:${each}`)).toContain(versionOf(active));
  });

  it("between its reading and its writing another writer may come: it is the loser", async () => {
    const { store, db, item } = await made();
    let winner: { readonly version: string } | undefined;
    db.script = async (operation) => {
      if (operation !== "TransactWriteItems" || winner !== undefined) return null;
      db.script = null;
      winner = await store.versionKey("k");
      return null;
    };
    await failure(store.versionKey("k"), "ERR_HIERARCHY_CONFLICT");
    expect(versionOf(await item("k", "branch:ACTIVE"))).toBe(`branch:version:${winner!.version}`);
  });

  it("create a key of the same id: one wins", async () => {
    const { store } = await made();
    const create = () => store.createKey({ branchKeyId: "l", encryptionContext: CONTEXT });
    const outcomes = await Promise.allSettled([create(), create(), create()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        expect(outcome.reason).toMatchObject({ code: "ERR_HIERARCHY_EXISTS" });
    }
    expect(await (await store.active("l")).unwrap()).toHaveLength(32);
  });

  it("meet in DynamoDB itself: a conflict too", async () => {
    const { store, db } = await made();
    const CancellationReasons = [{ Code: "None" }, { Code: "TransactionConflict" }];
    db.script = (operation) =>
      operation === "TransactWriteItems"
        ? awsError("TransactionCanceledException", 400, { CancellationReasons })
        : null;
    await failure(store.versionKey("k"), "ERR_HIERARCHY_CONFLICT");
    await failure(store.createKey(), "ERR_HIERARCHY_CONFLICT");
  });
});

it("a reply that is lost makes no second key: the repeated request has the same token", async () => {
  const { keyStore, db, client, item } = await setUp();
  const patient = dynamoDbClient(db.url, 3);
  const tokens: unknown[] = [];
  db.script = async (_, body) => {
    tokens.push((body as { ClientRequestToken?: string }).ClientRequestToken);
    if (tokens.length > 1) return null;
    // It is carried out, and then the answer is lost.
    const { TransactWriteItemsCommand } = await import("@aws-sdk/client-dynamodb");
    db.script = null;
    await client.send(new TransactWriteItemsCommand(decoded(body) as never));
    db.script = (_, again) => {
      tokens.push((again as { ClientRequestToken?: string }).ClientRequestToken);
      return null;
    };
    return { status: 500, body: "{}" };
  };
  const { version } = await keyStore({ client: patient }).createKey({
    branchKeyId: "k",
    encryptionContext: CONTEXT,
  });
  expect(tokens).toHaveLength(2);
  expect(tokens[1]).toBe(tokens[0]);
  expect(versionOf(await item("k", "branch:ACTIVE"))).toBe(`branch:version:${version}`);
  patient.destroy();
});

/** A request body as the SDK takes it: bytes in place of base64. */
function decoded(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (name, value) =>
    name === "B" && typeof value === "string" ? new Uint8Array(Buffer.from(value, "base64")) : value,
  );
}
