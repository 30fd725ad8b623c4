// keyfold's KMS keyrings through a genuine KMSClient against moto's KMS: a second opinion, since nobody here wrote it.
import { CreateAliasCommand, CreateKeyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEncryptionClient, type Keyring, multiKeyring, rawAesKeyring } from "../../src/index.ts";
import {
  createGrant,
  kmsDiscoveryKeyring,
  kmsKeyring,
  listGrants,
  retireGrant,
  revokeGrant,
} from "../../src/kms/index.ts";
import { keyringOf, kmsClient } from "../interop/keyrings.ts";
import { cross, row } from "../peers/cells.ts";
import { startPython } from "../peers/clients.ts";
import { contexts } from "../peers/contexts.ts";
import { aesKey } from "../peers/keys.ts";
import { type Moto, startMoto } from "../peers/moto.ts";
import { messageSuites, policyFor, suiteLabel } from "../peers/suites.ts";
import { sample } from "../peers/vectors/format.ts";

let moto: Moto;
let python: Awaited<ReturnType<typeof startPython>>;
const keys = { first: "", second: "", elsewhere: "" };
const alias = "alias/keyfold";
/** moto's one account. */
const account = "123456789012";

const client = (region?: string): KMSClient => kmsClient(moto.endpoint, region);

beforeAll(async () => {
  [moto, python] = await Promise.all([startMoto(), startPython()]);
  const create = async (region?: string): Promise<string> =>
    (await client(region).send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
  keys.first = await create();
  keys.second = await create();
  keys.elsewhere = await create("eu-west-1");
  await client().send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: keys.first }));
});
afterAll(() => Promise.all([moto.stop(), python.stop()]));

const discovery = (accountIds = [account]): Keyring =>
  kmsDiscoveryKeyring({ client, filter: { partition: "aws", accountIds } });
const plaintext = sample(300);
const encryptionContext = { tenant: "t1", purpose: "interop" };

/** Seals under one keyring and opens under another. */
async function roundTrip(
  writer: Keyring,
  reader: Keyring,
  context: Record<string, string> = encryptionContext,
): Promise<void> {
  const { ciphertext } = await createEncryptionClient({ keyring: writer }).encrypt(plaintext, {
    encryptionContext: context,
  });
  const opened = await createEncryptionClient({ keyring: reader }).decrypt(ciphertext, {
    encryptionContext: context,
  });
  expect(Buffer.from(opened.plaintext).equals(plaintext)).toBe(true);
}

async function refused(writer: Keyring, reader: Keyring): Promise<void> {
  const { ciphertext } = await createEncryptionClient({ keyring: writer }).encrypt(plaintext);
  await expect(createEncryptionClient({ keyring: reader }).decrypt(ciphertext)).rejects.toThrow();
}

describe("every suite and context", () => {
  const cells = cross(messageSuites, Object.entries(contexts));
  const label = ([suite, [context]]: (typeof cells)[number]): string => `${suiteLabel(suite)}, ${context}`;

  it("sealed, opened by the KMS keyring and by discovery", (task) =>
    row(task, cells, label, async ([{ id: suite }, [, context]]) => {
      const keyring = kmsKeyring({ client: client(), keyId: keys.first });
      const policy = { commitmentPolicy: policyFor(suite) };
      const { ciphertext } = await createEncryptionClient({ keyring, suite, ...policy }).encrypt(plaintext, {
        encryptionContext: context,
      });
      for (const reader of [keyring, discovery()]) {
        const opened = await createEncryptionClient({ keyring: reader, ...policy }).decrypt(ciphertext, {
          encryptionContext: context,
        });
        expect(Buffer.from(opened.plaintext).equals(plaintext)).toBe(true);
      }
    }));
});

describe("the official Python client under the same keys", () => {
  const cells = cross(messageSuites, Object.values(contexts));
  const label = ([suite, context]: (typeof cells)[number]): string =>
    `${suiteLabel(suite)}, ${JSON.stringify(context)}`;
  const theirs = () => ({ type: "kms" as const, endpoint: moto.endpoint, keyId: keys.first });

  it("reads keyfold's messages, and keyfold reads its", (task) =>
    row(task, cells, label, async ([{ id: suite }, context]) => {
      const policy = { commitmentPolicy: policyFor(suite) };
      const client = createEncryptionClient({ keyring: keyringOf(theirs()), suite, ...policy });
      const { ciphertext } = await client.encrypt(plaintext, { encryptionContext: context });
      const request = { keyring: theirs(), encryptionContext: context, ...policy };
      expect((await python.decrypt(ciphertext, request)).plaintext.equals(plaintext)).toBe(true);
      const written = await python.encrypt(plaintext, { ...request, suite, frameLength: 128 });
      const opened = await client.decrypt(written, { encryptionContext: context });
      expect(Buffer.from(opened.plaintext).equals(plaintext)).toBe(true);
    }));
});

describe("several keys", () => {
  const both = (): Keyring =>
    kmsKeyring({ client, keyId: keys.first, additionalKeyIds: [keys.second, keys.elsewhere] });

  it("opens with each of them alone", (task) =>
    row(
      task,
      Object.entries(keys),
      ([name]) => name,
      ([, keyId]) => roundTrip(both(), kmsKeyring({ client, keyId })),
    ));

  it("opens by discovery and by all together", (task) =>
    row(
      task,
      [discovery(), both()],
      ({ name }) => name,
      (reader) => roundTrip(both(), reader),
    ));

  it("opens with a raw key beside KMS, whichever is there", async (task) => {
    const raw = rawAesKeyring({ namespace: "backup", name: "b", key: aesKey(32) });
    const multi = multiKeyring({
      generator: kmsKeyring({ client: client(), keyId: keys.first }),
      children: [raw],
    });
    await row(
      task,
      [multi, raw, discovery()],
      ({ name }) => name,
      (reader) => roundTrip(multi, reader),
    );
  });
});

