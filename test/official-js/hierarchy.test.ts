// One table of branch keys and one KMS for both libraries: keys that each of them makes and versions, and messages under
// them, both ways.
import { BranchKeyStoreNode, type KeyringNode, KmsHierarchicalKeyRingNode } from "@aws-crypto/client-node";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dynamoDbKeyStore } from "../../src/dynamodb/index.ts";
import { hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { inspectMessage, type Keyring } from "../../src/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { kmsClient } from "../interop/keyrings.ts";
import { cross, row } from "../peers/cells.ts";
import { contexts } from "../peers/contexts.ts";
import { sample } from "../peers/vectors/format.ts";
import { dynamoDbClient, type LocalDynamoDb, startDynamoDb } from "../support/dynamodb.ts";
import { failure } from "../support/failure.ts";
import { keyfoldReader, keyfoldWriter, MODES, officialReader, officialWriter } from "./sides.ts";
import { suites } from "./suites.ts";

const HOME = "us-east-1";
const AWAY = "eu-west-1";
const LOGICAL = "the store of both";

const kms = createLocalKms({ region: HOME });
const keyArn = kms.createKey().arn;
const replicated = kms.createKey({ replicaRegions: [AWAY] });
const [atHome, away] = [HOME, AWAY].map((region) => kms.arn(replicated.keyId, region)) as [string, string];

let url: string;
let db: LocalDynamoDb;
let client: DynamoDBClient;
beforeAll(async () => {
  [{ url }, db] = await Promise.all([kms.listen(), startDynamoDb("keys")]);
  client = dynamoDbClient(db.url);
});
beforeEach(() => {
  kms.clearEvents();
  db.operations.splice(0);
});
afterAll(async () => {
  client.destroy();
  await Promise.all([kms.close(), db.close()]);
});

/** How both are told which KMS key to ask, and in which Region. */
type Kms =
  | { readonly keyArn: string }
  | { readonly mrkArn: string }
  | { readonly discovery: true }
  | { readonly mrDiscovery: string };

const ourStore = (choice: Kms = { keyArn }, region = HOME) =>
  dynamoDbKeyStore({
    client,
    tableName: "keys",
    logicalName: LOGICAL,
    kms: { client: kmsClient(url, region), ...choice } as Parameters<typeof dynamoDbKeyStore>[0]["kms"],
  });

const theirStore = (choice: Kms = { keyArn }, region = HOME): BranchKeyStoreNode =>
  new BranchKeyStoreNode({
    logicalKeyStoreName: LOGICAL,
    storage: { ddbTableName: "keys", ddbClient: client },
    keyManagement: { kmsClient: kmsClient(url, region) },
    kmsConfiguration:
      "keyArn" in choice
        ? { identifier: choice.keyArn }
        : "mrkArn" in choice
          ? { mrkIdentifier: choice.mrkArn }
          : "mrDiscovery" in choice
            ? { region: choice.mrDiscovery }
            : "discovery",
  });

const ours = (branchKeyId: string, store = ourStore()): Keyring =>
  hierarchicalKeyring({ keyStore: store, branchKeyId });
const theirs = (branchKeyId: string, utf8Sorting?: boolean, keyStore = theirStore()): KeyringNode =>
  new KmsHierarchicalKeyRingNode({
    branchKeyId,
    keyStore,
    cacheLimitTtl: 60,
    ...(utf8Sorting !== undefined && { utf8Sorting }),
  });

const options = { suite: 0x0578, policy: "require-encrypt-require-decrypt" } as const;
const plaintext = sample(345);
const same = (a: Uint8Array): void => expect(plaintext.equals(a)).toBe(true);
const encryptionContext = { tenant: "t1", Department: "bücher" };

/** A branch key that one of the two makes. */
const create = {
  keyfold: async () => (await ourStore().createKey({ encryptionContext })).branchKeyId,
  official: async () => (await theirStore().createKey({ encryptionContext })).branchKeyIdentifier,
};
const makers = Object.entries(create);

/** Both messages, each opened by the other library. */
async function bothWays(
  writers: { readonly ours: Keyring; readonly theirs: KeyringNode },
  readers = writers,
): Promise<void> {
  const context = contexts["two pairs"]!;
  const written = await keyfoldWriter(writers.ours, options).seal(plaintext, context, "buffer");
  const received = await officialWriter(writers.theirs, options).seal(plaintext, context, "buffer");
  same((await officialReader(readers.theirs, options).open(written, context, "buffer")).plaintext);
  same((await keyfoldReader(readers.ours, options).open(received, context, "buffer")).plaintext);
}

const pair = (id: string) => ({ ours: ours(id), theirs: theirs(id) });

/** The audit log without what differs from call to call. */
const asked = () =>
  kms.events.map(({ eventName, requestParameters, errorCode }) => {
    const text = JSON.stringify(requestParameters)
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, (uuid) =>
        keyArn.endsWith(uuid) ? uuid : "<uuid>",
      )
      .replace(/\d{4}-\d\d-\d\dT[\d:.]{15}Z/g, "<time>");
    return { eventName, errorCode, parameters: JSON.parse(text) };
  });

