// Writes test/vectors/hierarchy: tables of branch keys that official clients made and versioned, and messages under them.
import { BranchKeyStoreNode, KmsHierarchicalKeyRingNode } from "@aws-crypto/client-node";
import { type AttributeValue, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, it } from "vitest";
import { kmsClient } from "../../interop/keyrings.ts";
import { officialReader, officialWriter } from "../../official-js/sides.ts";
import { dynamoDbClient } from "../../support/dynamodb.ts";
import { type PeerKeyStore, startPython } from "../clients.ts";
import { contexts } from "../contexts.ts";
import { createKeyTable, type DynamoDbLocal, startDynamoDbLocal } from "../dynamodb.ts";
import { messageSuites, policyFor, suiteLabel } from "../suites.ts";
import { base64, type HierarchyVector, type HierarchyVectors, sample, writeVectors } from "./format.ts";
import { kmsKeyFixture, listenWithFixtureKey } from "./kms-key.ts";

const logicalName = "the kept store";
const branchKeyId = "tenant é€𐍈";
const branchKeyContext = { tenant: "t1", Department: "bücher" };

let kms: Awaited<ReturnType<typeof listenWithFixtureKey>>;
let python: Awaited<ReturnType<typeof startPython>>;
let dynamoDb: DynamoDbLocal;
beforeAll(async () => {
  [kms, python, dynamoDb] = await Promise.all([listenWithFixtureKey(), startPython(), startDynamoDbLocal()]);
});
afterAll(() => Promise.all([kms.stop(), python.stop(), dynamoDb.stop()]));

/** One official client's way with keys and messages. */
interface Writer {
  create(): Promise<unknown>;
  version(): Promise<unknown>;
  activeVersion(): Promise<string>;
  /** Seals under the active version, and proves that its own library opens it. */
  seal(
    plaintext: Uint8Array,
    suite: (typeof messageSuites)[number]["id"],
    context: Record<string, string>,
  ): Promise<Uint8Array>;
}

/** Two versions; under each of them every suite, with contexts in turn. */
async function write(
  tableName: string,
  file: string,
  writer: Writer,
  origin: Omit<HierarchyVectors["origin"], "generator">,
) {
  await createKeyTable(dynamoDb.endpoint, tableName);
  await writer.create();
  const versions: string[] = [];
  const messages: HierarchyVector[] = [];
  for (const age of ["first", "second"]) {
    if (age === "second") await writer.version();
    const version = await writer.activeVersion();
    versions.push(version);
    for (const [i, suite] of messageSuites.entries()) {
      const kinds = Object.entries(contexts);
      const [kind, encryptionContext] = kinds[(i + versions.length) % kinds.length]!;
      const plaintext = sample(100 + i);
      const ciphertext = await writer.seal(plaintext, suite.id, encryptionContext);
      messages.push({
        name: `${suiteLabel(suite)}, ${kind}, ${age} version`,
        suite: suite.id,
        version,
        encryptionContext,
        plaintext: base64(plaintext),
        ciphertext: base64(ciphertext),
      });
    }
  }
  const client = dynamoDbClient(dynamoDb.endpoint);
  const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName }));
  client.destroy();
  const json = ({ S, N, B }: AttributeValue): Record<string, string> =>
    B !== undefined ? { B: base64(B) } : N !== undefined ? { N } : { S: S! };
  const items = Items.map((item) =>
    Object.fromEntries(Object.entries(item).map(([key, value]) => [key, json(value)])),
  );
  const generator = "test/peers/vectors/hierarchy.gen.ts";
  writeVectors("hierarchy", file, {
    origin: { ...origin, generator },
    kms: [kmsKeyFixture],
    logicalName,
    branchKeyId,
    branchKeyContext,
    versions,
    items,
    messages,
  });
}

it("writes hierarchy/python.json", () => {
  const store: PeerKeyStore = {
    dynamoDb: dynamoDb.endpoint,
    kms: kms.endpoint,
    region: "us-east-1",
    tableName: "python",
    logicalName,
    choice: { keyArn: kmsKeyFixture.arn },
  };
  let fresh = 0;
  return write(
    "python",
    "python.json",
    {
      create: () => python.createKey(store, branchKeyId, branchKeyContext),
      version: () => python.versionKey(store, branchKeyId),
      activeVersion: async () => (await python.readKey(store, branchKeyId)).version,
      async seal(plaintext, suite, encryptionContext) {
        const keyring = { type: "hierarchy", store, branchKeyId, fresh: ++fresh } as const;
        const request = {
          keyring,
          encryptionContext,
          suite,
          frameLength: 128,
          commitmentPolicy: policyFor(suite),
        };
        const ciphertext = await python.encrypt(plaintext, request);
        await python.decrypt(ciphertext, request);
        return ciphertext;
      },
    },
    {
      writer:
        "AWS Encryption SDK for Python (aws-encryption-sdk), aws-cryptographic-material-providers 1.11.3",
      version: "4.0.7",
    },
  );
});

it("writes hierarchy/javascript.json", () => {
  const client = dynamoDbClient(dynamoDb.endpoint);
  const store = new BranchKeyStoreNode({
    logicalKeyStoreName: logicalName,
    storage: { ddbTableName: "javascript", ddbClient: client },
    keyManagement: { kmsClient: kmsClient(kms.endpoint) },
    kmsConfiguration: { identifier: kmsKeyFixture.arn },
  });
  return write(
    "javascript",
    "javascript.json",
    {
      create: () =>
        store.createKey({ branchKeyIdentifier: branchKeyId, encryptionContext: branchKeyContext }),
      version: () => store.versionKey({ branchKeyIdentifier: branchKeyId }),
      activeVersion: async () =>
        (await store.getActiveBranchKey(branchKeyId)).branchKeyVersion.toString("utf8"),
      async seal(plaintext, suite, encryptionContext) {
        const keyring = new KmsHierarchicalKeyRingNode({ branchKeyId, keyStore: store, cacheLimitTtl: 60 });
        const options = { suite, policy: policyFor(suite) };
        const ciphertext = await officialWriter(keyring, options).seal(
          plaintext,
          encryptionContext,
          "buffer",
        );
        await officialReader(keyring, options).open(ciphertext, encryptionContext, "buffer");
        return ciphertext;
      },
    },
    {
      writer: "AWS Encryption SDK for JavaScript (@aws-crypto/client-node)",
      version: "5.0.2",
      note: "its default: context keys in the order of the locale",
    },
  );
});
