import {
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateRandomCommand,
  ReEncryptCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { KmsErrorName, LocalKmsFault, LocalKmsFaultRule } from "../../src/testing/index.ts";
import { createLocalKms, KMS_ERRORS, MALFORMED_REPLIES } from "../../src/testing/index.ts";
import { ARN_A, ARN_B, bytes, complaint, connect, failure, KEY_A, KEY_B, TRANSPORTS } from "./helpers.ts";

const setUp = () => createLocalKms({ keys: [{ id: KEY_A, aliases: ["alias/a"] }, { id: KEY_B }] });
const generate = (KeyId = KEY_A) => new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" });

describe.each(TRANSPORTS)("faults %s", (transport) => {
  test("every error of KMS has its name, status and side", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    for (const [name, { status, fault }] of Object.entries(KMS_ERRORS)) {
      const handle = kms.faults.add({ times: 1, fault: { error: name as KmsErrorName } });
      const error = await failure(client.send(generate()));
      expect([error.name, error.$metadata?.httpStatusCode, error.$fault]).toEqual([name, status, fault]);
      expect(error.$metadata!.requestId).toBe(kms.events.at(-1)!.requestID);
      expect(handle.hits).toBe(1);
    }
    expect(kms.events).toHaveLength(Object.keys(KMS_ERRORS).length);
    await client.send(generate());
  });

  test("errors speak as KMS does, or as they are told", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const said = async (fault: LocalKmsFault) => {
      kms.faults.add({ times: 1, fault });
      return complaint(client.send(generate("alias/a")));
    };
    expect(await said({ error: "ThrottlingException" })).toBe("ThrottlingException: Rate exceeded");
    expect(await said({ error: "AccessDeniedException" })).toBe(
      `AccessDeniedException: User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kms:GenerateDataKey on resource: ${ARN_A} because no identity-based policy allows the kms:GenerateDataKey action`,
    );
    expect(await said({ error: "KMSInternalException", message: "told so" })).toBe(
      "KMSInternalException: told so",
    );
    expect(kms.events.map(({ errorCode, resources }) => [errorCode, resources[0]?.ARN])).toEqual([
      ["ThrottlingException", ARN_A],
      ["AccessDenied", ARN_A],
      ["KMSInternalException", ARN_A],
    ]);
  });

  test("a fault strikes as often as it says, and can be removed", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const twice = kms.faults.add({ times: 2, fault: { error: "ThrottlingException" } });
    const forever = kms.faults.add({ fault: { error: "DependencyTimeoutException" } });
    const names: string[] = [];
    for (let i = 0; i < 4; i++) names.push((await failure(client.send(generate()))).name);
    expect(names).toEqual([
      "ThrottlingException",
      "ThrottlingException",
      "DependencyTimeoutException",
      "DependencyTimeoutException",
    ]);
    expect([twice.hits, forever.hits]).toEqual([2, 2]);
    expect(kms.faults.active).toEqual([forever]);
    forever.remove();
    await client.send(generate());
    expect(forever.hits).toBe(2);
    kms.faults.add({ fault: { error: "KMSInternalException" } });
    kms.faults.clear();
    await client.send(generate());
    expect(kms.faults.active).toEqual([]);
  });

  test("a fault strikes only the operation, the key and the caller that it names", async () => {
    const kms = setUp();
    const [alice, bob] = [await connect(kms, transport), await connect(kms, transport, { principal: "bob" })];
    const { CiphertextBlob } = await alice.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(1) }));
    const decrypt = new DecryptCommand({ CiphertextBlob });
    const strikes = async (rule: Omit<LocalKmsFaultRule, "fault">, call: () => Promise<unknown>) => {
      const handle = kms.faults.add({ ...rule, fault: { error: "KeyUnavailableException" } });
      await call().catch(() => undefined);
      handle.remove();
      return handle.hits === 1;
    };
    expect(await strikes({}, () => alice.send(decrypt))).toBe(true);
    expect(await strikes({ operation: "*" }, () => alice.send(decrypt))).toBe(true);
    expect(await strikes({ operation: "Decrypt" }, () => alice.send(decrypt))).toBe(true);
    expect(await strikes({ operation: "Encrypt" }, () => alice.send(decrypt))).toBe(false);
    for (const principal of ["alice", "arn:aws:iam::111122223333:user/alice"]) {
      expect(await strikes({ principal }, () => alice.send(decrypt))).toBe(true);
      expect(await strikes({ principal }, () => bob.send(decrypt))).toBe(false);
    }
    for (const keyId of [KEY_A, ARN_A, "alias/a", "arn:aws:kms:us-east-1:111122223333:alias/a"]) {
      expect(await strikes({ keyId }, () => alice.send(decrypt))).toBe(true);
      expect(await strikes({ keyId }, () => alice.send(generate()))).toBe(true);
      expect(await strikes({ keyId }, () => alice.send(generate(KEY_B)))).toBe(false);
    }
    const move = new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KEY_B });
    expect(await strikes({ keyId: ARN_B }, () => alice.send(move))).toBe(true);
    expect(
      await strikes({ keyId: KEY_A }, () => alice.send(new GenerateRandomCommand({ NumberOfBytes: 1 }))),
    ).toBe(false);
    const all = { operation: "Decrypt", keyId: KEY_A, principal: "bob" } as const;
    expect(await strikes(all, () => alice.send(decrypt))).toBe(false);
    expect(await strikes(all, () => bob.send(decrypt))).toBe(true);
  });

  test("delays delay, and add up with what follows", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    kms.faults.add({ times: 1, fault: { delayMs: 40 } });
    kms.faults.add({ times: 1, fault: { delayMs: 40 } });
    const started = performance.now();
    await client.send(generate());
    expect(performance.now() - started).toBeGreaterThan(75);
    kms.faults.add({ fault: { delayMs: 1 } });
    kms.faults.add({ fault: { error: "KeyUnavailableException" } });
    expect((await failure(client.send(generate()))).name).toBe("KeyUnavailableException");
  });

  test("a delayed call can be aborted", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    await client.send(generate());
    kms.faults.add({ fault: { delayMs: 60_000 } });
    const controller = new AbortController();
    const call = failure(client.send(generate(), { abortSignal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    const error = await call;
    expect([error.name, error.message]).toEqual(["AbortError", "Request aborted"]);
    const late = await failure(client.send(generate(), { abortSignal: AbortSignal.abort() }));
    expect(late.name).toBe("AbortError");
    expect(kms.events).toHaveLength(1);
  });

  test.each([500, 502, 503, 504, 429, 403])("a bare status %i", async (status) => {
    const kms = setUp();
    const client = await connect(kms, transport);
    kms.faults.add({ times: 1, fault: { status } });
    const error = await failure(client.send(generate()));
    expect(error.$metadata!.httpStatusCode).toBe(status);
    expect([error.name, error.message]).toEqual(["Unknown", "UnknownError"]);
    expect(error.$fault).toBe(status < 500 ? "client" : "server");
    expect(kms.events).toEqual([]);
  });

  test("a reset connection", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    kms.faults.add({ times: 1, fault: { reset: true } });
    const error = await failure(client.send(generate()));
    expect([error.name, error.code, error.$metadata!.httpStatusCode]).toEqual([
      "TimeoutError",
      "ECONNRESET",
      undefined,
    ]);
    expect(kms.events).toEqual([]);
    await client.send(generate());
  });

  test.each([0, 1, 40, 150])("a reply that is cut after %i bytes", async (cutAfterBytes) => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const handle = kms.faults.add({ times: 1, fault: { cutAfterBytes } });
    const error = await failure(client.send(generate()));
    expect(error.code).toBe("ECONNRESET");
    expect(handle.hits).toBe(1);
    // KMS has done its work all the same.
    expect(kms.events.map(({ eventName, errorCode }) => [eventName, errorCode])).toEqual([
      ["GenerateDataKey", undefined],
    ]);
    await client.send(generate());
  });

  test("a cut behind the end of the reply cuts nothing", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    kms.faults.add({ fault: { cutAfterBytes: 100_000 } });
    expect((await client.send(generate())).Plaintext).toHaveLength(32);
  });

  test("replies that no parser takes", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    for (const [malformed, name] of [
      ["json", "SyntaxError"],
      ["not-json-html", "SyntaxError"],
      ["bad-base64", "TypeError"],
    ] as const) {
      kms.faults.add({ times: 1, fault: { malformed } });
      const error = await failure(client.send(generate()));
      expect([malformed, error.name, error.$metadata!.httpStatusCode]).toEqual([malformed, name, 200]);
    }
    kms.faults.add({ times: 1, fault: { malformed: "empty" } });
    expect(Object.keys(await client.send(generate()))).toEqual(["$metadata"]);
    expect(kms.events).toHaveLength(4);
  });

  test("replies that lack or distort a member", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    const reply = async (fault: LocalKmsFault) => {
      kms.faults.add({ times: 1, fault });
      const { $metadata, ...rest } = await client.send(generate());
      return rest;
    };
    const whole = await client.send(generate());
    expect(await reply({ malformed: "missing-plaintext" })).not.toHaveProperty("Plaintext");
    expect(await reply({ malformed: "missing-ciphertext" })).not.toHaveProperty("CiphertextBlob");
    expect(await reply({ malformed: "missing-keyid" })).not.toHaveProperty("KeyId");
    expect((await reply({ malformed: "empty-plaintext" })).Plaintext).toHaveLength(0);
    expect((await reply({ malformed: "empty-ciphertext" })).CiphertextBlob).toHaveLength(0);
    expect((await reply({ malformed: "short-plaintext" })).Plaintext).toHaveLength(31);
    expect((await reply({ malformed: "long-plaintext" })).Plaintext).toHaveLength(33);
    const altered = await reply({ malformed: "altered-ciphertext" });
    expect(altered.CiphertextBlob).toHaveLength(whole.CiphertextBlob!.length);
    const call = client.send(new DecryptCommand({ CiphertextBlob: altered.CiphertextBlob }));
    expect((await failure(call)).name).toBe("InvalidCiphertextException");
    const zeroed = await reply({ zeroPlaintext: true });
    expect(zeroed.Plaintext).toEqual(bytes(32, 0));
    const { CiphertextBlob } = zeroed;
    const { Plaintext } = await client.send(new DecryptCommand({ CiphertextBlob }));
    expect(Plaintext).not.toEqual(bytes(32, 0));
    expect((await reply({ replyKeyId: ARN_B })).KeyId).toBe(ARN_B);
  });

  test("faults of the reply apply together", async () => {
    const kms = setUp();
    const client = await connect(kms, transport);
    kms.faults.add({ fault: { replyKeyId: ARN_B } });
    kms.faults.add({ fault: { zeroPlaintext: true } });
    expect(await client.send(generate())).toMatchObject({ KeyId: ARN_B, Plaintext: bytes(32, 0) });
    expect(kms.faults.active.map(({ hits }) => hits)).toEqual([1, 1]);
  });
});

