// What comes out when KMS refuses: reasons, remedies, and the passing failure of the only key as itself.
import { describe, expect, it } from "vitest";
import { type KmsError, multiKeyring, type NoDataKeyError, rawAesKeyring } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import type { KmsErrorName } from "../../src/testing/index.ts";
import {
  ARN_A,
  ARN_B,
  calls,
  failure,
  genuineClient,
  grantToken,
  KEY_A,
  open,
  PLAINTEXT,
  seal,
  startKms,
} from "./helpers.ts";

describe("keys that cannot wrap data keys", () => {
  it.each([
    ["RSA for encryption", "RSA_2048", "ENCRYPT_DECRYPT"],
    ["RSA for signatures", "RSA_4096", "SIGN_VERIFY"],
    ["ECC", "ECC_NIST_P256", "SIGN_VERIFY"],
    ["HMAC", "HMAC_256", "GENERATE_VERIFY_MAC"],
  ] as const)("%s is refused, to generate and to wrap", async (_what, keySpec, keyUsage) => {
    const { kms, client } = await startKms();
    const { arn } = kms.createKey({ keySpec, keyUsage });
    for (const [operation, keyring] of [
      ["GenerateDataKey", kmsKeyring({ client, keyId: arn })],
      ["Encrypt", kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [arn] })],
    ] as const) {
      const error = await failure<KmsError>(seal(keyring));
      expect(error).toMatchObject({ name: "KmsError", code: "ERR_KMS_KEY_USAGE", operation, keyId: arn });
      expect(error.message).toContain(arn);
      expect(error.message).toMatch(/only symmetric encryption keys/i);
    }
  });
});

describe("states of a key", () => {
  it.each([
    ["disabled", "ERR_KMS_KEY_DISABLED", /kms:EnableKey/, (kms) => kms.disableKey(KEY_A)],
    [
      "pending deletion",
      "ERR_KMS_KEY_STATE",
      /kms:CancelKeyDeletion/,
      (kms) => kms.scheduleKeyDeletion(KEY_A),
    ],
    ["deleted", "ERR_KMS_KEY_NOT_FOUND", /does not come back/, (kms) => kms.destroyKey(KEY_A)],
  ] as readonly [string, string, RegExp, (kms: Awaited<ReturnType<typeof startKms>>["kms"]) => void][])(
    "%s",
    async (_state, code, remedy, change) => {
      const { kms, client } = await startKms();
      const keyring = kmsKeyring({ client, keyId: ARN_A });
      const ciphertext = await seal(keyring);
      change(kms);
      const writing = await failure<KmsError>(seal(keyring));
      expect(writing).toMatchObject({ code, operation: "GenerateDataKey", transient: false });
      expect(writing.message).toMatch(remedy);
      const reading = await failure<NoDataKeyError>(open(keyring, ciphertext));
      expect(reading).toMatchObject({ code: "ERR_NO_DATA_KEY", cause: { code, operation: "Decrypt" } });
      expect(reading.message).toMatch(remedy);
    },
  );
});

describe("grant tokens", () => {
  it("go with every operation", async () => {
    const { kms, client } = await startKms();
    const options = { client, keyId: ARN_A, additionalKeyIds: [ARN_B] };
    const tokens = [await grantToken(kms, ARN_A), await grantToken(kms, ARN_B)];
    const good = kmsKeyring({ ...options, grantTokens: tokens });
    const ciphertext = await seal(good);
    expect((await open(good, ciphertext)).plaintext).toEqual(PLAINTEXT);
    const bad = kmsKeyring({ ...options, grantTokens: ["never issued"] });
    expect(await failure(seal(bad))).toMatchObject({
      code: "ERR_KMS_GRANT_TOKEN",
      operation: "GenerateDataKey",
    });
    const raw = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(9) });
    expect(await failure(seal(multiKeyring({ generator: raw, children: [bad] })))).toMatchObject({
      code: "ERR_KMS_GRANT_TOKEN",
      operation: "Encrypt",
    });
    const error = await failure<NoDataKeyError>(open(bad, ciphertext));
    expect(error.reasons.map(({ cause }) => (cause as KmsError).code)).toEqual([
      "ERR_KMS_GRANT_TOKEN",
      "ERR_KMS_GRANT_TOKEN",
    ]);
    expect(error.message).not.toContain("never issued");
  });
});