describe("names of keys", () => {
  it("seals under an alias, and the message names the key itself", async () => {
    await roundTrip(
      kmsKeyring({ client: client(), keyId: alias }),
      kmsKeyring({ client: client(), keyId: keys.first }),
    );
  });

  it("seals under an alias ARN", async () => {
    const arn = `arn:aws:kms:us-east-1:${account}:${alias}`;
    await roundTrip(kmsKeyring({ client: client(), keyId: arn }), discovery());
  });
});

describe("grants", () => {
  const user = (name: string): string => `arn:aws:iam::${account}:user/${name}`;
  const create = (keyId: string, name: string, constraint: object = {}) =>
    createGrant({
      client,
      keyId,
      granteePrincipal: user("reader"),
      retiringPrincipal: user("janitor"),
      operations: ["GenerateDataKey", "Decrypt"],
      name,
      ...constraint,
    });
  const ids = async (keyId: string) => (await listGrants({ client, keyId })).map(({ grantId }) => grantId);

  it("makes and lists them, with each constraint", (task) =>
    row(
      task,
      [
        ["none", {}],
        ["subset", { encryptionContextSubset: { tenant: "t1" } }],
        ["equal", { encryptionContextEquals: encryptionContext }],
      ] as const,
      ([name]) => name,
      async ([name, constraint]) => {
        const { grantId, grantToken } = await create(keys.first, name, constraint);
        expect(grantToken).not.toBe("");
        expect(await listGrants({ client, keyId: keys.first, grantId })).toEqual([
          {
            encryptionContextSubset: undefined,
            encryptionContextEquals: undefined,
            issuingAccount: undefined,
            ...constraint,
            grantId,
            keyId: expect.stringContaining(keys.first.split("/")[1]!),
            name,
            granteePrincipal: user("reader"),
            retiringPrincipal: user("janitor"),
            operations: ["GenerateDataKey", "Decrypt"],
            // moto keeps none.
            creationDate: undefined,
          },
        ]);
      },
    ));

  it("revokes them, and retires them by token and by id", (task) =>
    row(
      task,
      [keys.second, keys.elsewhere],
      (keyId) => keyId.split(":")[3]!,
      async (keyId) => {
        const [one, two, three] = [
          await create(keyId, "1"),
          await create(keyId, "2"),
          await create(keyId, "3"),
        ];
        expect(await ids(keyId)).toEqual([one.grantId, two.grantId, three.grantId]);
        await revokeGrant({ client, keyId, grantId: one.grantId });
        const regional = client(keyId.split(":")[3]!);
        await retireGrant({ client: regional, grantToken: two.grantToken });
        expect(await ids(keyId)).toEqual([three.grantId]);
        await retireGrant({ client, keyId, grantId: three.grantId });
        expect(await ids(keyId)).toEqual([]);
        await expect(revokeGrant({ client, keyId, grantId: one.grantId })).rejects.toMatchObject({
          code: "ERR_KMS_GRANT_NOT_FOUND",
        });
      },
    ));

  it("takes a token with every call of a keyring", async () => {
    const { grantToken } = await create(keys.first, "token");
    const keyring = kmsKeyring({ client, keyId: keys.first, grantTokens: () => [grantToken] });
    await roundTrip(keyring, keyring);
  });
});

describe("refusals", () => {
  const writer = (): Keyring => kmsKeyring({ client: client(), keyId: keys.first });

  it("refuses another key of the same account", () =>
    refused(writer(), kmsKeyring({ client: client(), keyId: keys.second })));
  it("refuses a discovery filter of another account", () => refused(writer(), discovery(["111122223333"])));

  it("refuses a key that does not exist", async () => {
    const missing = `arn:aws:kms:us-east-1:${account}:key/00000000-0000-4000-8000-000000000000`;
    const nobody = createEncryptionClient({ keyring: kmsKeyring({ client: client(), keyId: missing }) });
    await expect(nobody.encrypt(plaintext)).rejects.toMatchObject({ code: "ERR_KMS_KEY_NOT_FOUND" });
  });

  it("lets KMS refuse a context that was changed in the header", async () => {
    const sealer = createEncryptionClient({ keyring: writer() });
    const { ciphertext } = await sealer.encrypt(plaintext, { encryptionContext });
    const altered = Buffer.from(ciphertext);
    altered[altered.indexOf("interop")]! ^= 1;
    await expect(sealer.decrypt(altered)).rejects.toMatchObject({ code: "ERR_NO_DATA_KEY" });
  });
});

it("what moto gets wrong, and is not asserted", ({ task }) => {
  task.meta.impossible = [
    { cell: "moto: a disabled or deleted key is refused", reason: "its keys go on working" },
    {
      cell: "moto: {a: 'bc'} differs from {ab: 'c'}",
      reason: "it joins context keys and values without separators",
    },
    {
      cell: "moto: Decrypt under a wrong KeyId says IncorrectKeyException",
      reason: "it says AccessDeniedException",
    },
    {
      cell: "moto: multi-Region ciphertext opens in the other Region",
      reason: "its ciphertext never opens there",
    },
    { cell: "moto: a grant, its constraint or its end decides who may use a key", reason: "it asks nobody" },
    { cell: "moto: asymmetric keys", reason: "its RSA encryption is not RSA" },
  ];
});
