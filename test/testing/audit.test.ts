import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  ListKeysCommand,
  ReEncryptCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import type { LocalKmsEvent } from "../../src/testing/index.ts";
import { createLocalKms, KMS_OPERATIONS } from "../../src/testing/index.ts";
import { ARN_A, ARN_B, bytes, connect, failure, KEY_A, KEY_B, TRANSPORTS } from "./helpers.ts";

const EncryptionContext = { "aws:workmail:arn": "arn:aws:workmail:us-east-1:111122223333:organization/m-1" };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const setUp = () =>
  createLocalKms({
    keys: [{ id: KEY_A, aliases: ["alias/a"] }, { id: KEY_B }],
    now: () => Date.UTC(2026, 6, 27, 22, 58, 24, 999),
  });

const last = (kms: { readonly events: readonly LocalKmsEvent[] }) => kms.events.at(-1)!;

describe.each(TRANSPORTS)("audit log %s", (transport) => {
  test("an Encrypt and a Decrypt, whole", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const sealed = await client.send(
      new EncryptCommand({ KeyId: "alias/a", Plaintext: bytes(9), EncryptionContext }),
    );
    const userIdentity = {
      type: "IAMUser",
      principalId: "AIDA-alice",
      arn: "arn:aws:iam::111122223333:user/alice",
      accountId: "111122223333",
      userName: "alice",
      ...(transport === "over HTTP" ? { accessKeyId: "alice" } : {}),
    };
    const common = {
      eventVersion: "1.11",
      userIdentity,
      eventTime: "2026-07-27T22:58:24Z",
      eventSource: "kms.amazonaws.com",
      awsRegion: "us-east-1",
      sourceIPAddress: "127.0.0.1",
      userAgent: expect.stringMatching(transport === "over HTTP" ? /aws-sdk-js/ : /keyfold/),
      responseElements: null,
      additionalEventData: { keyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/) },
      eventID: expect.stringMatching(UUID),
      readOnly: true,
      resources: [{ accountId: "111122223333", type: "AWS::KMS::Key", ARN: ARN_A }],
      eventType: "AwsApiCall",
      managementEvent: true,
      recipientAccountId: "111122223333",
      eventCategory: "Management",
    };
    expect(last(kms)).toEqual({
      ...common,
      eventName: "Encrypt",
      requestParameters: {
        keyId: "alias/a",
        encryptionContext: EncryptionContext,
        encryptionAlgorithm: "SYMMETRIC_DEFAULT",
      },
      requestID: sealed.$metadata.requestId,
    });
    const { CiphertextBlob } = sealed;
    const opened = await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect(last(kms)).toEqual({
      ...common,
      eventName: "Decrypt",
      requestParameters: { encryptionContext: EncryptionContext, encryptionAlgorithm: "SYMMETRIC_DEFAULT" },
      requestID: opened.$metadata.requestId,
    });
    await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext, KeyId: KEY_A }));
    expect(last(kms).requestParameters).toMatchObject({ keyId: KEY_A });
    expect(kms.events).toHaveLength(3);
    kms.clearEvents();
    expect(kms.events).toHaveLength(0);
  });

  test("what other operations leave", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    await client.send(new GenerateDataKeyCommand({ KeyId: KEY_A, KeySpec: "AES_256", EncryptionContext }));
    expect(last(kms).requestParameters).toEqual({
      keyId: KEY_A,
      keySpec: "AES_256",
      encryptionContext: EncryptionContext,
    });
    const without = new GenerateDataKeyWithoutPlaintextCommand({ KeyId: KEY_A, NumberOfBytes: 64 });
    const { CiphertextBlob } = await client.send(without);
    expect(last(kms).requestParameters).toEqual({ keyId: KEY_A, numberOfBytes: 64 });
    await client.send(new GenerateRandomCommand({ NumberOfBytes: 8 }));
    expect(last(kms)).toMatchObject({ resources: [], readOnly: true, responseElements: null });
    await client.send(
      new ReEncryptCommand({
        CiphertextBlob,
        DestinationKeyId: KEY_B,
        DestinationEncryptionContext: { a: "b" },
      }),
    );
    expect(last(kms)).toMatchObject({
      requestParameters: {
        destinationKeyId: KEY_B,
        destinationEncryptionContext: { a: "b" },
        sourceEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
        destinationEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      },
      resources: [{ ARN: ARN_A }, { ARN: ARN_B }],
    });
    expect(last(kms).requestParameters).not.toHaveProperty("sourceKeyId");
    await client.send(new ListKeysCommand({}));
    expect(last(kms)).toMatchObject({ requestParameters: null, readOnly: true, resources: [] });
    await client.send(new DisableKeyCommand({ KeyId: KEY_A }));
    expect(last(kms)).toMatchObject({ readOnly: false, responseElements: { keyId: ARN_A } });
    await client.send(new CreateAliasCommand({ AliasName: "alias/b", TargetKeyId: KEY_B }));
    expect(last(kms)).toMatchObject({
      requestParameters: { aliasName: "alias/b", targetKeyId: KEY_B },
      responseElements: { keyId: ARN_B },
      resources: [{ ARN: ARN_B }, { ARN: "arn:aws:kms:us-east-1:111122223333:alias/b" }],
    });
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ Policy: "{}" }));
    expect(last(kms)).toMatchObject({
      responseElements: {
        keyMetadata: { AWSAccountId: "111122223333", keyId: KeyMetadata!.KeyId, arn: KeyMetadata!.Arn },
      },
      resources: [{ ARN: KeyMetadata!.Arn }],
    });
    expect(last(kms).requestParameters).not.toHaveProperty("policy");
    await client.send(new ScheduleKeyDeletionCommand({ KeyId: KEY_B, PendingWindowInDays: 7 }));
    expect(last(kms).responseElements).toEqual({
      keyId: ARN_B,
      deletionDate: "2026-08-03T22:58:24.999Z",
      keyState: "PendingDeletion",
      pendingWindowInDays: 7,
    });
  });

  test("calls that failed", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1) }));
    const decrypt = (input: object) => failure(client.send(new DecryptCommand({ CiphertextBlob, ...input })));
    const error = await decrypt({ EncryptionContext });
    expect(last(kms)).toMatchObject({
      errorCode: "InvalidCiphertextException",
      requestID: error.$metadata!.requestId,
      requestParameters: { encryptionContext: EncryptionContext },
      resources: [{ ARN: ARN_A }],
    });
    expect(last(kms)).not.toHaveProperty("errorMessage");
    expect(last(kms)).not.toHaveProperty("additionalEventData");

    kms.disableKey(KEY_A);
    await decrypt({});
    expect(last(kms)).toMatchObject({
      errorCode: "DisabledException",
      errorMessage: `${ARN_A} is disabled.`,
    });
    kms.destroyKey(KEY_A);
    await decrypt({});
    expect(last(kms)).toMatchObject({
      errorCode: "AccessDenied",
      errorMessage: expect.stringMatching(/^The ciphertext refers/),
      resources: [],
    });
    await failure(client.send(new EncryptCommand({ KeyId: KEY_B, Plaintext: bytes(5000) })));
    expect(last(kms)).toMatchObject({ errorCode: "ValidationException", requestParameters: null });
    await failure(client.send(new DisableKeyCommand({ KeyId: KEY_A })));
    expect(last(kms)).toMatchObject({
      errorCode: "NotFoundException",
      readOnly: false,
      responseElements: null,
    });
  });

  test("nothing secret is ever in it", async () => {
    const material = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
    const kms = createLocalKms({ keys: [{ id: KEY_A, material }] });
    const client = await connect(kms, transport);
    const secrets: Uint8Array[] = [material];
    const made = await client.send(new GenerateDataKeyCommand({ KeyId: KEY_A, KeySpec: "AES_256" }));
    const sealed = await client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: made.Plaintext }));
    const { CiphertextBlob } = sealed;
    await client.send(new DecryptCommand({ CiphertextBlob }));
    await client.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KEY_A }));
    await failure(client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext })));
    const random = await client.send(new GenerateRandomCommand({ NumberOfBytes: 32 }));
    secrets.push(made.Plaintext!, made.CiphertextBlob!, CiphertextBlob!, random.Plaintext!);
    const log = JSON.stringify(kms.events);
    expect(kms.events).toHaveLength(6);
    for (const secret of secrets) {
      for (const encoding of ["hex", "base64", "base64url"] as const) {
        expect(log).not.toContain(Buffer.from(secret).subarray(0, 15).toString(encoding));
      }
      expect(log).not.toContain([...secret.subarray(0, 8)].join(","));
    }
  });
});

