// An aborted call ends with the signal's own reason, at once, and whichever operation was under way.
import { describe, expect, it, vi } from "vitest";
import {
  createEncryptionClient,
  type Keyring,
  multiKeyring,
  openObject,
  rawAesKeyring,
  sealObject,
} from "../../src/index.ts";
import { kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import type { LocalKms } from "../../src/testing/index.ts";
import { ACCOUNT, ARN_A, ARN_B, calls, failure, kmsCallRecorder, PLAINTEXT, startKms } from "./helpers.ts";

interface Case {
  readonly operation: "GenerateDataKey" | "Encrypt" | "Decrypt";
  run(
    keyrings: { one: Keyring; two: Keyring; discovery: Keyring },
    sealed: Sealed,
    signal: AbortSignal,
  ): Promise<unknown>;
}
type Sealed = Awaited<ReturnType<typeof sealBoth>>;

async function sealBoth({ client }: LocalKms) {
  const keyring = kmsKeyring({ client, keyId: ARN_A });
  const { ciphertext } = await createEncryptionClient({ keyring }).encrypt(PLAINTEXT);
  return { ciphertext, object: await sealObject(PLAINTEXT, { keyring }) };
}

const backup = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(4) });
const CASES: Readonly<Record<string, Case>> = {
  "a new message": {
    operation: "GenerateDataKey",
    run: ({ one }, _sealed, signal) =>
      createEncryptionClient({ keyring: one }).encrypt(PLAINTEXT, { signal }),
  },
  "a new message, at the second key": {
    operation: "Encrypt",
    run: ({ two }, _sealed, signal) =>
      createEncryptionClient({ keyring: two }).encrypt(PLAINTEXT, { signal }),
  },
  "a message": {
    operation: "Decrypt",
    run: ({ one }, { ciphertext }, signal) =>
      createEncryptionClient({ keyring: one }).decrypt(ciphertext, { signal }),
  },
  "a message, with a backup that is not asked": {
    operation: "Decrypt",
    run: ({ one }, { ciphertext }, signal) =>
      createEncryptionClient({ keyring: multiKeyring({ children: [one, backup] }) }).decrypt(ciphertext, {
        signal,
      }),
  },
  "a message, by discovery": {
    operation: "Decrypt",
    run: ({ discovery }, { ciphertext }, signal) =>
      createEncryptionClient({ keyring: discovery }).decrypt(ciphertext, { signal }),
  },
  "a new object": {
    operation: "GenerateDataKey",
    run: ({ one }, _sealed, signal) => sealObject(PLAINTEXT, { keyring: one, signal }),
  },
  "an object": {
    operation: "Decrypt",
    run: ({ one }, { object }, signal) => openObject(object, { keyring: one, signal }),
  },
};

async function start() {
  const { kms, client } = await startKms({}, { maxAttempts: 3 });
  const sealed = await sealBoth(kms);
  kms.clearEvents();
  const { events, observer } = kmsCallRecorder();
  const filter = { partition: "aws", accountIds: [ACCOUNT] };
  const keyrings = {
    one: kmsKeyring({ client, keyId: ARN_A, observer }),
    two: kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B], observer }),
    discovery: kmsDiscoveryKeyring({ client, filter, observer }),
  };
  return { kms, sealed, keyrings, events };
}

describe.each(Object.entries(CASES))("%s", (_name, { operation, run }) => {
  it("ends before the first call if the signal was aborted already", async () => {
    const { kms, sealed, keyrings, events } = await start();
    const reason = new Error("never mind");
    expect(await failure(run(keyrings, sealed, AbortSignal.abort(reason)))).toBe(reason);
    expect(calls(kms)).toEqual([]);
    expect(events).toEqual([]);
  });

  it("ends in the middle of a slow reply", async () => {
    const { kms, sealed, keyrings, events } = await start();
    const slow = kms.faults.add({ operation, fault: { delayMs: 10_000 } });
    const controller = new AbortController();
    const reason = { message: "a reason need not be an error" };
    const begin = performance.now();
    const outcome = failure(run(keyrings, sealed, controller.signal));
    await vi.waitFor(() => expect(slow.hits).toBe(1), { interval: 2 });
    controller.abort(reason);
    expect(await outcome).toBe(reason);
    expect(performance.now() - begin).toBeLessThan(3000);
    expect(slow.hits).toBe(1);
    expect(events.at(-1)).toMatchObject({ operation, error: "ABORTED", requestId: undefined });
    expect(events.filter(({ error }) => error !== undefined)).toHaveLength(1);
  });

  it("names a timeout by the signal's own TimeoutError", async () => {
    const { kms, sealed, keyrings } = await start();
    kms.faults.add({ operation, fault: { delayMs: 10_000 } });
    const signal = AbortSignal.timeout(40);
    const error = await failure(run(keyrings, sealed, signal));
    expect(error).toBe(signal.reason);
    expect(error).toMatchObject({ name: "TimeoutError" });
    expect(error.code).not.toBe("ERR_KMS_TIMEOUT");
  });

  it("is not disturbed by a signal that stays silent", async () => {
    const { sealed, keyrings } = await start();
    const { signal } = new AbortController();
    await expect(run(keyrings, sealed, signal)).resolves.toBeDefined();
  });
});

it("is aborted also in process", async () => {
  const { kms } = await startKms();
  const controller = new AbortController();
  const reason = new Error("never mind");
  const keyring = kmsKeyring({ client: kms.client, keyId: ARN_A });
  kms.faults.add({ fault: { delayMs: 10_000 } });
  const outcome = failure(
    createEncryptionClient({ keyring }).encrypt(PLAINTEXT, { signal: controller.signal }),
  );
  setTimeout(() => controller.abort(reason), 10);
  expect(await outcome).toBe(reason);
});

it("ends with the reason also where a keyring is asked without a manager", async () => {
  const { kms, keyrings } = await start();
  const purpose = { kind: "key" } as const;
  const request = { purpose, keyLength: 32, encryptionContext: {} };
  const { encryptedDataKeys } = await keyrings.one.generate!(request);
  kms.faults.add({ fault: { delayMs: 10_000 } });
  const reason = new Error("never mind");
  for (const run of [
    async (signal: AbortSignal) => keyrings.one.generate!({ ...request, signal }),
    async (signal: AbortSignal) => keyrings.one.wrap!(new Uint8Array(32).fill(1), { ...request, signal }),
    async (signal: AbortSignal) =>
      keyrings.one.unwrap!(encryptedDataKeys, { ...request, signal, note: () => {} }),
  ]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 15);
    expect(await failure(run(controller.signal))).toBe(reason);
  }
});
