import { CreateTableCommand, DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { type DynamoDbKeyStoreOptions, dynamoDbKeyStore, keyStoreTable } from "../../src/dynamodb/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { failure } from "../support/failure.ts";
import { setUp } from "./helpers.ts";

const keyArn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const client = { send: async () => ({}) };
const kms = { client: createLocalKms().client, keyArn };
const good = { client, tableName: "keys", kms };

describe("options", () => {
  const alias = keyArn.replace(/key\/.*/, "alias/a");
  const { client: kmsClient } = kms;
  const cases: Record<string, [unknown, string]> = {
    nothing: [undefined, "an options object is needed"],
    "no client": [{ ...good, client: undefined }, "client must be a DynamoDBClient"],
    "no table": [{ ...good, tableName: undefined }, "tableName must be a non-empty string"],
    "an empty table name": [{ ...good, tableName: "" }, "tableName must be a non-empty string"],
    "an empty logical name": [{ ...good, logicalName: "" }, "logicalName must be a non-empty string"],
    "a logical name that no UTF-8 carries": [{ ...good, logicalName: "\ud800" }, "logicalName must be"],
    "an observer that cannot hear": [{ ...good, observer: 7 }, "observer must be a function"],
    "no KMS": [{ ...good, kms: undefined }, "kms: an options object is needed"],
    "no KMS client": [{ ...good, kms: { keyArn } }, "kms: client must be a KMSClient"],
    "no KMS key": [{ ...good, kms: { client: kmsClient } }, "kms needs one of keyArn, mrkArn"],
    "two KMS keys": [{ ...good, kms: { ...kms, mrkArn: keyArn } }, "kms needs one of keyArn, mrkArn"],
    "a key and discovery": [{ ...good, kms: { ...kms, discovery: true } }, "kms needs one of"],
    "an alias": [{ ...good, kms: { ...kms, keyArn: alias } }, "kms.keyArn must be the ARN of a KMS key"],
    "a bare key id": [{ ...good, kms: { client: kmsClient, mrkArn: "mrk-1" } }, "kms.mrkArn must be the ARN"],
    "discovery: false": [
      { ...good, kms: { client: kmsClient, discovery: false } },
      "kms.discovery can only be",
    ],
    "no Region": [{ ...good, kms: { client: kmsClient, mrDiscovery: "here" } }, "kms.mrDiscovery must be"],
    "grant tokens of another kind": [{ ...good, kms: { ...kms, grantTokens: "t" } }, "grantTokens must be"],
  };

  it.each(Object.entries(cases))("%s is misuse", async (_, [options, message]) => {
    const error = await failure(
      () => dynamoDbKeyStore(options as DynamoDbKeyStoreOptions),
      "ERR_INVALID_ARGUMENT",
    );
    expect(error.message).toMatch(/^dynamoDbKeyStore: /);
    expect(error.message).toContain(message);
  });

  it("names the table", () => {
    expect(dynamoDbKeyStore(good).name).toBe("DynamoDB key store keys");
  });
});

describe("keyStoreTable", () => {
  it("is what a CreateTableCommand takes, and what the store works with", async () => {
    const { client, keyStore } = await setUp();
    await client.send(new CreateTableCommand(keyStoreTable("fresh")));
    const { Table } = await client.send(new DescribeTableCommand({ TableName: "fresh" }));
    expect(Table!.KeySchema).toEqual([
      { AttributeName: "branch-key-id", KeyType: "HASH" },
      { AttributeName: "type", KeyType: "RANGE" },
    ]);
    const store = keyStore({ tableName: "fresh" });
    const { branchKeyId } = await store.createKey();
    expect(await (await store.active(branchKeyId)).unwrap()).toHaveLength(32);
  });

  it("of no name is misuse", () => failure(() => keyStoreTable(""), "ERR_INVALID_ARGUMENT"));
});
