// kmsKeyring: which keys it asks for what, by which names, and with what it compares the answers.
import { describe, expect, it } from "vitest";
import {
  inspectMessage,
  type Keyring,
  multiKeyring,
  type NoDataKeyError,
  rawAesKeyring,
} from "../../src/index.ts";
import { type KmsKeyringOptions, kmsKeyring } from "../../src/kms/index.ts";
import {
  ALIAS_A,
  ALIAS_ARN_A,
  ARN_A,
  ARN_B,
  ARN_OTHER_ACCOUNT,
  CONTEXT,
  calls,
  clientOf,
  failure,
  KEY_A,
  KEY_B,
  PLAINTEXT,
  seal,
  startKms,
} from "./helpers.ts";

const open = async (keyring: Keyring, ciphertext: Uint8Array) =>
  (await clientOf(keyring).decrypt(ciphertext, { encryptionContext: CONTEXT })).plaintext;

describe.each(["over HTTP", "in process"])("%s", (transport) => {
  const start = async () => {
    const { kms, client } = await startKms();
    return { kms, client: transport === "in process" ? kms.client : client };
  };

  it("makes a data key under one key, and opens it", async () => {
    const { kms, client } = await start();
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    expect(await open(keyring, await seal(keyring))).toEqual(PLAINTEXT);
    expect(calls(kms)).toEqual([`GenerateDataKey ${ARN_A}`, `Decrypt ${ARN_A}`]);
    expect(kms.events[0]?.requestParameters).toMatchObject({ numberOfBytes: 32 });
    expect(kms.events[0]?.requestParameters).not.toHaveProperty("keySpec");
  });

  it("wraps the same data key under all keys, in order, and each of them opens it", async () => {
    const { kms, client } = await start();
    const additionalKeyIds = [ARN_B, ARN_OTHER_ACCOUNT];
    const ciphertext = await seal(kmsKeyring({ client, keyId: ARN_A, additionalKeyIds }));
    expect(calls(kms)).toEqual([
      `GenerateDataKey ${ARN_A}`,
      `Encrypt ${ARN_B}`,
      `Encrypt ${ARN_OTHER_ACCOUNT}`,
    ]);
    const wrapped = inspectMessage(ciphertext).encryptedDataKeys.map((edk) => [
      edk.providerId,
      new TextDecoder().decode(edk.providerInfo),
    ]);
    expect(wrapped).toEqual([ARN_A, ...additionalKeyIds].map((arn) => ["aws-kms", arn]));
    for (const keyId of [ARN_A, ...additionalKeyIds]) {
      kms.clearEvents();
      expect(await open(kmsKeyring({ client, keyId }), ciphertext)).toEqual(PLAINTEXT);
      expect(calls(kms)).toEqual([`Decrypt ${keyId}`]);
    }
  });
});

describe("key ids", () => {
  it.each([
    ["key ARN", ARN_A],
    ["key id", KEY_A],
    ["alias name", ALIAS_A],
    ["alias ARN", ALIAS_ARN_A],
  ])("writes under a %s, and stores the key's ARN", async (_form, keyId) => {
    const { kms, client } = await startKms();
    const ciphertext = await seal(kmsKeyring({ client, keyId }));
    expect(calls(kms)).toEqual([`GenerateDataKey ${keyId}`]);
    const [edk] = inspectMessage(ciphertext).encryptedDataKeys;
    expect(new TextDecoder().decode(edk!.providerInfo)).toBe(ARN_A);
    expect(await open(kmsKeyring({ client, keyId: ARN_A }), ciphertext)).toEqual(PLAINTEXT);
  });

  it("opens with a bare key id", async () => {
    const { kms, client } = await startKms();
    const ciphertext = await seal(kmsKeyring({ client, keyId: ARN_A }));
    kms.clearEvents();
    expect(await open(kmsKeyring({ client, keyId: KEY_A }), ciphertext)).toEqual(PLAINTEXT);
    expect(calls(kms)).toEqual([`Decrypt ${KEY_A}`]);
  });

  it.each([ALIAS_A, ALIAS_ARN_A])("does not open with %s, and says why", async (keyId) => {
    const { kms, client } = await startKms();
    const keyring = kmsKeyring({ client, keyId });
    const ciphertext = await seal(keyring);
    kms.clearEvents();
    const error = await failure<NoDataKeyError>(open(keyring, ciphertext));
    expect(error.code).toBe("ERR_NO_DATA_KEY");
    expect(error.reasons).toEqual([
      {
        keyring: `KMS ${keyId}`,
        index: 0,
        providerId: "aws-kms",
        status: "skipped",
        reason: "this keyring names aliases only, which write; name the key ARN to read",
      },
    ]);
    expect(calls(kms)).toEqual([]);
  });

  it("writes under an additional alias, and opens with the key beside it", async () => {
    const { kms, client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_B, additionalKeyIds: [ALIAS_A] });
    const ciphertext = await seal(keyring);
    expect(await open(keyring, ciphertext)).toEqual(PLAINTEXT);
    expect(calls(kms)).toEqual([`GenerateDataKey ${ARN_B}`, `Encrypt ${ALIAS_A}`, `Decrypt ${ARN_B}`]);
  });

  it("asks for nothing that it does not name", async () => {
    const { kms, client } = await startKms();
    const ciphertext = await seal(kmsKeyring({ client, keyId: ARN_A }));
    kms.clearEvents();
    const error = await failure<NoDataKeyError>(open(kmsKeyring({ client, keyId: ARN_B }), ciphertext));
    expect(error.reasons).toMatchObject([
      { status: "skipped", reason: `wrapped under ${ARN_A}, which this keyring does not name` },
    ]);
    expect(calls(kms)).toEqual([]);
  });

  it.each([
    ["no key id", { keyId: undefined }],
    ["an empty one", { keyId: "" }],
    ["a name without alias/", { keyId: "orders" }],
    ["an ARN of another service", { keyId: ARN_A.replace("kms", "s3") }],
    ["a number", { keyId: 1 }],
    ["a malformed additional one", { keyId: ARN_A, additionalKeyIds: ["orders"] }],
    ["a grant token that is none", { keyId: ARN_A, grantTokens: [""] }],
    ["grant tokens that are no array", { keyId: ARN_A, grantTokens: "token" }],
    ["no client", { keyId: ARN_A, client: undefined }],
    ["a client that is none", { keyId: ARN_A, client: {} }],
  ])("refuses %s at once", async (_what, options) => {
    const { client } = await startKms();
    const make = () => kmsKeyring({ client, ...options } as unknown as KmsKeyringOptions);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARGUMENT" }));
  });
});

