// Items that are not as they must be: whoever can write to the table must not be able to do harm unseen.
import { describe, expect, it } from "vitest";
import { hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { createEncryptionClient, type HierarchyError, type NoDataKeyError } from "../../src/index.ts";
import { failure } from "../support/failure.ts";
import { CONTEXT, type ItemAttributes, type Setting, setUp } from "./helpers.ts";

interface Made extends Setting {
  readonly version: string;
  /** Puts an altered item in the place of the ACTIVE one and of the version, and answers what reading each of them says. */
  altered(change: (item: ItemAttributes) => object, only?: "active"): Promise<HierarchyError[]>;
}

async function made(): Promise<Made> {
  const setting = await setUp();
  const store = setting.keyStore();
  const { version } = await store.createKey({ branchKeyId: "k", encryptionContext: CONTEXT });
  const types = ["branch:ACTIVE", `branch:version:${version}`];
  return {
    ...setting,
    version,
    async altered(change, only) {
      const errors: HierarchyError[] = [];
      for (const type of only === undefined ? types : types.slice(0, 1)) {
        const item = change((await setting.item("k", type))!);
        setting.db.script = (operation) =>
          operation === "GetItem" ? { status: 200, body: JSON.stringify({ Item: asJson(item) }) } : null;
        const reading = type === "branch:ACTIVE" ? store.active("k") : store.version("k", version);
        errors.push(await failure<HierarchyError>(reading.then((stored) => stored.unwrap())));
        setting.db.script = null;
      }
      return errors;
    },
  };
}

/** Bytes as the wire has them. */
const asJson = (item: object): object =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) =>
      value?.B instanceof Uint8Array ? [name, { B: Buffer.from(value.B).toString("base64") }] : [name, value],
    ),
  );

const bytesOf = ({ enc }: ItemAttributes): Uint8Array => enc!.B!;

const REQUIRED = ["branch-key-id", "type", "create-time", "kms-arn", "hierarchy-version", "enc"];

describe("a malformed item", () => {
  const WRONG: Record<string, object> = {
    "branch-key-id": { N: "1" },
    type: { BOOL: true },
    "create-time": { N: "1" },
    "kms-arn": { B: Uint8Array.of(1) },
    "hierarchy-version": { S: "1" },
    enc: { S: "AAAA" },
    "aws-crypto-ec:tenant": { N: "1" },
    "something else": { L: [] },
  };
  const cases: [string, (item: ItemAttributes) => object][] = [
    ...REQUIRED.map((name): [string, (item: ItemAttributes) => object] => [
      `without ${name}`,
      ({ [name]: _, ...rest }) => rest,
    ]),
    ...Object.entries(WRONG).map(([name, value]): [string, (item: ItemAttributes) => object] => [
      `with ${name} as ${Object.keys(value)[0]}`,
      (item) => ({ ...item, [name]: value }),
    ]),
    ["of another key", (item) => ({ ...item, "branch-key-id": { S: "l" } })],
    ["of another type", (item) => ({ ...item, type: { S: "beacon:ACTIVE" } })],
    ["with an empty enc", (item) => ({ ...item, enc: { B: new Uint8Array(0) } })],
    [
      "with an alias",
      (item) => ({ ...item, "kms-arn": { S: "arn:aws:kms:us-east-1:111122223333:alias/a" } }),
    ],
    ["with no ARN", (item) => ({ ...item, "kms-arn": { S: "1234abcd-12ab-34cd-56ef-1234567890ab" } })],
    ["with a tablename", (item) => ({ ...item, tablename: { S: "keys" } })],
  ];

  it.each(cases)("%s is refused, and KMS not asked", async (_, change) => {
    const { altered, kms } = await made();
    kms.clearEvents();
    const [active, version] = await altered(change);
    for (const error of [active!, version!]) {
      expect(error).toMatchObject({ code: "ERR_HIERARCHY_RECORD", level: "branch key", keyId: "k" });
    }
    expect(active!.message).toContain('Branch key "k": its item "branch:ACTIVE"');
    expect(kms.events).toEqual([]);
  });

  it.each([
    undefined,
    { N: "1" },
    { S: "" },
    { S: "branch:version:" },
    { S: "11111111-2222-4333-8444-555555555555" },
  ])("ACTIVE with version %j is refused", async (version) => {
    const { altered } = await made();
    const changed = ({ version: _, ...item }: ItemAttributes) => ({ ...item, ...(version && { version }) });
    const [active] = await altered(changed, "active");
    expect(active!.code).toBe("ERR_HIERARCHY_RECORD");
    expect(active!.message).toContain('"version"');
  });

  it.each(["2", "0", "1.0", "01"])("of hierarchy-version %s is refused by name", async (version) => {
    const { altered } = await made();
    const errors = await altered((item) => ({ ...item, "hierarchy-version": { N: version } }));
    for (const { code, message } of errors) {
      expect(code).toBe("ERR_HIERARCHY_RECORD");
      expect(message).toContain(`is of hierarchy-version "${version}"; keyfold reads version 1 alone`);
    }
  });

  it("is no start for a new version either", async () => {
    const { keyStore, item, put, kms } = await made();
    await put({ ...(await item("k", "branch:ACTIVE"))!, "hierarchy-version": { N: "2" } });
    kms.clearEvents();
    await failure(keyStore().versionKey("k"), "ERR_HIERARCHY_RECORD");
    expect(kms.events).toEqual([]);
  });
});

