import type { CreateKeyCommandInput, GenerateDataKeyCommandInput } from "@aws-sdk/client-kms";
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  ListKeysCommand,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { createLocalKms } from "../../src/testing/index.ts";
import { ARN_A, bytes, complaint, connect, failure, KEY_A, KEY_B, TRANSPORTS } from "./helpers.ts";

const setUp = () => createLocalKms({ keys: [{ id: KEY_A }, { id: KEY_B }] });
const invalid = (what: string) => `ValidationException: 1 validation error detected: ${what}`;
const tooLong = (name: string, max: number) =>
  invalid(
    `Value at '${name}' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
  );
const tooShort = (name: string, min: number) =>
  invalid(
    `Value at '${name}' failed to satisfy constraint: Member must have length greater than or equal to ${min}`,
  );
const missing = (name: string) =>
  invalid(`Value null at '${name}' failed to satisfy constraint: Member must not be null`);

describe.each(TRANSPORTS)("wrong input %s", (transport) => {
  test("Encrypt takes 1 to 4,096 bytes", async () => {
    const client = await connect(setUp(), transport);
    const encrypt = (length: number) =>
      client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(length) }));
    expect(await complaint(encrypt(4097))).toBe(tooLong("plaintext", 4096));
    expect(await complaint(encrypt(0))).toBe(tooShort("plaintext", 1));
    const { CiphertextBlob } = await encrypt(4096);
    expect((await client.send(new DecryptCommand({ CiphertextBlob }))).Plaintext).toEqual(bytes(4096));
  });

  test("Decrypt takes 1 to 6,144 bytes", async () => {
    const client = await connect(setUp(), transport);
    const decrypt = (length: number) =>
      complaint(client.send(new DecryptCommand({ CiphertextBlob: bytes(length) })));
    expect(await decrypt(6145)).toBe(tooLong("ciphertextBlob", 6144));
    expect(await decrypt(0)).toBe(tooShort("ciphertextBlob", 1));
    expect(await decrypt(6144)).toBe("InvalidCiphertextException: UnknownError");
  });

  test.each<[Partial<GenerateDataKeyCommandInput>, string]>([
    [{}, "ValidationException: Please specify either number of bytes or key spec."],
    [
      { NumberOfBytes: 32, KeySpec: "AES_256" as const },
      "ValidationException: Please specify either number of bytes or key spec.",
    ],
    [
      { NumberOfBytes: 0 },
      invalid(
        "Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1",
      ),
    ],
    [
      { NumberOfBytes: 1025 },
      invalid(
        "Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
      ),
    ],
  ])("data keys of size %o", async (size, message) => {
    const client = await connect(setUp(), transport);
    expect(await complaint(client.send(new GenerateDataKeyCommand({ ...size, KeyId: KEY_A })))).toBe(message);
    const without = new GenerateDataKeyWithoutPlaintextCommand({ ...size, KeyId: KEY_A });
    expect(await complaint(client.send(without))).toBe(message);
  });

  test("the spec of a data key is no other", async () => {
    const client = await connect(setUp(), transport);
    const command = new GenerateDataKeyCommand({ KeyId: KEY_B, KeySpec: "AES_512" as "AES_256" });
    expect(await complaint(client.send(command))).toMatch(
      /^ValidationException: 1 validation error detected: Value 'AES_512' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: \[/,
    );
  });

  test("members that are missing are named, all of them", async () => {
    const client = await connect(setUp(), transport);
    const lacking = (input: object) => input as never;
    expect(await complaint(client.send(new EncryptCommand(lacking({ KeyId: KEY_A }))))).toBe(
      missing("plaintext"),
    );
    expect(await complaint(client.send(new DecryptCommand(lacking({}))))).toBe(missing("ciphertextBlob"));
    expect(await complaint(client.send(new ReEncryptCommand(lacking({ CiphertextBlob: bytes(1) }))))).toBe(
      missing("destinationKeyId"),
    );
    expect(await complaint(client.send(new EncryptCommand(lacking({}))))).toBe(
      "ValidationException: 2 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; Value null at 'plaintext' failed to satisfy constraint: Member must not be null",
    );
    expect((await failure(client.send(new GenerateRandomCommand({})))).name).toBe("ValidationException");
  });

  test("lengths of key ids, markers and windows", async () => {
    const client = await connect(setUp(), transport);
    const describe = (KeyId: string) => complaint(client.send(new DescribeKeyCommand({ KeyId })));
    expect(await describe("x".repeat(2049))).toBe(tooLong("keyId", 2048));
    expect(await describe("")).toContain(
      "'keyId' failed to satisfy constraint: Member must have length greater",
    );
    const schedule = (PendingWindowInDays: number) =>
      complaint(client.send(new ScheduleKeyDeletionCommand({ KeyId: KEY_A, PendingWindowInDays })));
    expect(await schedule(6)).toContain("Value '6' at 'pendingWindowInDays'");
    expect(await schedule(31)).toContain("Value '31' at 'pendingWindowInDays'");
    expect(await complaint(client.send(new ListKeysCommand({ Limit: 1001 })))).toContain(
      "Value '1001' at 'limit'",
    );
  });

  test("validation comes before the key is looked up, and never echoes a plaintext", async () => {
    const client = await connect(setUp(), transport);
    const Plaintext = new TextEncoder().encode("secret ".repeat(1000));
    const error = await failure(client.send(new EncryptCommand({ KeyId: "alias/none", Plaintext })));
    expect(error.name).toBe("ValidationException");
    expect(error.message).not.toContain("secret");
  });

  test("grant tokens must have been issued", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const encrypt = (GrantTokens: string[]) =>
      client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1), GrantTokens }));
    const issue = async () => {
      const GranteePrincipal = "arn:aws:iam::111122223333:user/alice";
      const input = { KeyId: KEY_B, GranteePrincipal, Operations: ["Encrypt" as const] };
      return (await client.send(new CreateGrantCommand(input))).GrantToken!;
    };
    const token = await issue();
    await encrypt([token, await issue()]);
    expect((await failure(encrypt([token, "made-up"]))).name).toBe("InvalidGrantTokenException");
    const eleven = Array.from({ length: 11 }, () => token);
    expect(await complaint(encrypt(eleven))).toBe(tooLong("grantTokens", 10));
    expect(JSON.stringify(kms.events)).not.toContain(token);
  });

  test("a dry run does everything but the work", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1) }));
    const DryRun = true;
    for (const call of [
      client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1), DryRun })),
      client.send(new DecryptCommand({ CiphertextBlob, DryRun })),
      client.send(new GenerateDataKeyCommand({ KeyId: KEY_A, KeySpec: "AES_256", DryRun })),
      client.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KEY_B, DryRun })),
    ]) {
      expect((await failure(call)).name).toBe("DryRunOperationException");
    }
    kms.disableKey(KEY_A);
    const call = client.send(new DecryptCommand({ CiphertextBlob, DryRun }));
    expect((await failure(call)).name).toBe("DisabledException");
  });

  test("Nitro enclaves are refused rather than ignored", async () => {
    const client = await connect(setUp(), transport);
    const Recipient = { AttestationDocument: bytes(1) };
    const call = client.send(new GenerateDataKeyCommand({ KeyId: KEY_A, KeySpec: "AES_256", Recipient }));
    expect((await failure(call)).name).toBe("UnsupportedOperationException");
  });
});

describe.each(TRANSPORTS)("keys that are not symmetric %s", (transport) => {
  test("RSA for encryption", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const { KeyMetadata } = await client.send(
      new CreateKeyCommand({ KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" }),
    );
    const { KeyId } = KeyMetadata!;
    expect(KeyMetadata).toMatchObject({
      KeySpec: "RSA_2048",
      EncryptionAlgorithms: ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
    });
    for (const Command of [GenerateDataKeyCommand, GenerateDataKeyWithoutPlaintextCommand]) {
      expect(await complaint(client.send(new Command({ KeyId, KeySpec: "AES_256" })))).toBe(
        "InvalidKeyUsageException: You cannot generate a data key with an asymmetric CMK",
      );
    }
    const Plaintext = bytes(1);
    expect(await complaint(client.send(new EncryptCommand({ KeyId, Plaintext })))).toBe(
      "InvalidKeyUsageException: Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.",
    );
    const EncryptionAlgorithm = "RSAES_OAEP_SHA_256";
    const rsa = client.send(new EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm }));
    expect((await failure(rsa)).name).toBe("UnsupportedOperationException");
    const symmetric = client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext, EncryptionAlgorithm }));
    expect(await complaint(symmetric)).toBe(
      "InvalidKeyUsageException: Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.",
    );
    const decrypt = new DecryptCommand({ CiphertextBlob: bytes(256), KeyId: KEY_A, EncryptionAlgorithm });
    expect((await failure(client.send(decrypt))).name).toBe("InvalidKeyUsageException");
    const rotate = client.send(new RotateKeyOnDemandCommand({ KeyId }));
    expect((await failure(rotate)).name).toBe("UnsupportedOperationException");
  });

  test.each([
    ["RSA_2048", "SIGN_VERIFY"],
    ["HMAC_256", "GENERATE_VERIFY_MAC"],
    ["ECC_NIST_P256", "KEY_AGREEMENT"],
  ] as const)("%s for %s", async (KeySpec, KeyUsage) => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ KeySpec, KeyUsage }));
    const { KeyId, Arn } = KeyMetadata!;
    const wrong = (operation: string) =>
      `InvalidKeyUsageException: ${Arn} key usage is ${KeyUsage} which is not valid for ${operation}.`;
    const Plaintext = bytes(1);
    expect(await complaint(client.send(new EncryptCommand({ KeyId, Plaintext })))).toBe(wrong("Encrypt"));
    expect(await complaint(client.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" })))).toBe(
      wrong("GenerateDataKey"),
    );
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext }));
    const move = client.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KeyId }));
    expect(await complaint(move)).toBe(wrong("ReEncrypt"));
    // The state comes after the usage, and before the spec.
    kms.disableKey(Arn!);
    expect(await complaint(client.send(new EncryptCommand({ KeyId, Plaintext })))).toBe(wrong("Encrypt"));
  });

  test("CreateKey refuses what KMS refuses", async () => {
    const client = await connect(setUp(), transport);
    const create = (input: CreateKeyCommandInput) => complaint(client.send(new CreateKeyCommand(input)));
    expect(await create({ KeySpec: "RSA_2048" })).toBe(
      "ValidationException: You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
    );
    expect(await create({ KeySpec: "HMAC_256", KeyUsage: "ENCRYPT_DECRYPT" })).toMatch(
      /^ValidationException/,
    );
    expect(await create({ KeyUsage: "SIGN_VERIFY" })).toMatch(/^ValidationException/);
    expect(await create({ KeySpec: "AES_256" as "RSA_2048" })).toMatch(
      /^ValidationException: .*enum value set/,
    );
    expect(await create({ Origin: "EXTERNAL" })).toMatch(/^UnsupportedOperationException/);
    expect(await create({ Description: "x".repeat(8193) })).toBe(tooLong("description", 8192));
  });
});

describe("values of the wrong type", () => {
  test.each([
    ["text for bytes", { KeyId: KEY_A, Plaintext: "text" }],
    ["a number for a key id", { KeyId: 5, Plaintext: bytes(1) }],
    ["a list for a context", { KeyId: KEY_A, Plaintext: bytes(1), EncryptionContext: ["a"] }],
    ["numbers in a context", { KeyId: KEY_A, Plaintext: bytes(1), EncryptionContext: { a: 1 } }],
    ["undefined in a context", { KeyId: KEY_A, Plaintext: bytes(1), EncryptionContext: { a: undefined } }],
    ["text for a flag", { KeyId: KEY_A, Plaintext: bytes(1), DryRun: "true" }],
    ["text for a list", { KeyId: KEY_A, Plaintext: bytes(1), GrantTokens: "token" }],
  ])("%s", async (_, input) => {
    const call = setUp().client.send(new EncryptCommand(input as never));
    expect((await failure(call)).name).toBe("SerializationException");
  });
});

test("the options of the KMS itself are checked", () => {
  expect(() => createLocalKms({ accountId: "1" })).toThrow("accountId");
  expect(() => createLocalKms({ region: "" })).toThrow("region");
  expect(() => createLocalKms({ keys: [{ id: "x" }] })).toThrow("id");
  expect(createLocalKms({ keys: [{ id: KEY_A }] }).arn(KEY_A)).toBe(ARN_A);
});
