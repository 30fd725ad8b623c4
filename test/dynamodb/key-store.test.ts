import { describe, expect, it } from "vitest";
import { hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { createEncryptionClient, type KeyfoldEvent } from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { CONTEXT, setUp } from "./helpers.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const TEXT = utf8("to whom it may concern");

/** An item as AWS lays it out, without the wrapped key. */
const layout = (id: string, keyArn: string, type: string, createTime: string, more: object = {}) => ({
  "branch-key-id": { S: id },
  type: { S: type },
  "create-time": { S: createTime },
  "kms-arn": { S: keyArn },
  "hierarchy-version": { N: "1" },
  "aws-crypto-ec:tenant": { S: "t1" },
  "aws-crypto-ec:Department": { S: "bücher" },
  enc: { B: expect.any(Uint8Array) },
  ...more,
});

/** What KMS is told of an item: all of its attributes as text but the wrapped key, and the name of the store. */
const bound = (item: object, logicalName: string): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(item)
      .filter(([name]) => name !== "enc")
      .map(([name, value]) => [name, Object.values(value)[0] as string]),
  ),
  tablename: logicalName,
});

describe("createKey", () => {
  it("writes three items as AWS lays them out, and nothing else of it is ever in clear", async () => {
    const { keyStore, item, asked, keyArn, db } = await setUp();
    const store = keyStore({ logicalName: "the store" });
    const facts = await store.createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
    expect(facts).toEqual({
      branchKeyId: "k",
      version: expect.stringMatching(UUID),
      keyArn,
      createTime: expect.stringMatching(TIME),
      encryptionContext: CONTEXT,
    });
    const type = `branch:version:${facts.version}`;
    const version = layout("k", keyArn, type, facts.createTime);
    const active = layout("k", keyArn, "branch:ACTIVE", facts.createTime, { version: { S: type } });
    const beacon = layout("k", keyArn, "beacon:ACTIVE", facts.createTime);
    expect(await item("k", type)).toEqual(version);
    expect(await item("k", "branch:ACTIVE")).toEqual(active);
    expect(await item("k", "beacon:ACTIVE")).toEqual(beacon);

    const [ofVersion, ofActive, ofBeacon] = [version, active, beacon].map((of) => bound(of, "the store"));
    expect(asked()).toEqual([
      { operation: "GenerateDataKeyWithoutPlaintext", error: undefined, contexts: [ofVersion] },
      { operation: "ReEncrypt", error: undefined, contexts: [ofVersion, ofActive] },
      { operation: "GenerateDataKeyWithoutPlaintext", error: undefined, contexts: [ofBeacon] },
    ]);
    expect(db.operations).toEqual(["TransactWriteItems"]);
  });

  it("makes a random id by default, with or without a context", async () => {
    const { keyStore } = await setUp();
    const [a, b] = [await keyStore().createKey(), await keyStore().createKey({ encryptionContext: CONTEXT })];
    expect([a.branchKeyId, b.branchKeyId]).toEqual([
      expect.stringMatching(UUID),
      expect.stringMatching(UUID),
    ]);
    expect(a.branchKeyId).not.toBe(b.branchKeyId);
    expect((await keyStore().active(a.branchKeyId)).encryptionContext).toEqual({});
    expect((await keyStore().active(b.branchKeyId)).encryptionContext).toEqual(CONTEXT);
  });

  it("of an id that exists writes nothing", async () => {
    const { keyStore, item } = await setUp();
    await keyStore().createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
    const before = await item("k", "branch:ACTIVE");
    const again = keyStore().createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
    const { message } = await failure(again, "ERR_HIERARCHY_EXISTS");
    expect(message).toContain("it exists in keys");
    expect(await item("k", "branch:ACTIVE")).toEqual(before);
  });

  it("of an id of one's own wants a context", async () => {
    const { keyStore, asked } = await setUp();
    for (const encryptionContext of [undefined, {}]) {
      const options = { branchKeyId: "k", ...(encryptionContext && { encryptionContext }) };
      const { message } = await failure(keyStore().createKey(options), "ERR_INVALID_ARGUMENT");
      expect(message).toContain("needs an encryptionContext");
    }
    expect(asked()).toEqual([]);
  });

  it("refuses pairs and ids that cannot be bound", async () => {
    const { keyStore, asked } = await setUp();
    const reserved = { "aws-crypto-x": "1" };
    await failure(keyStore().createKey({ encryptionContext: reserved }), "ERR_ENCRYPTION_CONTEXT");
    await failure(keyStore().createKey({ encryptionContext: { a: 1 } as never }), "ERR_ENCRYPTION_CONTEXT");
    for (const branchKeyId of ["", "x".repeat(2049), 7 as never, null as never]) {
      await failure(
        keyStore().createKey({ branchKeyId, encryptionContext: CONTEXT }),
        "ERR_INVALID_ARGUMENT",
      );
    }
    await failure(keyStore().createKey(null as never), "ERR_INVALID_ARGUMENT");
    expect(asked()).toEqual([]);
  });
});

