// What an observer hears of KMS calls: enough to count, time and trace them, and nothing secret.
import { describe, expect, it } from "vitest";
import { createEncryptionClient, type KeyfoldEvent, type Keyring } from "../../src/index.ts";
import { kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import { ACCOUNT, ARN_A, ARN_B, CONTEXT, failure, kmsCallRecorder, PLAINTEXT, startKms } from "./helpers.ts";
import { leakIn, recordDataKeys } from "./secrets.ts";

const clientOf = (keyring: Keyring) => createEncryptionClient({ keyring });

describe.each(["over HTTP", "in process"])("%s", (transport) => {
  it("hears of every call, with its operation, key, request and duration", async () => {
    const started = await startKms();
    const { kms } = started;
    const client = transport === "in process" ? kms.client : started.client;
    const { events, observer } = kmsCallRecorder();
    const name = `KMS ${ARN_A}, ${ARN_B}`;
    const keyring = kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B], observer });
    kms.faults.add({ operation: "Encrypt", fault: { delayMs: 30 } });
    const { ciphertext } = await clientOf(keyring).encrypt(PLAINTEXT, { encryptionContext: CONTEXT });
    await clientOf(keyring).decrypt(ciphertext);
    expect(events).toEqual(
      (["GenerateDataKey", "Encrypt", "Decrypt"] as const).map((operation, i) => ({
        type: "kmsCall",
        keyring: name,
        operation,
        keyId: operation === "Encrypt" ? ARN_B : ARN_A,
        durationMs: expect.any(Number),
        requestId: kms.events[i]?.requestID,
        error: undefined,
      })),
    );
    expect(events[1]!.durationMs).toBeGreaterThanOrEqual(25);
    for (const { durationMs } of events) expect(durationMs).toBeGreaterThan(0);
  });

  it("hears of failures, by their code", async () => {
    const started = await startKms();
    const { kms } = started;
    const client = transport === "in process" ? kms.client : started.client;
    const { events, observer } = kmsCallRecorder();
    const keyring = kmsKeyring({ client, keyId: ARN_A, observer });
    const { ciphertext } = await clientOf(keyring).encrypt(PLAINTEXT);
    kms.disableKey(ARN_A);
    await failure(clientOf(keyring).decrypt(ciphertext));
    expect(events[1]).toMatchObject({
      operation: "Decrypt",
      keyId: ARN_A,
      error: "ERR_KMS_KEY_DISABLED",
      requestId: kms.events[1]?.requestID,
    });
    kms.faults.add({ fault: { reset: true } });
    await failure(clientOf(keyring).decrypt(ciphertext));
    expect(events[2]).toMatchObject({ operation: "Decrypt", requestId: undefined });
    expect(events[2]!.error).toMatch(/^ERR_KMS_/);
  });
});

it("hears of one call where the SDK tried several times", async () => {
  const { kms, client } = await startKms({}, { maxAttempts: 3 });
  const { events, observer } = kmsCallRecorder();
  kms.faults.add({ times: 2, fault: { error: "ThrottlingException" } });
  await clientOf(kmsKeyring({ client, keyId: ARN_A, observer })).encrypt(PLAINTEXT);
  expect(kms.events.map(({ errorCode }) => errorCode)).toEqual([
    "ThrottlingException",
    "ThrottlingException",
    undefined,
  ]);
  expect(events).toMatchObject([{ error: undefined, requestId: kms.events[2]?.requestID }]);
});

it("hears of discovery, with the key that the message names", async () => {
  const { client } = await startKms();
  const { events, observer } = kmsCallRecorder();
  const { ciphertext } = await clientOf(kmsKeyring({ client, keyId: ARN_A })).encrypt(PLAINTEXT);
  const filter = { partition: "aws", accountIds: [ACCOUNT] };
  await clientOf(kmsDiscoveryKeyring({ client, filter, observer })).decrypt(ciphertext);
  expect(events).toMatchObject([
    { keyring: `KMS discovery in aws ${ACCOUNT}`, operation: "Decrypt", keyId: ARN_A },
  ]);
});

it("hears of no key material, plaintext, ciphertext or context values", async () => {
  const { kms, client } = await startKms();
  const recorded = recordDataKeys();
  try {
    const events: KeyfoldEvent[] = [];
    const observer = (event: KeyfoldEvent) => void events.push(event);
    const keyring = kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B], observer });
    const encryption = createEncryptionClient({ keyring, observer });
    const encryptionContext = { tenant: "context-value-marker" };
    const { ciphertext } = await encryption.encrypt(PLAINTEXT, { encryptionContext });
    await encryption.decrypt(ciphertext);
    kms.disableKey(ARN_A);
    await encryption.decrypt(ciphertext);
    expect(recorded.keys.length).toBeGreaterThan(0);
    expect(events.map(({ type }) => type)).toEqual([
      ...["kmsCall", "kmsCall", "encrypted"],
      ...["kmsCall", "decrypted"],
      ...["kmsCall", "kmsCall", "decrypted"],
    ]);
    const text = JSON.stringify(events);
    expect(leakIn(text, [...recorded.keys, PLAINTEXT, ciphertext.slice(-64)])).toBeUndefined();
    expect(text).not.toContain("context-value-marker");
  } finally {
    recorded.stop();
  }
});

it("does not break what it watches", async () => {
  const { client } = await startKms();
  const observer = () => {
    throw new Error("the observer fell over");
  };
  const keyring = kmsKeyring({ client, keyId: ARN_A, observer });
  const { ciphertext } = await clientOf(keyring).encrypt(PLAINTEXT);
  expect((await clientOf(keyring).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
});
