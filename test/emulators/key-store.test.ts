// The key store over real transactions: Amazon's DynamoDB Local with keyfold's KMS, and moto's DynamoDB with moto's KMS.
import { type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateKeyCommand } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DynamoDbClient, dynamoDbKeyStore } from "../../src/dynamodb/index.ts";
import { hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { createEncryptionClient } from "../../src/index.ts";
import { kmsClient } from "../interop/keyrings.ts";
import { startSharedKms } from "../interop/shared-kms.ts";
import { cross, row } from "../peers/cells.ts";
import { contexts } from "../peers/contexts.ts";
import { createKeyTable, startDynamoDbLocal } from "../peers/dynamodb.ts";
import { startMoto } from "../peers/moto.ts";
import { messageSuites, policyFor, suiteLabel } from "../peers/suites.ts";
import { sample } from "../peers/vectors/format.ts";
import { dynamoDbClient } from "../support/dynamodb.ts";
import { failure } from "../support/failure.ts";

interface Services {
  readonly dynamoDb: string;
  readonly kms: string;
  readonly keyArn: string;
  stop(): Promise<unknown>;
}

const STAND_INS: Record<string, () => Promise<Services>> = {
  async "DynamoDB Local"() {
    const [dynamoDb, kms] = await Promise.all([startDynamoDbLocal(), startSharedKms()]);
    const stop = () => Promise.all([dynamoDb.stop(), kms.stop()]);
    return { dynamoDb: dynamoDb.endpoint, kms: kms.endpoint, keyArn: kms.arn, stop };
  },
  async moto() {
    const { endpoint, stop } = await startMoto();
    const { KeyMetadata } = await kmsClient(endpoint).send(new CreateKeyCommand({}));
    return { dynamoDb: endpoint, kms: endpoint, keyArn: KeyMetadata!.Arn!, stop };
  },
};

const encryptionContext = { tenant: "t1", Department: "bücher" };
const plaintext = sample(300);

describe.each(Object.entries(STAND_INS))("%s", (name, start) => {
  let services: Services;
  let client: DynamoDBClient;
  beforeAll(async () => {
    services = await start();
    client = dynamoDbClient(services.dynamoDb);
    await createKeyTable(services.dynamoDb, "keys");
  });
  afterAll(async () => {
    client?.destroy();
    await services?.stop();
  });

  const keyStore = (through: DynamoDbClient = client) =>
    dynamoDbKeyStore({
      client: through,
      tableName: "keys",
      kms: { client: kmsClient(services.kms), keyArn: services.keyArn },
    });
  const create = async (): Promise<string> => (await keyStore().createKey({ encryptionContext })).branchKeyId;
  const types = async (id: string, versions: readonly string[]): Promise<boolean[]> => {
    const wanted = [
      "branch:ACTIVE",
      "beacon:ACTIVE",
      ...versions.map((version) => `branch:version:${version}`),
    ];
    const Keys = wanted.map((type) => ({ "branch-key-id": { S: id }, type: { S: type } }));
    const asked = Keys.map((Key) =>
      client.send(new GetItemCommand({ TableName: "keys", Key, ConsistentRead: true })),
    );
    return (await Promise.all(asked)).map(({ Item }) => Item !== undefined);
  };

  it("creates, versions and reads", async () => {
    const id = await create();
    const first = await keyStore().active(id);
    const second = await keyStore().versionKey(id);
    const active = await keyStore().active(id);
    expect(active).toMatchObject({ version: second.version, encryptionContext });
    const old = await keyStore().version(id, first.version);
    expect(await old.unwrap()).toEqual(await first.unwrap());
    expect(await active.unwrap()).not.toEqual(await first.unwrap());
    expect(await (await keyStore().version(id, active.version)).unwrap()).toEqual(await active.unwrap());
    expect(await types(id, [first.version, active.version])).toEqual([true, true, true, true]);
  });

  const cells = cross(messageSuites, Object.entries(contexts));
  const label = ([suite, [context]]: (typeof cells)[number]): string => `${suiteLabel(suite)}, ${context}`;

  it("seals and opens messages of every suite and context", async (test) => {
    const branchKeyId = await create();
    const ring = () => hierarchicalKeyring({ keyStore: keyStore(), branchKeyId });
    const [writer, reader] = [ring(), ring()];
    await row(test, cells, label, async ([{ id: suite }, [, context]]) => {
      const policy = { commitmentPolicy: policyFor(suite) };
      const { ciphertext } = await createEncryptionClient({ keyring: writer, suite, ...policy }).encrypt(
        plaintext,
        {
          encryptionContext: context,
        },
      );
      const opened = await createEncryptionClient({ keyring: reader, ...policy }).decrypt(ciphertext, {
        encryptionContext: context,
      });
      expect(Buffer.from(opened.plaintext).equals(plaintext)).toBe(true);
    });
  });

  it("refuses an id that exists, and leaves it as it was", async () => {
    const id = await create();
    const before = await keyStore().active(id);
    const again = keyStore().createKey({ branchKeyId: id, encryptionContext });
    await failure(again, "ERR_HIERARCHY_EXISTS");
    expect((await keyStore().active(id)).version).toBe(before.version);
  });

  it("lets one of two writers win who read the same ACTIVE, and writes nothing of the other", async () => {
    const id = await create();
    let winner = "";
    const overtaken: DynamoDbClient = {
      async send(command, options) {
        if (command.constructor.name === "TransactWriteItemsCommand") {
          winner = (await keyStore().versionKey(id)).version;
        }
        return client.send(command as GetItemCommand, options);
      },
    };
    await failure(keyStore(overtaken).versionKey(id), "ERR_HIERARCHY_CONFLICT");
    expect((await keyStore().active(id)).version).toBe(winner);
  });

  // moto answers each request in a thread of its own, and looks and writes in two steps: two writers may win there.
  const race = it.runIf(name !== "moto");

  race("loses no version, however many race", async () => {
    const id = await create();
    const first = (await keyStore().active(id)).version;
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => keyStore().versionKey(id)));
    const won = outcomes.flatMap((outcome) =>
      outcome.status === "fulfilled" ? [outcome.value.version] : [],
    );
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        expect(outcome.reason).toMatchObject({ code: "ERR_HIERARCHY_CONFLICT" });
    }
    expect(won.length).toBeGreaterThanOrEqual(1);
    expect(won).toContain((await keyStore().active(id)).version);
    for (const version of [first, ...won]) {
      expect(await (await keyStore().version(id, version)).unwrap()).toHaveLength(32);
    }
  });

  race("of many who create one id, lets one win", async () => {
    const branchKeyId = `contested by ${name}`;
    const all = Array.from({ length: 6 }, () => keyStore().createKey({ branchKeyId, encryptionContext }));
    const outcomes = await Promise.allSettled(all);
    const won = outcomes.flatMap((outcome) =>
      outcome.status === "fulfilled" ? [outcome.value.version] : [],
    );
    expect(won).toEqual([(await keyStore().active(branchKeyId)).version]);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        expect(outcome.reason.code).toMatch(/^ERR_HIERARCHY_(EXISTS|CONFLICT)$/);
    }
  });

  it.runIf(name !== "moto")(
    "carries out a repeated request once: the reply was lost, and the token is the same",
    async () => {
      const repeating: DynamoDbClient = {
        async send(command, options) {
          await client.send(command as GetItemCommand, options);
          return client.send(command as GetItemCommand, options);
        },
      };
      const { branchKeyId, version } = await keyStore(repeating).createKey({ encryptionContext });
      expect((await keyStore().active(branchKeyId)).version).toBe(version);
      const next = await keyStore(repeating).versionKey(branchKeyId);
      expect((await keyStore().active(branchKeyId)).version).toBe(next.version);
    },
  );

  it("says of a table that is not there what to do", async () => {
    const absent = dynamoDbKeyStore({
      client,
      tableName: "nowhere",
      kms: { client: kmsClient(services.kms), keyArn: services.keyArn },
    });
    for (const call of [() => absent.active("k"), () => absent.createKey()]) {
      const error = await failure(call, "ERR_STORE");
      expect(error.message).toContain("there is no such table (ResourceNotFoundException)");
    }
  });
});

it("what moto gets wrong, and is not asserted", ({ task }) => {
  task.meta.impossible = [
    {
      cell: "moto: a transaction that is repeated with its token succeeds",
      reason: "it does not look at the token: the conditions fail the second time",
    },
  ];
});