describe("versionKey", () => {
  it("proves the old ACTIVE, writes a new version, and leaves the others", async () => {
    const { keyStore, item, asked, keyArn, kms, db } = await setUp();
    const store = keyStore();
    const first = await store.createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
    const before = { old: (await item("k", "branch:ACTIVE"))!, beacon: await item("k", "beacon:ACTIVE") };
    kms.clearEvents();
    db.operations.splice(0);
    const second = await store.versionKey("k");
    expect(second).toEqual({
      ...first,
      version: expect.stringMatching(UUID),
      createTime: expect.stringMatching(TIME),
    });
    expect(second.version).not.toBe(first.version);
    const type = `branch:version:${second.version}`;
    const version = layout("k", keyArn, type, second.createTime);
    const active = layout("k", keyArn, "branch:ACTIVE", second.createTime, { version: { S: type } });
    expect(await item("k", type)).toEqual(version);
    expect(await item("k", "branch:ACTIVE")).toEqual(active);
    expect(await item("k", "beacon:ACTIVE")).toEqual(before.beacon);
    expect(await item("k", `branch:version:${first.version}`)).toBeDefined();

    const [ofOld, ofVersion, ofActive] = [before.old, version, active].map((of) => bound(of, "keys"));
    expect(asked()).toEqual([
      { operation: "ReEncrypt", error: undefined, contexts: [ofOld, ofOld] },
      { operation: "GenerateDataKeyWithoutPlaintext", error: undefined, contexts: [ofVersion] },
      { operation: "ReEncrypt", error: undefined, contexts: [ofVersion, ofActive] },
    ]);
    expect(db.operations).toEqual(["GetItem", "TransactWriteItems"]);
  });

  it("of an id that is not there is unknown", async () => {
    const { keyStore, asked } = await setUp();
    const { message } = await failure(keyStore().versionKey("k"), "ERR_HIERARCHY_UNKNOWN");
    expect(message).toContain('there is no item "branch:ACTIVE" of it in table keys');
    expect(asked()).toEqual([]);
  });
});

describe("reading", () => {
  it("asks for one item and has KMS open it, with all that is in it", async () => {
    const { keyStore, item, asked, kms, db } = await setUp();
    const store = keyStore();
    const first = await store.createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
    await store.versionKey("k");
    const old = await store.version("k", first.version);
    kms.clearEvents();
    db.operations.splice(0);
    const active = await store.active("k");
    expect(asked()).toEqual([]);
    const keys = [await active.unwrap(), await (await store.version("k", active.version)).unwrap()];
    expect(keys[0]).toHaveLength(32);
    expect(keys[1]).toEqual(keys[0]);
    expect(await old.unwrap()).not.toEqual(keys[0]);
    const types = ["branch:ACTIVE", `branch:version:${active.version}`, `branch:version:${first.version}`];
    const items = await Promise.all(types.map((type) => item("k", type)));
    expect(asked()).toEqual(
      items.map((of) => ({ operation: "Decrypt", error: undefined, contexts: [bound(of!, "keys")] })),
    );
    expect(db.operations).toEqual(["GetItem", "GetItem"]);
    expect(old).toMatchObject({ ...first, unwrap: expect.any(Function) });
  });

  it("asks consistently for what it did not find, since another process may just have written it", async () => {
    const { keyStore, db } = await setUp();
    const { version } = await keyStore().createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
    const asked: unknown[] = [];
    // A replica that lags behind.
    db.script = (_, body) => {
      const { ConsistentRead } = body as { ConsistentRead?: boolean };
      asked.push(ConsistentRead);
      return ConsistentRead ? null : { status: 200, body: "{}" };
    };
    expect((await keyStore().active("k")).version).toBe(version);
    expect((await keyStore().version("k", version)).version).toBe(version);
    expect(asked).toEqual([undefined, true, undefined, true]);
  });

  it("of what is not there is unknown", async () => {
    const { keyStore } = await setUp();
    await keyStore().createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
    const missing = "11111111-2222-4333-8444-555555555555";
    for (const reading of [keyStore().active("l"), keyStore().version("k", missing)]) {
      const error = await failure(reading, "ERR_HIERARCHY_UNKNOWN");
      expect(error).toMatchObject({ level: "branch key" });
    }
  });

  it("by what is no id and no version is misuse", async () => {
    const { keyStore, db } = await setUp();
    for (const id of ["", 7 as never]) await failure(keyStore().active(id), "ERR_INVALID_ARGUMENT");
    for (const version of ["", "1", "ACTIVE", null as never]) {
      await failure(keyStore().version("k", version), "ERR_INVALID_ARGUMENT");
    }
    expect(db.operations).toEqual([]);
  });
});