describe("reasons", () => {
  it("says of every data key and keyring why it did not open", async () => {
    const { kms, client } = await startKms();
    const raw = (name: string) => rawAesKeyring({ namespace: "n", name, key: new Uint8Array(32).fill(9) });
    const kmsKeys = kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B] });
    const ciphertext = await seal(multiKeyring({ generator: kmsKeys, children: [raw("k")] }));
    kms.clearEvents();
    kms.disableKey(ARN_A);
    kms.faults.add({ operation: "Decrypt", keyId: ARN_B, fault: { error: "AccessDeniedException" } });
    const error = await failure<NoDataKeyError>(
      open(multiKeyring({ children: [kmsKeys, raw("other")] }), ciphertext),
    );
    const names = { kms: `KMS ${ARN_A}, ${ARN_B}`, raw: raw("other").name };
    expect(error.reasons.map(({ keyring, index, status }) => [keyring, index, status])).toEqual([
      [names.kms, 0, "failed"],
      [names.kms, 1, "failed"],
      [names.kms, 2, "skipped"],
      [names.raw, 0, "skipped"],
      [names.raw, 1, "skipped"],
      [names.raw, 2, "skipped"],
    ]);
    expect(error.cause).toBeInstanceOf(AggregateError);
    for (const { keyring, reason } of error.reasons) {
      expect(error.message).toContain(reason);
      expect(error.message).toContain(keyring);
    }
    expect(error.message).toContain("None of the 3 encrypted data key(s)");
    expect(calls(kms)).toEqual([`Decrypt ${ARN_A}`, `Decrypt ${ARN_B}`]);
  });

  it("keeps the AWS error, its name and the request id", async () => {
    const { kms, client } = await startKms();
    kms.faults.add({ fault: { error: "AccessDeniedException", message: "explicit deny" } });
    const error = await failure<KmsError>(seal(kmsKeyring({ client, keyId: ARN_A })));
    expect(error).toMatchObject({
      code: "ERR_KMS_ACCESS_DENIED",
      awsErrorName: "AccessDeniedException",
      requestId: kms.events[0]?.requestID,
      cause: { name: "AccessDeniedException", message: "explicit deny" },
    });
    expect(error.message).toContain(kms.events[0]!.requestID);
  });
});

describe("a passing failure of the only key", () => {
  it.each([
    ["ThrottlingException", "ERR_KMS_THROTTLED"],
    ["KMSInternalException", "ERR_KMS_INTERNAL"],
    ["DependencyTimeoutException", "ERR_KMS_TIMEOUT"],
    ["KeyUnavailableException", "ERR_KMS_KEY_UNAVAILABLE"],
  ] as [KmsErrorName, string][])("%s comes out as itself", async (name, code) => {
    const { kms, client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    const ciphertext = await seal(keyring);
    kms.faults.add({ operation: "Decrypt", times: 1, fault: { error: name } });
    const raw = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(9) });
    const error = await failure<KmsError>(open(multiKeyring({ children: [raw, keyring] }), ciphertext));
    expect(error).toMatchObject({ name: "KmsError", code, transient: true, awsErrorName: name });
    // Nothing of the failure is kept: the next call opens.
    expect((await open(keyring, ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("a dead endpoint comes out as ERR_KMS_NETWORK", async () => {
    const { kms, url, client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    const ciphertext = await seal(keyring);
    await kms.close();
    const dead = genuineClient(url);
    expect(await failure(open(kmsKeyring({ client: dead, keyId: ARN_A }), ciphertext))).toMatchObject({
      code: "ERR_KMS_NETWORK",
      transient: true,
    });
    dead.destroy();
  });

  it("is one reason among several if another key failed for good", async () => {
    const { kms, client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B] });
    const ciphertext = await seal(keyring);
    kms.disableKey(ARN_B);
    kms.faults.add({ operation: "Decrypt", keyId: ARN_A, fault: { error: "ThrottlingException" } });
    const error = await failure<NoDataKeyError>(open(keyring, ciphertext));
    expect(error.reasons.map(({ cause }) => (cause as KmsError).code)).toEqual([
      "ERR_KMS_THROTTLED",
      "ERR_KMS_KEY_DISABLED",
    ]);
  });
});

it("leaves retries to the client: one call of keyfold is one call of the SDK", async () => {
  const { kms, client } = await startKms({}, { maxAttempts: 1 });
  const handle = kms.faults.add({ fault: { error: "ThrottlingException" } });
  await failure(seal(kmsKeyring({ client, keyId: ARN_A })));
  expect(handle.hits).toBe(1);
});

it("takes a client that answers nothing for a bad reply, not for a broken connection", async () => {
  const mock = { send: async () => undefined as unknown as object };
  expect(await failure(seal(kmsKeyring({ client: mock, keyId: ARN_A })))).toMatchObject({
    code: "ERR_KMS_REPLY",
    transient: false,
  });
});
