// keyfold opens the tables of branch keys and the messages under test/vectors/hierarchy that official clients wrote.
import { readFileSync } from "node:fs";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DynamoDbKeyStore, dynamoDbKeyStore } from "../../../src/dynamodb/index.ts";
import { type HierarchicalKeyring, hierarchicalKeyring } from "../../../src/hierarchy/index.ts";
import { createEncryptionClient } from "../../../src/index.ts";
import { createLocalKms } from "../../../src/testing/index.ts";
import { dynamoDbClient, type LocalDynamoDb, startDynamoDb } from "../../support/dynamodb.ts";
import { policyFor } from "../suites.ts";
import type { HierarchyVectors } from "./format.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "base64");

describe.each(["python.json", "javascript.json"])("hierarchy/%s", (file) => {
  const path = new URL(`../../vectors/hierarchy/${file}`, import.meta.url);
  const vectors = JSON.parse(readFileSync(path, "utf8")) as HierarchyVectors;
  const { branchKeyId, branchKeyContext, logicalName, versions, messages } = vectors;
  const kms = createLocalKms({
    keys: vectors.kms.map(({ id, material }) => ({ id, material: bytes(material) })),
  });

  let db: LocalDynamoDb;
  let keyStore: DynamoDbKeyStore;
  let keyring: HierarchicalKeyring;
  beforeAll(async () => {
    db = await startDynamoDb("kept");
    const client = dynamoDbClient(db.url);
    for (const item of vectors.items) {
      const { enc: { B } = {}, ...attributes } = item;
      const Item = { ...attributes, enc: { B: bytes(B!) } } as NonNullable<
        ConstructorParameters<typeof PutItemCommand>[0]["Item"]
      >;
      await client.send(new PutItemCommand({ TableName: "kept", Item }));
    }
    const { arn } = vectors.kms[0]!;
    keyStore = dynamoDbKeyStore({
      client,
      tableName: "kept",
      logicalName,
      kms: { client: kms.client, keyArn: arn },
    });
    keyring = hierarchicalKeyring({ keyStore, branchKeyId });
  });
  afterAll(() => db.close());

  it("reads the keys, every version of them", async () => {
    expect(versions).toHaveLength(2);
    const active = await keyStore.active(branchKeyId);
    expect(active).toMatchObject({ version: versions[1], encryptionContext: branchKeyContext });
    expect(await active.unwrap()).toEqual(await (await keyStore.version(branchKeyId, versions[1]!)).unwrap());
    expect(await (await keyStore.version(branchKeyId, versions[0]!)).unwrap()).toHaveLength(32);
  });

  it.each(messages)("opens: $name", async ({ suite, version, encryptionContext, plaintext, ciphertext }) => {
    const client = createEncryptionClient({ keyring, commitmentPolicy: policyFor(suite) });
    const opened = await client.decrypt(bytes(ciphertext), { encryptionContext });
    expect(Buffer.from(opened.plaintext).equals(bytes(plaintext))).toBe(true);
    expect(opened.message.suite.id).toBe(suite);
    expect(opened.message.wrappingKeys).toEqual([{ providerId: "aws-kms-hierarchy", name: branchKeyId }]);
    // Under the message's own suite, so that its branch key alone decides.
    const sameSuite = createEncryptionClient({
      keyring,
      suite: opened.message.suite.id as 0x0478,
      commitmentPolicy: policyFor(suite),
    });
    expect(await sameSuite.needsReencryption(bytes(ciphertext))).toBe(version !== versions[1]);
  });
});