describe("with the hierarchical keyring", () => {
  it("a key serves 1,000 cold writers and 1,000 cold readers by one GetItem and one Decrypt each", async () => {
    const { keyStore, kms, db } = await setUp();
    const store = keyStore();
    await store.createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
    kms.clearEvents();
    db.operations.splice(0);
    const cold = () =>
      createEncryptionClient({ keyring: hierarchicalKeyring({ keyStore: store, branchKeyId: "k" }) });
    const writer = cold();
    const sealed = await Promise.all(Array.from({ length: 1000 }, () => writer.encrypt(TEXT)));
    expect(db.operations.splice(0)).toEqual(["GetItem"]);
    expect(kms.events.map(({ eventName }) => eventName)).toEqual(["Decrypt"]);
    kms.clearEvents();
    const reader = cold();
    const opened = await Promise.all(sealed.map(({ ciphertext }) => reader.decrypt(ciphertext)));
    expect(opened.every(({ plaintext }) => Buffer.from(plaintext).equals(TEXT))).toBe(true);
    expect(db.operations).toEqual(["GetItem"]);
    expect(kms.events.map(({ eventName }) => eventName)).toEqual(["Decrypt"]);
  });

  it("messages of every version open after rotations", async () => {
    const { keyStore } = await setUp();
    const store = keyStore();
    await store.createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
    const keyring = hierarchicalKeyring({ keyStore: store, branchKeyId: "k" });
    const client = createEncryptionClient({ keyring });
    const messages: Uint8Array[] = [];
    for (let i = 0; i < 4; i++) {
      messages.push((await client.encrypt(TEXT)).ciphertext);
      await store.versionKey("k");
      keyring.clear();
    }
    for (const message of messages) expect((await client.decrypt(message)).plaintext).toEqual(TEXT);
    expect(keyring.stats().entries).toBe(4);
  });
});

it("tells its observer of every call, and of nothing secret", async () => {
  const { keyStore, keyArn } = await setUp();
  const events: KeyfoldEvent[] = [];
  const store = keyStore({ observer: (event) => void events.push(event) });
  await store.createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
  await (await store.active("k")).unwrap();
  const kmsCall = (operation: string) => ({
    type: "kmsCall",
    keyring: "DynamoDB key store keys",
    operation,
    keyId: keyArn,
    durationMs: expect.any(Number),
    requestId: expect.any(String),
    error: undefined,
  });
  const storeCall = (operation: string) => ({
    type: "storeCall",
    store: "DynamoDB key store keys",
    operation,
    keyId: "k",
    durationMs: expect.any(Number),
    error: undefined,
  });
  expect(events).toEqual([
    kmsCall("GenerateDataKeyWithoutPlaintext"),
    kmsCall("ReEncrypt"),
    kmsCall("GenerateDataKeyWithoutPlaintext"),
    storeCall("TransactWriteItems"),
    storeCall("GetItem"),
    kmsCall("Decrypt"),
  ]);
  expect(JSON.stringify(events)).not.toContain("bücher");
});
