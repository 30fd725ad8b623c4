import {
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  ListKeysCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { createLocalKms } from "../../src/testing/index.ts";
import { ARN_A, bytes, complaint, connect, KEY_A, KEY_B, MRK, TRANSPORTS } from "./helpers.ts";

const setUp = () => createLocalKms({ keys: [{ id: KEY_A, aliases: ["alias/a", "alias/team/b"] }] });

describe.each(TRANSPORTS)("key ids %s", (transport) => {
  test.each([KEY_A, ARN_A, "alias/a", "alias/team/b", "arn:aws:kms:us-east-1:111122223333:alias/team/b"])(
    "%s names the key",
    async (KeyId) => {
      const client = await connect(setUp(), transport);
      const made = await client.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
      expect(made.KeyId).toBe(ARN_A);
      const { CiphertextBlob } = made;
      const opened = await client.send(new DecryptCommand({ CiphertextBlob, KeyId }));
      expect([opened.KeyId, opened.Plaintext]).toEqual([ARN_A, made.Plaintext]);
    },
  );

  test.each([
    [KEY_B, `Key 'arn:aws:kms:us-east-1:111122223333:key/${KEY_B}' does not exist`],
    [MRK, `Key 'arn:aws:kms:us-east-1:111122223333:key/${MRK}' does not exist`],
    [
      ARN_A.replace("us-east-1", "us-west-2"),
      `Key '${ARN_A.replace("us-east-1", "us-west-2")}' does not exist`,
    ],
    [ARN_A.replace("1111", "9999"), `Key '${ARN_A.replace("1111", "9999")}' does not exist`],
    ["alias/none", "Alias arn:aws:kms:us-east-1:111122223333:alias/none is not found."],
    [
      "arn:aws:kms:eu-west-1:111122223333:alias/a",
      "Alias arn:aws:kms:eu-west-1:111122223333:alias/a is not found.",
    ],
    ["orders", "Invalid keyId 'orders'"],
    ["a", "Invalid keyId 'a'"],
    [`key/${KEY_A}`, `Invalid keyId 'key/${KEY_A}'`],
    [KEY_A.toUpperCase(), `Invalid keyId '${KEY_A.toUpperCase()}'`],
    ["arn:aws:kms:us-east-1:111122223333:key/orders", "Invalid keyId orders"],
    ["arn:aws:kms:us-east-1:42:key/x", "Invalid arn arn:aws:kms:us-east-1:42:key/x"],
    ["arn:aws:s3:::bucket/key", "Invalid arn arn:aws:s3:::bucket/key"],
    [ARN_A.replace("arn:aws:", "arn:aws-cn:"), `Invalid arn ${ARN_A.replace("arn:aws:", "arn:aws-cn:")}`],
  ])("%s does not", async (KeyId, message) => {
    const client = await connect(setUp(), transport);
    const call = client.send(new EncryptCommand({ KeyId, Plaintext: bytes(1) }));
    expect(await complaint(call)).toBe(`NotFoundException: ${message}`);
  });

  test("operations on a key itself take no alias", async () => {
    const client = await connect(setUp(), transport);
    const disable = (KeyId: string) => complaint(client.send(new DisableKeyCommand({ KeyId })));
    expect(await disable("alias/a")).toBe("NotFoundException: Invalid keyId 'alias/a'");
    const aliasArn = "arn:aws:kms:us-east-1:111122223333:alias/a";
    expect(await disable(aliasArn)).toBe(`NotFoundException: Invalid keyId ${aliasArn}`);
  });
});

describe("Regions", () => {
  const setUpRegions = () =>
    createLocalKms({
      keys: [
        { id: MRK, replicaRegions: ["eu-west-1", "ap-southeast-2"], aliases: ["alias/global"] },
        { id: KEY_A, region: "eu-west-1", aliases: ["alias/local"] },
      ],
    });

  test.each(TRANSPORTS)("%s, a multi-Region key opens in each of its Regions", async (transport) => {
    const kms = setUpRegions();
    const [here, there, nowhere] = [
      await connect(kms, transport),
      await connect(kms, transport, { region: "eu-west-1" }),
      await connect(kms, transport, { region: "sa-east-1" }),
    ];
    const sealed = await here.send(new EncryptCommand({ KeyId: MRK, Plaintext: bytes(3) }));
    expect(sealed.KeyId).toBe(kms.arn(MRK, "us-east-1"));
    const { CiphertextBlob } = sealed;

    const opened = await there.send(new DecryptCommand({ CiphertextBlob }));
    expect([opened.KeyId, opened.Plaintext]).toEqual([kms.arn(MRK, "eu-west-1"), bytes(3)]);
    const related = new DecryptCommand({ CiphertextBlob, KeyId: kms.arn(MRK, "ap-southeast-2") });
    expect((await there.send(related)).KeyId).toBe(kms.arn(MRK, "ap-southeast-2"));
    expect(await complaint(nowhere.send(new DecryptCommand({ CiphertextBlob })))).toMatch(
      /^AccessDeniedException: The ciphertext refers to a customer master key that does not exist/,
    );
    expect(await complaint(nowhere.send(new DescribeKeyCommand({ KeyId: MRK })))).toBe(
      `NotFoundException: Key 'arn:aws:kms:sa-east-1:111122223333:key/${MRK}' does not exist`,
    );
    expect(kms.events.map(({ awsRegion }) => awsRegion)).toEqual([
      "us-east-1",
      "eu-west-1",
      "ap-southeast-2",
      "sa-east-1",
      "sa-east-1",
    ]);
  });

  test.each(TRANSPORTS)("%s, the client's Region decides for ids and aliases", async (transport) => {
    const kms = setUpRegions();
    const [here, there] = [
      await connect(kms, transport),
      await connect(kms, transport, { region: "eu-west-1" }),
    ];
    const describe = async (client: typeof here, KeyId: string) =>
      (await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata!.Arn;
    expect(await describe(here, MRK)).toBe(kms.arn(MRK, "us-east-1"));
    expect(await describe(there, MRK)).toBe(kms.arn(MRK, "eu-west-1"));
    expect(await describe(there, "alias/local")).toBe(kms.arn(KEY_A));
    expect(await complaint(describe(here, "alias/local"))).toMatch(/^NotFoundException: Alias .*us-east-1/);
    expect(await complaint(describe(there, "alias/global"))).toMatch(/^NotFoundException: Alias .*eu-west-1/);
    const { Keys } = await there.send(new ListKeysCommand({}));
    expect(Keys!.map(({ KeyArn }) => KeyArn)).toEqual([kms.arn(MRK, "eu-west-1"), kms.arn(KEY_A)]);
  });

  test.each(TRANSPORTS)("%s, a strict KMS refuses ARNs of other Regions", async (transport) => {
    const kms = createLocalKms({ keys: [{ id: MRK, replicaRegions: ["eu-west-1"] }], strictRegions: true });
    const client = await connect(kms, transport);
    const call = client.send(new EncryptCommand({ KeyId: kms.arn(MRK, "eu-west-1"), Plaintext: bytes(1) }));
    expect(await complaint(call)).toBe("NotFoundException: Invalid arn eu-west-1");
    await client.send(new EncryptCommand({ KeyId: kms.arn(MRK), Plaintext: bytes(1) }));
  });

  test("replicas have states of their own, and share every rotation", async () => {
    const kms = setUpRegions();
    const there = kms.clientFor({ region: "eu-west-1" });
    kms.rotateKey(MRK);
    kms.disableKey(kms.arn(MRK, "us-east-1"));
    expect(await complaint(kms.client.send(new EncryptCommand({ KeyId: MRK, Plaintext: bytes(1) })))).toBe(
      `DisabledException: ${kms.arn(MRK)} is disabled.`,
    );
    const { CiphertextBlob } = await there.send(new EncryptCommand({ KeyId: MRK, Plaintext: bytes(1) }));
    kms.enableKey(MRK);
    await kms.client.send(new DecryptCommand({ CiphertextBlob }));
    expect(kms.describeKey(kms.arn(MRK, "eu-west-1")).rotations).toBe(1);
  });

  test("a primary outlives its replicas", () => {
    let now = 0;
    const kms = createLocalKms({ keys: [{ id: MRK, replicaRegions: ["eu-west-1"] }], now: () => now });
    kms.scheduleKeyDeletion(MRK, 7);
    expect(kms.describeKey(MRK).keyState).toBe("PendingReplicaDeletion");
    now += 100 * 86_400_000;
    expect(kms.describeKey(MRK).keyState).toBe("PendingReplicaDeletion");
    kms.destroyKey(kms.arn(MRK, "eu-west-1"));
    expect(kms.describeKey(MRK).keyState).toBe("PendingDeletion");
    now += 7 * 86_400_000;
    expect(() => kms.describeKey(MRK)).toThrow("does not exist");
  });

  test("a primary's time begins at the end of its last replica, whoever looks when", () => {
    const day = 86_400_000;
    let now = 0;
    const keys = [{ id: MRK, replicaRegions: ["eu-west-1", "ap-south-1"] }];
    const kms = createLocalKms({ keys, now: () => now });
    kms.scheduleKeyDeletion(MRK, 7);
    kms.scheduleKeyDeletion(kms.arn(MRK, "ap-south-1"), 30);
    kms.scheduleKeyDeletion(kms.arn(MRK, "eu-west-1"), 7);
    now = 36 * day;
    expect(kms.describeKey(MRK).keyState).toBe("PendingDeletion");
    now = 37 * day;
    expect(() => kms.describeKey(MRK)).toThrow("does not exist");
  });

  test("other partitions have ARNs of their own", () => {
    const arn = (region: string) => createLocalKms({ keys: [{ id: KEY_A }], region }).arn(KEY_A);
    expect(arn("cn-north-1")).toBe(`arn:aws-cn:kms:cn-north-1:111122223333:key/${KEY_A}`);
    expect(arn("us-gov-west-1")).toBe(`arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${KEY_A}`);
  });
});

describe("accounts", () => {
  test("ids and aliases belong to the caller's account; ARNs reach into others", async () => {
    const kms = createLocalKms({
      keys: [
        { id: KEY_A, aliases: ["alias/shared"] },
        { id: KEY_B, accountId: "444455556666", aliases: ["alias/shared"] },
      ],
    });
    const [ours, theirs] = [kms.client, kms.clientAs("arn:aws:iam::444455556666:role/app")];
    const keyOf = async (client: typeof ours, KeyId: string) =>
      (await client.send(new EncryptCommand({ KeyId, Plaintext: bytes(1) }))).KeyId;
    expect(await keyOf(ours, "alias/shared")).toBe(kms.arn(KEY_A));
    expect(await keyOf(theirs, "alias/shared")).toBe(kms.arn(KEY_B));
    expect(await keyOf(theirs, kms.arn(KEY_A))).toBe(kms.arn(KEY_A));
    expect(await complaint(keyOf(theirs, KEY_A))).toBe(
      `NotFoundException: Key 'arn:aws:kms:us-east-1:444455556666:key/${KEY_A}' does not exist`,
    );
    const { Keys } = await theirs.send(new ListKeysCommand({}));
    expect(Keys).toEqual([{ KeyId: KEY_B, KeyArn: kms.arn(KEY_B) }]);
  });
});