test("an aborted delay leaves no timer behind", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const kms = setUp();
  kms.faults.add({ fault: { delayMs: 60_000 } });
  const controller = new AbortController();
  const call = failure(kms.client.send(generate(), { abortSignal: controller.signal }));
  expect(vi.getTimerCount()).toBe(1);
  controller.abort();
  expect((await call).name).toBe("AbortError");
  expect(vi.getTimerCount()).toBe(0);
});

describe("the SDK's own retries get through", () => {
  test.each<LocalKmsFault>([
    { error: "ThrottlingException" },
    { error: "KMSInternalException" },
    { status: 503 },
    { reset: true },
  ])("%o, twice", async (fault) => {
    const kms = setUp();
    const client = await connect(kms, "over HTTP", { maxAttempts: 3 });
    const handle = kms.faults.add({ times: 2, fault });
    const reply = await client.send(generate());
    expect(reply.Plaintext).toHaveLength(32);
    expect(reply.$metadata.attempts).toBe(3);
    expect(handle.hits).toBe(2);
  });

  test("throttling is marked as such in process", async () => {
    const kms = setUp();
    kms.faults.add({ fault: { error: "ThrottlingException" } });
    expect((await failure(kms.client.send(generate()))).$retryable).toEqual({ throttling: true });
  });
});

test("faults that make no sense are refused", () => {
  const { faults } = setUp();
  const refuse = (rule: object, message: RegExp) =>
    expect(() => faults.add(rule as LocalKmsFaultRule)).toThrow(message);
  refuse({ fault: {} }, /exactly one of/);
  refuse({ fault: { reset: true, status: 503 } }, /exactly one of/);
  refuse({ fault: { error: "NoSuchException" } }, /not the name of an error/);
  refuse({ fault: { malformed: "sideways" } }, /malformed must be one of/);
  refuse({ fault: { status: 200 } }, /400 to 599/);
  refuse({ fault: { delayMs: -1 } }, /negative/);
  refuse({ fault: { cutAfterBytes: 1.5 } }, /number of bytes/);
  refuse({ times: 0, fault: { reset: true } }, /times/);
  expect(faults.active).toEqual([]);
  expect(MALFORMED_REPLIES).toHaveLength(12);
});