describe.each(makers)("a key that %s made", (_, make) => {
  it("is read by both: the same versions, the same context", async () => {
    const id = await make();
    const active = await theirStore().getActiveBranchKey(id);
    const stored = await ourStore().active(id);
    expect(stored.version).toBe(active.branchKeyVersion.toString("utf8"));
    expect(stored.encryptionContext).toEqual(active.encryptionContext);
    expect(stored.encryptionContext).toEqual(encryptionContext);
    expect(active.branchKey().equals(await stored.unwrap())).toBe(true);
    const version = await theirStore().getBranchKeyVersion(id, stored.version);
    expect(version.branchKey().equals(await (await ourStore().version(id, stored.version)).unwrap())).toBe(
      true,
    );
  });

  it("seals and opens messages both ways", async () => bothWays(pair(await make())));

  it("is versioned by both in turn, and all messages stay readable", async () => {
    const id = await make();
    const context = contexts["two pairs"]!;
    const messages: Uint8Array[] = [];
    const versions = new Set<string>();
    const ourTurn = () => ourStore().versionKey(id);
    const theirTurn = () => theirStore().versionKey({ branchKeyIdentifier: id });
    for (const version of [ourTurn, theirTurn, ourTurn, theirTurn]) {
      versions.add((await ourStore().active(id)).version);
      const { ours, theirs } = pair(id);
      messages.push(await keyfoldWriter(ours, options).seal(plaintext, context, "buffer"));
      messages.push(await officialWriter(theirs, options).seal(plaintext, context, "buffer"));
      await version();
    }
    expect(versions.size).toBe(4);
    const { ours, theirs } = pair(id);
    for (const message of messages) {
      same((await keyfoldReader(ours, options).open(message, context, "buffer")).plaintext);
      same((await officialReader(theirs, options).open(message, context, "buffer")).plaintext);
    }
  });
});

describe("every suite and context", () => {
  const cells = cross(cross(suites, Object.entries(contexts)), MODES);
  const label = ([[{ name }, [context]], mode]: (typeof cells)[number]): string =>
    `${name}, ${context}, ${mode}`;

  it("official reads keyfold's", async (test) => {
    // 11 suites, 3 contexts, 2 modes. A list that shrinks must not go unseen.
    expect(cells).toHaveLength(11 * 3 * 2);
    const id = await create.official();
    const [writer, reader] = [ours(id), theirs(id, true)];
    await row(test, cells, label, async ([[suite, [, context]], mode]) => {
      const ciphertext = await keyfoldWriter(writer, suite).seal(plaintext, context, mode);
      expect(inspectMessage(ciphertext).wrappingKeys).toEqual([
        { providerId: "aws-kms-hierarchy", name: id },
      ]);
      const opened = await officialReader(reader, suite).open(ciphertext, context, mode);
      same(opened.plaintext);
      expect(opened.encryptionContext).toEqual(context);
    });
  });

  describe.each([true, false])("with utf8Sorting %s", (utf8Sorting) => {
    it("keyfold reads official's", async (test) => {
      const id = await create.keyfold();
      const [writer, reader] = [theirs(id, utf8Sorting), ours(id)];
      await row(test, cells, label, async ([[suite, [, context]], mode]) => {
        const ciphertext = await officialWriter(writer, suite).seal(plaintext, context, mode);
        const opened = await keyfoldReader(reader, suite).open(ciphertext, context, mode);
        same(opened.plaintext);
        expect(opened.encryptionContext).toEqual(context);
      });
    });
  });

  it("keyfold writes no locale order: official's default opens it only where the orders agree", async () => {
    const id = await create.keyfold();
    const reader = officialReader(theirs(id), options);
    const mixed = contexts["mixed-case and non-ASCII keys"]!;
    const ciphertext = await keyfoldWriter(ours(id), options).seal(plaintext, mixed, "buffer");
    await expect(reader.open(ciphertext, mixed, "buffer")).rejects.toThrow();
  });
});