describe("order", () => {
  it("tries the encrypted data keys in their order, and stops at the first that opens", async () => {
    const { kms, client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B] });
    const ciphertext = await seal(keyring);
    kms.clearEvents();
    const swapped = kmsKeyring({ client, keyId: ARN_B, additionalKeyIds: [ARN_A] });
    await open(swapped, ciphertext);
    expect(calls(kms)).toEqual([`Decrypt ${ARN_A}`]);
    kms.clearEvents();
    kms.disableKey(KEY_A);
    const { plaintext, opened } = await clientOf(swapped).decrypt(ciphertext);
    expect(plaintext).toEqual(PLAINTEXT);
    expect(new TextDecoder().decode(opened.providerInfo)).toBe(ARN_B);
    expect(calls(kms)).toEqual([`Decrypt ${ARN_A}`, `Decrypt ${ARN_B}`]);
  });

  it("makes no call to KMS where a local keyring stands before it", async () => {
    const { kms, client } = await startKms();
    const local = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(5) });
    const remote = kmsKeyring({ client, keyId: ARN_A });
    const ciphertext = await seal(multiKeyring({ generator: remote, children: [local] }));
    kms.clearEvents();
    expect(await open(multiKeyring({ children: [local, remote] }), ciphertext)).toEqual(PLAINTEXT);
    expect(calls(kms)).toEqual([]);
    expect(await open(multiKeyring({ children: [remote, local] }), ciphertext)).toEqual(PLAINTEXT);
    expect(calls(kms)).toEqual([`Decrypt ${ARN_A}`]);
  });
});

describe("needsReencryption", () => {
  it("tells whether a message of today would have these keys, and asks KMS nothing", async () => {
    const { kms, client } = await startKms();
    const one = kmsKeyring({ client, keyId: ARN_A });
    const two = kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B] });
    const ciphertext = await seal(two);
    kms.clearEvents();
    const needs = (keyring: Keyring) => clientOf(keyring).needsReencryption(ciphertext);
    expect(await needs(two)).toBe(false);
    expect(await needs(kmsKeyring({ client, keyId: KEY_A, additionalKeyIds: [KEY_B] }))).toBe(false);
    expect(await needs(one)).toBe(true);
    expect(await needs(kmsKeyring({ client, keyId: ARN_B, additionalKeyIds: [ARN_A] }))).toBe(true);
    const raw = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(5) });
    expect(await needs(multiKeyring({ generator: two, children: [raw] }))).toBe(true);
    expect(calls(kms)).toEqual([]);
  });

  it("refuses to guess where an alias is named", async () => {
    const { client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ALIAS_A });
    const error = await failure(clientOf(keyring).needsReencryption(await seal(keyring)));
    expect(error).toMatchObject({ code: "ERR_KEYRING", message: expect.stringContaining("name key ARNs") });
  });
});