describe("an altered item", () => {
  const other = "11111111-2222-4333-8444-555555555555";
  const cases: Record<string, (item: ItemAttributes) => object> = {
    "in create-time": (item) => ({ ...item, "create-time": { S: "2026-01-01T00:00:00.000000Z" } }),
    "in its context": (item) => ({ ...item, "aws-crypto-ec:tenant": { S: "t2" } }),
    "by a new pair": (item) => ({ ...item, "aws-crypto-ec:admin": { S: "yes" } }),
    "by a foreign attribute": (item) => ({ ...item, comment: { S: "mine" } }),
    "by a missing pair": ({ "aws-crypto-ec:tenant": _, ...item }) => item,
    "in the wrapped key": (item) => ({
      ...item,
      enc: { B: bytesOf(item).map((byte) => byte ^ 1) },
    }),
  };

  it.each(Object.entries(cases))("%s is refused by KMS", async (_, change) => {
    const { altered } = await made();
    for (const error of await altered(change)) {
      expect(error.code).toBe("ERR_HIERARCHY_UNWRAP");
      expect(error.cause).toMatchObject({ code: "ERR_KMS_CIPHERTEXT" });
      expect(error.message).toContain("an attribute was changed or added");
    }
  });

  it("that claims another version as the active one is refused by KMS", async () => {
    const { altered } = await made();
    const claiming = (item: ItemAttributes) => ({ ...item, version: { S: `branch:version:${other}` } });
    const [active] = await altered(claiming, "active");
    expect(active!.code).toBe("ERR_HIERARCHY_UNWRAP");
  });

  it("is no start for a new version either: nothing is written", async () => {
    const { keyStore, item, put, db } = await made();
    const before = { ...(await item("k", "branch:ACTIVE"))!, "aws-crypto-ec:tenant": { S: "t2" } };
    await put(before);
    const error = await failure(keyStore().versionKey("k"), "ERR_HIERARCHY_UNWRAP");
    expect(error.cause).toMatchObject({ code: "ERR_KMS_CIPHERTEXT", operation: "ReEncrypt" });
    expect(await item("k", "branch:ACTIVE")).toEqual(before);
    expect(db.operations).not.toContain("PutItem");
  });
});

describe("a moved item", () => {
  it("of another key does not open, whatever it is called", async () => {
    const { keyStore, item, put } = await made();
    await keyStore().createKey({
      branchKeyId: "l",
      encryptionContext: { tenant: "t1", Department: "bücher" },
    });
    await put({ ...(await item("k", "branch:ACTIVE"))!, "branch-key-id": { S: "l" } });
    const { message } = await failure((await keyStore().active("l")).unwrap(), "ERR_HIERARCHY_UNWRAP");
    expect(message).toContain("the item belongs to another key");
  });

  it("of another version of the same key does not open", async () => {
    const { keyStore, item, put, version } = await made();
    const next = await keyStore().versionKey("k");
    const type = { S: `branch:version:${next.version}` };
    await put({ ...(await item("k", `branch:version:${version}`))!, type });
    await failure((await keyStore().version("k", next.version)).unwrap(), "ERR_HIERARCHY_UNWRAP");
  });

  it("of another store does not open there, but under its own logical name it does", async () => {
    const { keyStore, item, put } = await made();
    await put((await item("k", "branch:ACTIVE"))!, "other");
    const { message } = await failure(
      (await keyStore({ tableName: "other" }).active("k")).unwrap(),
      "ERR_HIERARCHY_UNWRAP",
    );
    expect(message).toContain('the store\'s logicalName is not "other"');
    const restored = keyStore({ tableName: "other", logicalName: "keys" });
    expect(await (await restored.active("k")).unwrap()).toHaveLength(32);
  });

  it("makes a message's reason", async () => {
    const { keyStore, item, put, version } = await made();
    const client = () =>
      createEncryptionClient({ keyring: hierarchicalKeyring({ keyStore: keyStore(), branchKeyId: "k" }) });
    const { ciphertext } = await client().encrypt(new Uint8Array(1));
    await put({ ...(await item("k", `branch:version:${version}`))!, "kms-arn": { S: "alias/a" } });
    const { reasons } = await failure<NoDataKeyError>(client().decrypt(ciphertext), "ERR_NO_DATA_KEY");
    expect(reasons).toMatchObject([
      { status: "failed", providerId: "aws-kms-hierarchy", cause: { code: "ERR_HIERARCHY_RECORD" } },
    ]);
  });
});
