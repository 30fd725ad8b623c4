import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateMacCommand,
  GenerateRandomCommand,
  ListAliasesCommand,
  ListKeysCommand,
  ReEncryptCommand,
  ReplicateKeyCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { createLocalKms } from "../../src/testing/index.ts";
import {
  ARN_A,
  ARN_B,
  bytes,
  complaint,
  connect,
  failure,
  KEY_A,
  KEY_B,
  MRK,
  TRANSPORTS,
} from "./helpers.ts";

const setUp = () =>
  createLocalKms({ keys: [{ id: KEY_A, aliases: ["alias/a"], description: "the first" }, { id: KEY_B }] });

describe.each(TRANSPORTS)("operations %s", (transport) => {
  test("Encrypt and Decrypt", async () => {
    const client = await connect(setUp(), transport);
    const EncryptionContext = { tenant: "t1", Ünïcode: "ß€𝄞" };
    const Plaintext = bytes(100);
    const sealed = await client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext, EncryptionContext }));
    expect(sealed.KeyId).toBe(ARN_A);
    expect(sealed.EncryptionAlgorithm).toBe("SYMMETRIC_DEFAULT");
    expect(sealed.$metadata.httpStatusCode).toBe(200);
    expect(sealed.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    const { CiphertextBlob } = sealed;
    expect(Buffer.from(CiphertextBlob!).includes(Buffer.from(Plaintext))).toBe(false);

    const opened = await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect(opened.Plaintext).toEqual(Plaintext);
    expect(opened.KeyId).toBe(ARN_A);
    expect(opened.EncryptionAlgorithm).toBe("SYMMETRIC_DEFAULT");
    expect(opened.KeyMaterialId).toMatch(/^[0-9a-f]{64}$/);
    const named = new DecryptCommand({ CiphertextBlob, EncryptionContext, KeyId: "alias/a" });
    expect((await client.send(named)).Plaintext).toEqual(Plaintext);
  });

  test("the same plaintext never gives the same ciphertext", async () => {
    const client = await connect(setUp(), transport);
    const command = new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1) });
    const [a, b] = [await client.send(command), await client.send(command)];
    expect(a.CiphertextBlob).not.toEqual(b.CiphertextBlob);
  });

  test.each([
    [{ KeySpec: "AES_256" as const }, 32],
    [{ KeySpec: "AES_128" as const }, 16],
    [{ NumberOfBytes: 1 }, 1],
    [{ NumberOfBytes: 1024 }, 1024],
  ])("GenerateDataKey with %o", async (size, length) => {
    const client = await connect(setUp(), transport);
    const EncryptionContext = { a: "b" };
    const made = await client.send(new GenerateDataKeyCommand({ KeyId: KEY_A, EncryptionContext, ...size }));
    expect(made.KeyId).toBe(ARN_A);
    expect(made.Plaintext).toHaveLength(length);
    const { CiphertextBlob } = made;
    const opened = await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect(opened.Plaintext).toEqual(made.Plaintext);
    expect(opened.KeyMaterialId).toBe(made.KeyMaterialId);
  });

  test("GenerateDataKeyWithoutPlaintext", async () => {
    const client = await connect(setUp(), transport);
    const made = await client.send(
      new GenerateDataKeyWithoutPlaintextCommand({ KeyId: KEY_A, NumberOfBytes: 24 }),
    );
    expect(made).not.toHaveProperty("Plaintext");
    const opened = await client.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }));
    expect(opened.Plaintext).toHaveLength(24);
    expect(opened.Plaintext!.some((byte) => byte !== 0)).toBe(true);
  });

  test("GenerateRandom", async () => {
    const client = await connect(setUp(), transport);
    const random = async () =>
      (await client.send(new GenerateRandomCommand({ NumberOfBytes: 48 }))).Plaintext!;
    const [a, b] = [await random(), await random()];
    expect(a).toHaveLength(48);
    expect(a).not.toEqual(b);
  });

  test("ReEncrypt moves a ciphertext to another key and context", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const Plaintext = bytes(32);
    const { CiphertextBlob } = await client.send(
      new EncryptCommand({ KeyId: KEY_A, Plaintext, EncryptionContext: { from: "here" } }),
    );
    const moved = await client.send(
      new ReEncryptCommand({
        CiphertextBlob,
        SourceEncryptionContext: { from: "here" },
        DestinationKeyId: KEY_B,
        DestinationEncryptionContext: { to: "there" },
      }),
    );
    expect([moved.SourceKeyId, moved.KeyId]).toEqual([ARN_A, ARN_B]);
    kms.destroyKey(KEY_A);
    const opened = await client.send(
      new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { to: "there" } }),
    );
    expect(opened.Plaintext).toEqual(Plaintext);
    expect(opened.KeyId).toBe(ARN_B);
  });

  test("ReEncrypt demands the source's context and key", async () => {
    const client = await connect(setUp(), transport);
    const { CiphertextBlob } = await client.send(
      new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(5), EncryptionContext: { a: "b" } }),
    );
    const move = (source: object) =>
      client.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KEY_B, ...source }));
    expect((await failure(move({}))).name).toBe("InvalidCiphertextException");
    const SourceEncryptionContext = { a: "b" };
    const wrong = move({ SourceEncryptionContext, SourceKeyId: KEY_B });
    expect((await failure(wrong)).name).toBe("IncorrectKeyException");
    expect((await move({ SourceEncryptionContext, SourceKeyId: KEY_A })).KeyId).toBe(ARN_B);
  });

  test("CreateKey, DescribeKey, ListKeys", async () => {
    const now = Date.UTC(2026, 0, 2, 3, 4, 5);
    const kms = createLocalKms({ keys: [{ id: KEY_A, description: "the first" }], now: () => now });
    const client = await connect(kms, transport);
    const { KeyMetadata: made } = await client.send(new CreateKeyCommand({ Description: "new" }));
    expect(made).toMatchObject({
      AWSAccountId: "111122223333",
      Arn: `arn:aws:kms:us-east-1:111122223333:key/${made!.KeyId}`,
      CreationDate: new Date(now),
      Description: "new",
      Enabled: true,
      KeyState: "Enabled",
      KeyUsage: "ENCRYPT_DECRYPT",
      KeySpec: "SYMMETRIC_DEFAULT",
      EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
      KeyManager: "CUSTOMER",
      Origin: "AWS_KMS",
      MultiRegion: false,
    });
    expect(made!.KeyId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: made!.KeyId }));
    expect(KeyMetadata).toEqual(made);
    const first = await client.send(new DescribeKeyCommand({ KeyId: ARN_A }));
    expect(first.KeyMetadata!.Description).toBe("the first");
    const { Keys, Truncated } = await client.send(new ListKeysCommand({}));
    expect(Keys).toEqual([
      { KeyId: KEY_A, KeyArn: ARN_A },
      { KeyId: made!.KeyId, KeyArn: made!.Arn },
    ]);
    expect(Truncated).toBe(false);
  });

  test("ListKeys and ListAliases in pages", async () => {
    const kms = createLocalKms();
    const ids = Array.from({ length: 5 }, (_, i) => kms.createKey({ aliases: [`alias/${i}`] }).keyId);
    const client = await connect(kms, transport);
    const seen: unknown[] = [];
    let Marker: string | undefined;
    do {
      const reply = await client.send(new ListKeysCommand({ Limit: 2, Marker }));
      seen.push(...reply.Keys!.map(({ KeyId }) => KeyId));
      expect(reply.Truncated).toBe(reply.NextMarker !== undefined);
      Marker = reply.NextMarker;
    } while (Marker !== undefined);
    expect(seen).toEqual(ids);
    const page = await client.send(new ListAliasesCommand({ Limit: 3 }));
    expect(page.Aliases!.map(({ AliasName }) => AliasName)).toEqual(["alias/0", "alias/1", "alias/2"]);
    const rest = await client.send(new ListAliasesCommand({ Limit: 3, Marker: page.NextMarker }));
    expect(rest.Aliases!.map(({ TargetKeyId }) => TargetKeyId)).toEqual(ids.slice(3));
    const bad = failure(client.send(new ListKeysCommand({ Marker: "nowhere" })));
    expect((await bad).name).toBe("InvalidMarkerException");
  });

  test("CreateAlias, ListAliases, UpdateAlias, DeleteAlias", async () => {
    const client = await connect(setUp(), transport);
    const AliasName = "alias/team/new_1";
    await client.send(new CreateAliasCommand({ AliasName, TargetKeyId: KEY_A }));
    const keyOf = async () =>
      (await client.send(new DescribeKeyCommand({ KeyId: AliasName }))).KeyMetadata!.KeyId;
    expect(await keyOf()).toBe(KEY_A);
    const again = client.send(new CreateAliasCommand({ AliasName, TargetKeyId: KEY_B }));
    expect(await complaint(again)).toBe(
      `AlreadyExistsException: An alias with the name arn:aws:kms:us-east-1:111122223333:${AliasName} already exists`,
    );

    await client.send(new UpdateAliasCommand({ AliasName, TargetKeyId: ARN_B }));
    expect(await keyOf()).toBe(KEY_B);
    const { Aliases } = await client.send(new ListAliasesCommand({ KeyId: KEY_B }));
    expect(Aliases).toEqual([
      {
        AliasName,
        AliasArn: `arn:aws:kms:us-east-1:111122223333:${AliasName}`,
        TargetKeyId: KEY_B,
        CreationDate: expect.any(Date),
        LastUpdatedDate: expect.any(Date),
      },
    ]);

    await client.send(new DeleteAliasCommand({ AliasName }));
    expect(await complaint(keyOf())).toBe(
      `NotFoundException: Alias arn:aws:kms:us-east-1:111122223333:${AliasName} is not found.`,
    );
    const gone = client.send(new DeleteAliasCommand({ AliasName }));
    expect((await failure(gone)).name).toBe("NotFoundException");
  });

  test("aliases refuse what KMS refuses", async () => {
    const kms = setUp();
    kms.createKey({ keySpec: "RSA_2048", aliases: ["alias/rsa"] });
    const client = await connect(kms, transport);
    const create = (AliasName: string, TargetKeyId: string) =>
      complaint(client.send(new CreateAliasCommand({ AliasName, TargetKeyId })));
    expect(await create("orders", KEY_A)).toBe("ValidationException: Invalid identifier");
    expect(await create("alias/", KEY_A)).toBe("ValidationException: Invalid identifier");
    expect(await create("alias/a b", KEY_A)).toMatch(
      /^ValidationException: 1 validation error .*regular expression/,
    );
    expect(await create("alias/aws/s3", KEY_A)).toMatch(/^NotAuthorizedException/);
    expect(await create("alias/b", "alias/a")).toBe(
      "ValidationException: Aliases must refer to keys. Not aliases",
    );
    const update = client.send(new UpdateAliasCommand({ AliasName: "alias/rsa", TargetKeyId: KEY_A }));
    expect((await failure(update)).name).toBe("ValidationException");
  });

  test("DisableKey and EnableKey", async () => {
    const client = await connect(setUp(), transport);
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1) }));
    await client.send(new DisableKeyCommand({ KeyId: KEY_A }));
    for (const call of [
      client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1) })),
      client.send(new DecryptCommand({ CiphertextBlob })),
      client.send(new DecryptCommand({ CiphertextBlob, KeyId: "alias/a" })),
      client.send(new GenerateDataKeyCommand({ KeyId: "alias/a", KeySpec: "AES_256" })),
      client.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId: KEY_A, KeySpec: "AES_256" })),
      client.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KEY_B })),
      client.send(new RotateKeyOnDemandCommand({ KeyId: KEY_A })),
    ]) {
      expect(await complaint(call)).toBe(`DisabledException: ${ARN_A} is disabled.`);
    }
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: KEY_A }));
    expect([KeyMetadata!.KeyState, KeyMetadata!.Enabled]).toEqual(["Disabled", false]);
    await client.send(new EnableKeyCommand({ KeyId: ARN_A }));
    expect((await client.send(new DecryptCommand({ CiphertextBlob }))).Plaintext).toEqual(bytes(1));
  });

  test("ScheduleKeyDeletion, CancelKeyDeletion, and the end of the waiting period", async () => {
    let now = Date.UTC(2026, 0, 1);
    const kms = createLocalKms({
      keys: [{ id: KEY_A, aliases: ["alias/a"] }, { id: KEY_B }],
      now: () => now,
    });
    const client = await connect(kms, transport);
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1) }));
    const days = (count: number) => count * 86_400_000;

    const scheduled = await client.send(
      new ScheduleKeyDeletionCommand({ KeyId: KEY_A, PendingWindowInDays: 7 }),
    );
    expect(scheduled).toMatchObject({
      KeyId: ARN_A,
      DeletionDate: new Date(now + days(7)),
      KeyState: "PendingDeletion",
      PendingWindowInDays: 7,
    });
    for (const call of [
      client.send(new DecryptCommand({ CiphertextBlob })),
      client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1) })),
      client.send(new EnableKeyCommand({ KeyId: KEY_A })),
      client.send(new DisableKeyCommand({ KeyId: KEY_A })),
      client.send(new ScheduleKeyDeletionCommand({ KeyId: KEY_A })),
      client.send(new CreateAliasCommand({ AliasName: "alias/late", TargetKeyId: KEY_A })),
    ]) {
      expect(await complaint(call)).toBe(`KMSInvalidStateException: ${ARN_A} is pending deletion.`);
    }
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: KEY_A }));
    expect([KeyMetadata!.KeyState, KeyMetadata!.DeletionDate]).toEqual([
      "PendingDeletion",
      new Date(now + days(7)),
    ]);

    await client.send(new CancelKeyDeletionCommand({ KeyId: KEY_A }));
    expect((await failure(client.send(new DecryptCommand({ CiphertextBlob })))).name).toBe(
      "DisabledException",
    );
    await client.send(new EnableKeyCommand({ KeyId: KEY_A }));
    await client.send(new DecryptCommand({ CiphertextBlob }));
    const idle = client.send(new CancelKeyDeletionCommand({ KeyId: KEY_A }));
    expect(await complaint(idle)).toBe(`KMSInvalidStateException: ${ARN_A} is not pending deletion.`);

    await client.send(new ScheduleKeyDeletionCommand({ KeyId: KEY_A }));
    now += days(30) - 1;
    await client.send(new DescribeKeyCommand({ KeyId: KEY_A }));
    now += 1;
    expect(await complaint(client.send(new DescribeKeyCommand({ KeyId: KEY_A })))).toBe(
      `NotFoundException: Key '${ARN_A}' does not exist`,
    );
    expect(await complaint(client.send(new DecryptCommand({ CiphertextBlob })))).toBe(
      "AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
    );
    expect(await complaint(client.send(new DecryptCommand({ CiphertextBlob, KeyId: ARN_A })))).toBe(
      `NotFoundException: Key '${ARN_A}' does not exist`,
    );
    const { Aliases } = await client.send(new ListAliasesCommand({}));
    expect(Aliases).toEqual([]);
  });

  test("RotateKeyOnDemand keeps what the old material sealed", async () => {
    const client = await connect(setUp(), transport);
    const seal = async () =>
      (await client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(9) }))).CiphertextBlob!;
    const open = async (CiphertextBlob: Uint8Array) => client.send(new DecryptCommand({ CiphertextBlob }));
    const before = await seal();
    expect((await client.send(new RotateKeyOnDemandCommand({ KeyId: KEY_A }))).KeyId).toBe(ARN_A);
    const between = await seal();
    await client.send(new RotateKeyOnDemandCommand({ KeyId: KEY_A }));
    const after = await seal();
    const opened = [await open(before), await open(between), await open(after)];
    expect(opened.map(({ Plaintext }) => Plaintext)).toEqual([bytes(9), bytes(9), bytes(9)]);
    expect(new Set(opened.map(({ KeyMaterialId }) => KeyMaterialId)).size).toBe(3);
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: KEY_A }));
    expect(KeyMetadata!.CurrentKeyMaterialId).toBe(opened[2]!.KeyMaterialId);
  });

  test("ReplicateKey", async () => {
    const kms = createLocalKms({ keys: [{ id: MRK }, { id: KEY_A }] });
    const client = await connect(kms, transport);
    const { ReplicaKeyMetadata: replica } = await client.send(
      new ReplicateKeyCommand({ KeyId: MRK, ReplicaRegion: "eu-west-1" }),
    );
    expect(replica).toMatchObject({
      KeyId: MRK,
      Arn: `arn:aws:kms:eu-west-1:111122223333:key/${MRK}`,
      MultiRegion: true,
      MultiRegionConfiguration: {
        MultiRegionKeyType: "REPLICA",
        PrimaryKey: { Arn: kms.arn(MRK), Region: "us-east-1" },
        ReplicaKeys: [{ Arn: kms.arn(MRK, "eu-west-1"), Region: "eu-west-1" }],
      },
    });
    const repeat = (KeyId: string) =>
      failure(client.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "eu-west-1" })));
    expect((await repeat(MRK)).name).toBe("AlreadyExistsException");
    expect((await repeat(KEY_A)).name).toBe("UnsupportedOperationException");
    expect((await repeat(replica!.Arn!)).name).toBe("UnsupportedOperationException");
  });

  test("what it does not know is an unknown operation", async () => {
    const client = await connect(setUp(), transport);
    const command = new GenerateMacCommand({ KeyId: KEY_A, Message: bytes(1), MacAlgorithm: "HMAC_SHA_256" });
    const error = await failure(client.send(command));
    expect(error.name).toBe("UnknownOperationException");
    expect(error.$metadata!.httpStatusCode).toBe(400);
  });
});
