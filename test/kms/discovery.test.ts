// kmsDiscoveryKeyring: what its filter lets through, before the call and in the reply.
import { describe, expect, it } from "vitest";
import { createEncryptionClient, type Keyring, type NoDataKeyError, rawAesKeyring } from "../../src/index.ts";
import { type KmsDiscoveryKeyringOptions, kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import {
  ACCOUNT,
  ARN_A,
  ARN_B,
  ARN_OTHER_ACCOUNT,
  arn,
  calls,
  failure,
  grantToken,
  KEY_A,
  OTHER_ACCOUNT,
  PLAINTEXT,
  startKms,
} from "./helpers.ts";

const FILTER = { partition: "aws", accountIds: [ACCOUNT] };
const seal = async (keyring: Keyring) =>
  (await createEncryptionClient({ keyring }).encrypt(PLAINTEXT)).ciphertext;
const open = async (keyring: Keyring, ciphertext: Uint8Array) =>
  (await createEncryptionClient({ keyring }).decrypt(ciphertext)).plaintext;

describe.each(["over HTTP", "in process"])("%s", (transport) => {
  it("opens what any key of the account wrapped, by the ARN that the message names", async () => {
    const started = await startKms();
    const { kms } = started;
    const client = transport === "in process" ? kms.client : started.client;
    const keyring = kmsDiscoveryKeyring({ client, filter: FILTER });
    for (const keyId of [ARN_A, ARN_B]) {
      const ciphertext = await seal(kmsKeyring({ client, keyId }));
      kms.clearEvents();
      expect(await open(keyring, ciphertext)).toEqual(PLAINTEXT);
      expect(calls(kms)).toEqual([`Decrypt ${keyId}`]);
    }
  });
});

describe("the filter", () => {
  it.each([
    ["account", ARN_OTHER_ACCOUNT, FILTER],
    ["partition", ARN_A, { partition: "aws-cn", accountIds: [ACCOUNT] }],
  ])("keeps out another %s without asking KMS", async (_part, keyId, filter) => {
    const { kms, client } = await startKms();
    const ciphertext = await seal(kmsKeyring({ client, keyId }));
    kms.clearEvents();
    const error = await failure<NoDataKeyError>(open(kmsDiscoveryKeyring({ client, filter }), ciphertext));
    expect(error).toMatchObject({
      code: "ERR_NO_DATA_KEY",
      reasons: [{ status: "skipped", reason: `${keyId} is outside the filter` }],
    });
    expect(calls(kms)).toEqual([]);
  });

  it("lets several accounts through", async () => {
    const { client } = await startKms();
    const ciphertext = await seal(kmsKeyring({ client, keyId: ARN_OTHER_ACCOUNT }));
    const filter = { partition: "aws", accountIds: [ACCOUNT, OTHER_ACCOUNT] };
    expect(await open(kmsDiscoveryKeyring({ client, filter }), ciphertext)).toEqual(PLAINTEXT);
  });

  it("cannot be widened afterwards", async () => {
    const { client } = await startKms();
    const ciphertext = await seal(kmsKeyring({ client, keyId: ARN_OTHER_ACCOUNT }));
    const accountIds = [ACCOUNT];
    const keyring = kmsDiscoveryKeyring({ client, filter: { partition: "aws", accountIds } });
    accountIds.push(OTHER_ACCOUNT);
    expect(await failure(open(keyring, ciphertext))).toMatchObject({ code: "ERR_NO_DATA_KEY" });
  });

  it("passes over one data key and opens the next", async () => {
    const { kms, client } = await startKms();
    const ciphertext = await seal(
      kmsKeyring({ client, keyId: ARN_OTHER_ACCOUNT, additionalKeyIds: [ARN_A] }),
    );
    kms.clearEvents();
    expect(await open(kmsDiscoveryKeyring({ client, filter: FILTER }), ciphertext)).toEqual(PLAINTEXT);
    expect(calls(kms)).toEqual([`Decrypt ${ARN_A}`]);
  });

  it.each([
    ["another account", ARN_OTHER_ACCOUNT],
    ["another key of the account", ARN_B],
    ["the same id in another partition", arn(KEY_A, "us-east-1", ACCOUNT, "aws-cn")],
    ["the same id in another account", arn(KEY_A, "us-east-1", OTHER_ACCOUNT)],
  ])("is compared again with the reply: %s", async (_what, replyKeyId) => {
    const { kms, client } = await startKms();
    const ciphertext = await seal(kmsKeyring({ client, keyId: ARN_A }));
    kms.faults.add({ operation: "Decrypt", fault: { replyKeyId } });
    const error = await failure<NoDataKeyError>(
      open(kmsDiscoveryKeyring({ client, filter: FILTER }), ciphertext),
    );
    expect(error).toMatchObject({ code: "ERR_NO_DATA_KEY", cause: { code: "ERR_KMS_REPLY" } });
    expect(error.message).toContain("names another key");
  });

  it.each([
    ["no filter", undefined],
    ["no partition", { accountIds: [ACCOUNT] }],
    ["a partition that is none", { partition: "AWS", accountIds: [ACCOUNT] }],
    ["no accounts", { partition: "aws" }],
    ["an empty list", { partition: "aws", accountIds: [] }],
    ["a wildcard", { partition: "aws", accountIds: ["*"] }],
    ["an account of 11 digits", { partition: "aws", accountIds: [ACCOUNT.slice(1)] }],
    ["a number", { partition: "aws", accountIds: [Number(ACCOUNT)] }],
    ["one string", { partition: "aws", accountIds: ACCOUNT }],
  ])("must be whole: %s", async (_what, filter) => {
    const { client } = await startKms();
    const make = () => kmsDiscoveryKeyring({ client, filter } as unknown as KmsDiscoveryKeyringOptions);
    expect(make).toThrow(expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARGUMENT" }));
  });
});

it("only reads", async () => {
  const { kms, client } = await startKms();
  const error = await failure(seal(kmsDiscoveryKeyring({ client, filter: FILTER })));
  expect(error).toMatchObject({
    name: "TypeError",
    code: "ERR_INVALID_ARGUMENT",
    message: expect.stringContaining("only reads"),
  });
  expect(calls(kms)).toEqual([]);
});

it("passes over what KMS did not wrap", async () => {
  const { kms, client } = await startKms();
  const raw = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(3) });
  const error = await failure<NoDataKeyError>(
    open(kmsDiscoveryKeyring({ client, filter: FILTER }), await seal(raw)),
  );
  expect(error.reasons).toMatchObject([
    { status: "skipped", reason: expect.stringContaining("not wrapped by KMS") },
  ]);
  expect(calls(kms)).toEqual([]);
});

it("brings its grant tokens", async () => {
  const { kms, client } = await startKms();
  const ciphertext = await seal(kmsKeyring({ client, keyId: ARN_A }));
  const good = kmsDiscoveryKeyring({ client, filter: FILTER, grantTokens: [await grantToken(kms, ARN_A)] });
  expect(await open(good, ciphertext)).toEqual(PLAINTEXT);
  const bad = kmsDiscoveryKeyring({ client, filter: FILTER, grantTokens: ["never issued"] });
  expect(await failure(open(bad, ciphertext))).toMatchObject({ cause: { code: "ERR_KMS_GRANT_TOKEN" } });
});