describe("what both ask for", () => {
  it("is the same: of KMS with every context, of DynamoDB by every operation", async () => {
    const logs = [];
    for (const library of ["keyfold", "official"] as const) {
      kms.clearEvents();
      db.operations.splice(0);
      const id = await create[library]();
      if (library === "keyfold") {
        await ourStore().versionKey(id);
        await (await ourStore().active(id)).unwrap();
      } else {
        await theirStore().versionKey({ branchKeyIdentifier: id });
        await theirStore().getActiveBranchKey(id);
      }
      logs.push({ kms: asked(), dynamoDb: [...db.operations] });
    }
    expect(logs[0]).toEqual(logs[1]);
    expect(logs[0]!.kms.map(({ eventName }) => eventName)).toEqual([
      ...["GenerateDataKeyWithoutPlaintext", "ReEncrypt", "GenerateDataKeyWithoutPlaintext"],
      ...["ReEncrypt", "GenerateDataKeyWithoutPlaintext", "ReEncrypt", "Decrypt"],
    ]);
  });
});

describe("KMS configurations", () => {
  const readers: [string, Kms, string][] = [
    ["its own replica", { mrkArn: atHome }, HOME],
    ["another Region's replica", { mrkArn: away }, AWAY],
    ["discovery", { discovery: true }, HOME],
    ["discovery in another Region", { mrDiscovery: AWAY }, AWAY],
  ];

  it.each(readers)("a multi-Region key opens by %s, for both", async (_, choice, region) => {
    const here = ourStore({ mrkArn: atHome });
    const { branchKeyId: id } = await here.createKey({ encryptionContext });
    const writers = { ours: ours(id, here), theirs: theirs(id, undefined, theirStore({ mrkArn: atHome })) };
    const readers = {
      ours: ours(id, ourStore(choice, region)),
      theirs: theirs(id, undefined, theirStore(choice, region)),
    };
    kms.clearEvents();
    await bothWays(writers, readers);
    expect(kms.events.map(({ awsRegion }) => awsRegion)).toEqual([HOME, HOME, region, region]);
  });

  it("another key than the configured one is refused by both, and KMS not asked", async () => {
    const id = await create.keyfold();
    kms.clearEvents();
    await expect(theirStore({ keyArn: atHome }).getActiveBranchKey(id)).rejects.toThrow("MUST be compatible");
    await failure((await ourStore({ keyArn: atHome }).active(id)).unwrap(), "ERR_HIERARCHY_UNWRAP");
    expect(kms.events).toEqual([]);
  });

  it("discovery makes no keys, for both", async () => {
    await expect(theirStore({ discovery: true }).createKey()).rejects.toThrow("not supported with Discovery");
    await failure(() => ourStore({ discovery: true }).createKey(), "ERR_INVALID_ARGUMENT");
  });
});

it("an id that exists, and one that does not, are refused by both", async () => {
  const id = await create.official();
  await failure(ourStore().createKey({ branchKeyId: id, encryptionContext }), "ERR_HIERARCHY_EXISTS");
  const again = theirStore().createKey({ branchKeyIdentifier: id, encryptionContext });
  await expect(again).rejects.toThrow();
  await failure(ourStore().active("nobody"), "ERR_HIERARCHY_UNKNOWN");
  await expect(theirStore().getActiveBranchKey("nobody")).rejects.toThrow("was not found");
});
