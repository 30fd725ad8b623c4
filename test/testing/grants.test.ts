// Grants as records: made, listed, revoked, retired; what they may say; what the audit log says of them.
import {
  CreateGrantCommand,
  CreateKeyCommand,
  ListGrantsCommand,
  ListRetirableGrantsCommand,
  RetireGrantCommand,
  RevokeGrantCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { createLocalKms, type LocalKms, type LocalKmsClient } from "../../src/testing/index.ts";
import { encrypt, type GrantInput, grant, user } from "./grant-helpers.ts";
import { ARN_A, complaint, connect, failure, KEY_A, KEY_B, MRK, TRANSPORTS } from "./helpers.ts";

const NOW = Date.UTC(2026, 6, 27, 22, 58, 24);
const setUp = () =>
  createLocalKms({ keys: [{ id: KEY_A, aliases: ["alias/a"] }, { id: KEY_B }], now: () => NOW });
const UNKNOWN = "ab".repeat(32);
const EncryptionContextSubset = { tenant: "t1", Ünïcode: "ß€𝄞" };

const list = (client: LocalKmsClient, input: object = {}) =>
  client.send(new ListGrantsCommand({ KeyId: KEY_A, ...input }));
const ids = async (client: LocalKmsClient, input: object = {}) =>
  (await list(client, input)).Grants!.map(({ GrantId }) => GrantId);
const revoke = (client: LocalKmsClient, GrantId: string, input: object = {}) =>
  client.send(new RevokeGrantCommand({ KeyId: KEY_A, GrantId, ...input }));
const retire = (client: LocalKmsClient, input: object) => client.send(new RetireGrantCommand(input));
const last = ({ events }: LocalKms) => events.at(-1)!;

describe.each(TRANSPORTS)("grants %s", (transport) => {
  test("CreateGrant and ListGrants", async () => {
    const client = await connect(setUp(), transport);
    const made = await grant(client, {
      Name: "mail/1",
      RetiringPrincipal: user("carol"),
      Constraints: { EncryptionContextSubset },
    });
    expect(made.GrantId).toMatch(/^[0-9a-f]{64}$/);
    const plain = await grant(client, { KeyId: ARN_A, Operations: ["DescribeKey", "DescribeKey"] });
    expect(await list(client)).toMatchObject({
      Truncated: false,
      Grants: [
        {
          KeyId: ARN_A,
          GrantId: made.GrantId,
          Name: "mail/1",
          CreationDate: new Date(NOW),
          GranteePrincipal: user("bob"),
          RetiringPrincipal: user("carol"),
          IssuingAccount: "arn:aws:iam::111122223333:root",
          Operations: ["Encrypt", "Decrypt"],
          Constraints: { EncryptionContextSubset },
        },
        { GrantId: plain.GrantId, Name: "", Operations: ["DescribeKey"] },
      ],
    });
    expect((await list(client)).Grants![1]).not.toHaveProperty("Constraints");
    expect(await ids(client, { KeyId: KEY_B })).toEqual([]);
    expect(await ids(client, { GrantId: plain.GrantId })).toEqual([plain.GrantId]);
    expect(await ids(client, { GrantId: UNKNOWN })).toEqual([]);
    expect(await ids(client, { GranteePrincipal: user("eve") })).toEqual([]);
    expect(await ids(client, { GranteePrincipal: user("bob") })).toHaveLength(2);
  });

  test("a reply cannot change what the KMS keeps", async () => {
    const client = await connect(setUp(), transport);
    const Constraints = { EncryptionContextEquals: { tenant: "t1" } };
    await grant(client, { Constraints });
    const { Grants } = await list(client);
    Object.assign(Grants![0]!.Constraints!.EncryptionContextEquals!, { tenant: "t2" });
    Grants![0]!.Operations!.pop();
    expect((await list(client)).Grants![0]).toMatchObject({
      Constraints,
      Operations: ["Encrypt", "Decrypt"],
    });
  });

  test("ListGrants and ListRetirableGrants in pages", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const made: string[] = [];
    for (const KeyId of [KEY_A, KEY_A, KEY_A, KEY_B, KEY_A]) {
      made.push((await grant(client, { KeyId, RetiringPrincipal: user("carol") })).GrantId);
    }
    await grant(client, { KeyId: KEY_B });
    const first = await list(client, { Limit: 3 });
    expect(first).toMatchObject({ Truncated: true, NextMarker: made[2] });
    expect(await ids(client, { Limit: 3, Marker: first.NextMarker })).toEqual([made[4]]);
    const RetiringPrincipal = user("carol");
    const retirable = await client.send(new ListRetirableGrantsCommand({ RetiringPrincipal, Limit: 4 }));
    expect(retirable.Grants!.map(({ KeyId }) => KeyId)).toEqual([ARN_A, ARN_A, ARN_A, ARN_A]);
    const rest = new ListRetirableGrantsCommand({ RetiringPrincipal, Marker: retirable.NextMarker });
    expect((await client.send(rest)).Grants!.map(({ GrantId }) => GrantId)).toEqual([made[3]]);
    expect((await failure(list(client, { Marker: "none" }))).name).toBe("InvalidMarkerException");
    expect((await failure(list(client, { Limit: 101 }))).name).toBe("ValidationException");
  });

  // API reference, CreateGrant, "Name": "you can retry a CreateGrant request with identical parameters".
  test("a name makes repeated requests one grant, with tokens of their own", async () => {
    const client = await connect(setUp(), transport);
    const first = await grant(client, { Name: "one" });
    const again = await grant(client, { Name: "one", Operations: ["Decrypt", "Encrypt"] });
    expect(again.GrantId).toBe(first.GrantId);
    expect(again.GrantToken).not.toBe(first.GrantToken);
    await encrypt(client, { GrantTokens: [first.GrantToken, again.GrantToken] });
    const others: GrantInput[] = [
      {},
      { Name: "two" },
      { Name: "one", Operations: ["Decrypt"] },
      { Name: "one", GranteePrincipal: user("carol") },
      { Name: "one", RetiringPrincipal: user("carol") },
      { Name: "one", Constraints: { EncryptionContextSubset } },
      { Name: "one", Constraints: { EncryptionContextEquals: EncryptionContextSubset } },
    ];
    for (const other of others) expect((await grant(client, other)).GrantId).not.toBe(first.GrantId);
    expect((await grant(client)).GrantId).not.toBe((await grant(client)).GrantId);
  });

  test("RevokeGrant, and RetireGrant by token and by id", async () => {
    const client = await connect(setUp(), transport);
    const [one, two, three] = [await grant(client), await grant(client), await grant(client)];
    await revoke(client, one.GrantId);
    expect(await ids(client)).toEqual([two.GrantId, three.GrantId]);
    await retire(client, { GrantToken: two.GrantToken });
    await retire(client, { KeyId: ARN_A, GrantId: three.GrantId });
    expect(await ids(client)).toEqual([]);
    for (const { GrantId, GrantToken } of [one, two, three]) {
      const missing = `NotFoundException: Grant ID ${GrantId} not found`;
      expect(await complaint(revoke(client, GrantId))).toBe(missing);
      expect(await complaint(retire(client, { KeyId: KEY_A, GrantId }))).toBe(missing);
      expect((await failure(retire(client, { GrantToken }))).name).toBe("InvalidGrantTokenException");
    }
  });

  test("a grant is found by its own key only, and goes with it", async () => {
    const kms = createLocalKms({
      keys: [{ id: KEY_A }, { id: KEY_B }, { id: MRK, replicaRegions: ["eu-west-1"] }],
    });
    const client = await connect(kms, transport);
    const { GrantId, GrantToken } = await grant(client);
    expect((await failure(revoke(client, GrantId, { KeyId: KEY_B }))).name).toBe("NotFoundException");
    await grant(client, { KeyId: MRK });
    expect(await ids(client, { KeyId: kms.arn(MRK, "eu-west-1") })).toEqual([]);
    kms.destroyKey(KEY_A);
    expect((await failure(list(client))).name).toBe("NotFoundException");
    const encrypted = encrypt(client, { KeyId: KEY_B, GrantTokens: [GrantToken] });
    expect((await failure(encrypted)).name).toBe("InvalidGrantTokenException");
  });

  // KMS Developer Guide, "Key states of AWS KMS keys".
  test("states of the key: no new grant, and the old ones can go", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const made = [await grant(client), await grant(client), await grant(client)];
    kms.disableKey(KEY_A);
    expect((await failure(grant(client))).name).toBe("DisabledException");
    await revoke(client, made[0]!.GrantId);
    kms.scheduleKeyDeletion(KEY_A);
    expect((await failure(grant(client))).name).toBe("KMSInvalidStateException");
    expect(await ids(client)).toHaveLength(2);
    await revoke(client, made[1]!.GrantId);
    await retire(client, { GrantToken: made[2]!.GrantToken });
  });

  test("dry runs do everything but the work", async () => {
    const client = await connect(setUp(), transport);
    const { GrantId, GrantToken } = await grant(client);
    const DryRun = true;
    for (const call of [
      () => grant(client, { DryRun }),
      () => revoke(client, GrantId, { DryRun }),
      () => retire(client, { GrantToken, DryRun }),
    ]) {
      expect((await failure(call())).name).toBe("DryRunOperationException");
    }
    expect(await ids(client)).toEqual([GrantId]);
    expect((await failure(revoke(client, UNKNOWN, { DryRun }))).name).toBe("NotFoundException");
  });

  test.each<[string, object, string]>([
    ["no grantee", { GranteePrincipal: undefined }, "ValidationException"],
    ["a grantee that is a bare name", { GranteePrincipal: "bob" }, "InvalidArnException"],
    [
      "a grantee of odd characters",
      { GranteePrincipal: "arn:aws:iam::111122223333:user/b b" },
      "ValidationException",
    ],
    ["a grantee too long", { GranteePrincipal: user("b".repeat(300)) }, "ValidationException"],
    ["a retiring principal that is a key", { RetiringPrincipal: ARN_A }, "InvalidArnException"],
    ["no operations", { Operations: undefined }, "ValidationException"],
    ["an empty list of operations", { Operations: [] }, "ValidationException"],
    ["an operation that no grant has", { Operations: ["Encrypt", "DisableKey"] }, "ValidationException"],
    ["an operation of other keys", { Operations: ["Encrypt", "Sign"] }, "ValidationException"],
    ["operations that are no list", { Operations: "Encrypt" }, "SerializationException"],
    ["a name of odd characters", { Name: "a b" }, "ValidationException"],
    ["a name too long", { Name: "n".repeat(257) }, "ValidationException"],
    ["constraints that are none", { Constraints: "tenant" }, "SerializationException"],
    ["a list for a context", { Constraints: { EncryptionContextEquals: ["a"] } }, "SerializationException"],
    [
      "nine pairs",
      { Constraints: { EncryptionContextSubset: Object.fromEntries([..."abcdefghi"].map((k) => [k, k])) } },
      "ValidationException",
    ],
    [
      "a long value",
      { Constraints: { EncryptionContextEquals: { a: "v".repeat(385) } } },
      "ValidationException",
    ],
    ["an alias", { KeyId: "alias/a" }, "NotFoundException"],
    ["an alias ARN", { KeyId: ARN_A.replace(/key.*/, "alias/a") }, "NotFoundException"],
    ["a token of no grant", { GrantTokens: ["made-up"] }, "InvalidGrantTokenException"],
  ])("CreateGrant with %s", async (_, input, name) => {
    const kms = setUp();
    const client = await connect(kms, transport);
    expect((await failure(grant(client, input as GrantInput))).name).toBe(name);
    expect(await ids(client)).toEqual([]);
  });

  test("complaints in KMS's words", async () => {
    const client = await connect(setUp(), transport);
    expect(await complaint(grant(client, { Operations: ["Encrypt", "Disable" as "Sign"] }))).toMatch(
      /^ValidationException: 1 validation error detected: Value '\[Disable\]' at 'operations' failed to satisfy constraint: Member must satisfy constraint: \[Member must satisfy enum value set: \[Decrypt, Encrypt, /,
    );
    const EncryptionContextEquals = Object.fromEntries([..."abcdefghi"].map((k) => [k, k]));
    expect(await complaint(grant(client, { Constraints: { EncryptionContextEquals } }))).toBe(
      "ValidationException: 1 validation error detected: Value at 'constraints.encryptionContextEquals' failed to satisfy constraint: Member must have length less than or equal to 8",
    );
  });

  test("grants on keys that are not symmetric", async () => {
    const client = await connect(setUp(), transport);
    const create = new CreateKeyCommand({ KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" });
    const { KeyId } = (await client.send(create)).KeyMetadata!;
    await grant(client, { KeyId, Operations: ["Sign", "Verify", "GetPublicKey", "DescribeKey"] });
    expect((await failure(grant(client, { KeyId, Operations: ["GenerateDataKey"] }))).name).toBe(
      "ValidationException",
    );
    const bound = { KeyId, Operations: ["Sign" as const], Constraints: { EncryptionContextSubset } };
    expect((await failure(grant(client, bound))).name).toBe("ValidationException");
  });

  test("RetireGrant names its grant in one way; grant ids have a form", async () => {
    const client = await connect(setUp(), transport);
    const { GrantId, GrantToken } = await grant(client);
    const wrong = [
      {},
      { KeyId: KEY_A },
      { GrantId },
      { GrantToken, GrantId },
      { GrantToken, KeyId: KEY_A, GrantId },
    ];
    for (const input of wrong)
      expect((await failure(retire(client, input))).name).toBe("ValidationException");
    for (const call of [
      () => retire(client, { KeyId: KEY_A, GrantId: "x" }),
      () => revoke(client, "x"),
      () => list(client, { GrantId: "x" }),
    ]) {
      expect((await failure(call())).name).toBe("InvalidGrantIdException");
    }
    expect(await ids(client)).toEqual([GrantId]);
  });

  // KMS Developer Guide, "CreateGrant", "RetireGrant" and "RevokeGrant" under "Examples of AWS KMS log entries".
  test("the audit log", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const input = {
      Constraints: { EncryptionContextSubset },
      RetiringPrincipal: user("carol"),
      Name: "mail",
    };
    const one = await grant(client, input);
    expect(last(kms)).toMatchObject({
      eventName: "CreateGrant",
      readOnly: false,
      resources: [{ accountId: "111122223333", type: "AWS::KMS::Key", ARN: ARN_A }],
    });
    expect(last(kms).requestParameters).toEqual({
      keyId: KEY_A,
      granteePrincipal: user("bob"),
      retiringPrincipal: user("carol"),
      operations: ["Encrypt", "Decrypt"],
      constraints: { encryptionContextSubset: EncryptionContextSubset },
      name: "mail",
    });
    expect(last(kms).responseElements).toEqual({ grantId: one.GrantId, keyId: ARN_A });
    const two = await grant(client, { GrantTokens: [one.GrantToken] });
    await list(client, { GranteePrincipal: user("bob") });
    expect(last(kms)).toMatchObject({
      eventName: "ListGrants",
      readOnly: true,
      requestParameters: { keyId: KEY_A, granteePrincipal: user("bob") },
      responseElements: null,
    });
    await revoke(client, one.GrantId);
    expect(last(kms)).toMatchObject({
      eventName: "RevokeGrant",
      readOnly: false,
      requestParameters: { keyId: KEY_A, grantId: one.GrantId },
      responseElements: { keyId: ARN_A },
    });
    await retire(client, { GrantToken: two.GrantToken });
    expect(last(kms)).toMatchObject({
      eventName: "RetireGrant",
      readOnly: false,
      requestParameters: null,
      responseElements: { keyId: ARN_A },
      additionalEventData: { grantId: two.GrantId },
      resources: [{ ARN: ARN_A }],
    });
    await client.send(new ListRetirableGrantsCommand({ RetiringPrincipal: user("carol") }));
    expect(last(kms)).toMatchObject({
      readOnly: true,
      requestParameters: { retiringPrincipal: user("carol") },
    });
    const log = JSON.stringify(kms.events);
    for (const { GrantToken } of [one, two]) expect(log).not.toContain(GrantToken.slice(0, 16));
  });

  test("scripted faults strike them", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    for (const operation of ["CreateGrant", "ListGrants", "RevokeGrant", "RetireGrant"] as const) {
      kms.faults.add({ operation, keyId: KEY_A, times: 1, fault: { error: "LimitExceededException" } });
    }
    for (const call of [
      () => grant(client),
      () => list(client),
      () => revoke(client, UNKNOWN),
      () => retire(client, { KeyId: KEY_A, GrantId: UNKNOWN }),
    ]) {
      expect((await failure(call())).name).toBe("LimitExceededException");
    }
    expect(kms.faults.active).toEqual([]);
    const { GrantToken } = await grant(client);
    const fault = { error: "ThrottlingException" } as const;
    kms.faults.add({ operation: "RetireGrant", keyId: KEY_A, times: 1, fault });
    expect((await failure(retire(client, { GrantToken }))).name).toBe("ThrottlingException");
    await retire(client, { GrantToken });
    expect((await grant(client)).GrantId).toMatch(/^[0-9a-f]{64}$/);
  });
});

test("the request is taken as it was when it was sent", async () => {
  const kms = setUp();
  const Constraints = { EncryptionContextEquals: { tenant: "t1" } };
  const input = {
    KeyId: KEY_A,
    GranteePrincipal: user("bob"),
    Operations: ["Encrypt" as const],
    Constraints,
  };
  const call = kms.client.send(new CreateGrantCommand(input));
  Constraints.EncryptionContextEquals.tenant = "t2";
  await call;
  expect((await list(kms.client)).Grants![0]!.Constraints).toEqual({
    EncryptionContextEquals: { tenant: "t1" },
  });
});