describe("callers", () => {
  const encrypt = new EncryptCommand({ KeyId: ARN_A, Plaintext: bytes(1) });

  test.each([
    ["bob", { type: "IAMUser", arn: "arn:aws:iam::111122223333:user/bob", userName: "bob" }],
    [
      "arn:aws:iam::444455556666:user/team/carol",
      {
        type: "IAMUser",
        arn: "arn:aws:iam::444455556666:user/team/carol",
        accountId: "444455556666",
        userName: "carol",
      },
    ],
    [
      "arn:aws:sts::444455556666:assumed-role/app/session",
      {
        type: "AssumedRole",
        arn: "arn:aws:sts::444455556666:assumed-role/app/session",
        accountId: "444455556666",
      },
    ],
    ["arn:aws:iam::111122223333:root", { type: "Root", accountId: "111122223333" }],
    ["ses.amazonaws.com", { type: "AWSService", invokedBy: "ses.amazonaws.com" }],
  ])("%s", async (principal, identity) => {
    const kms = setUp();
    await kms.clientAs(principal).send(encrypt);
    expect(last(kms).userIdentity).toMatchObject(identity);
    expect(last(kms).recipientAccountId).toBe(principal.includes("4444") ? "444455556666" : "111122223333");
  });

  test("over HTTP an access key id can stand for any principal", async () => {
    const carol = "arn:aws:iam::444455556666:user/carol";
    const kms = createLocalKms({ keys: [{ id: KEY_A }], principals: { AKIACAROL: carol } });
    const client = await connect(kms, "over HTTP", { principal: "AKIACAROL" });
    await client.send(encrypt);
    expect(last(kms).userIdentity).toMatchObject({
      arn: carol,
      accountId: "444455556666",
      accessKeyId: "AKIACAROL",
    });
  });

  test("the log keeps the request as it was", async () => {
    const kms = setUp();
    const context = { a: "b" };
    await kms.client.send(
      new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1), EncryptionContext: context }),
    );
    context.a = "changed";
    expect(last(kms).requestParameters).toMatchObject({ encryptionContext: { a: "b" } });
  });
});

test("every operation is named as in the SDK", async () => {
  const sdk = (await import("@aws-sdk/client-kms")) as Record<string, unknown>;
  for (const name of KMS_OPERATIONS) expect(sdk[`${name}Command`]).toBeTypeOf("function");
  expect(KMS_OPERATIONS).toHaveLength(24);
});
