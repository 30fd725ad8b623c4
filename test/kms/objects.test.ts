// S3 objects under KMS: the same keyrings, one data key, and a context that binds the content algorithm.
import { describe, expect, it } from "vitest";
import {
  inspectObject,
  type Keyring,
  type NoDataKeyError,
  openObject,
  type SealedObject,
  sealObject,
} from "../../src/index.ts";
import { kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import {
  ACCOUNT,
  ALIAS_A,
  ARN_A,
  ARN_B,
  ARN_OTHER_ACCOUNT,
  CONTEXT,
  calls,
  contexts,
  failure,
  KEY_A,
  OTHER_ACCOUNT,
  PLAINTEXT,
  startKms,
} from "./helpers.ts";

const seal = (keyring: Keyring) => sealObject(PLAINTEXT, { keyring, encryptionContext: CONTEXT });
const open = async (keyring: Keyring, object: SealedObject) =>
  (await openObject(object, { keyring, encryptionContext: CONTEXT })).plaintext;
const discover = (client: Parameters<typeof kmsDiscoveryKeyring>[0]["client"], ...accountIds: string[]) =>
  kmsDiscoveryKeyring({ client, filter: { partition: "aws", accountIds } });

describe.each(["over HTTP", "in process"])("%s", (transport) => {
  it("binds the caller's pairs and the content algorithm, and the audit log shows them", async () => {
    const started = await startKms();
    const { kms } = started;
    const client = transport === "in process" ? kms.client : started.client;
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    const object = await seal(keyring);
    expect(inspectObject(object.metadata)).toMatchObject({ wrap: "kms+context", encryptionContext: CONTEXT });
    expect(await open(keyring, object)).toEqual(PLAINTEXT);
    expect(calls(kms)).toEqual([`GenerateDataKey ${ARN_A}`, `Decrypt ${ARN_A}`]);
    const bound = { ...CONTEXT, "aws:x-amz-cek-alg": "115" };
    expect(contexts(kms)).toEqual([bound, bound]);
  });
});

describe("a strict keyring", () => {
  it("opens by a bare key id, and by whichever of its keys it was", async () => {
    const { kms, client } = await startKms();
    const object = await seal(kmsKeyring({ client, keyId: ARN_A }));
    expect(await open(kmsKeyring({ client, keyId: KEY_A }), object)).toEqual(PLAINTEXT);
    kms.clearEvents();
    const both = kmsKeyring({ client, keyId: ARN_B, additionalKeyIds: [ARN_A] });
    expect(await open(both, object)).toEqual(PLAINTEXT);
    // The object names no key, so the keys are tried in order.
    expect(calls(kms)).toEqual([`Decrypt ${ARN_B}`, `Decrypt ${ARN_A}`]);
  });

  it("does not open under another key: KMS says so", async () => {
    const { client } = await startKms();
    const object = await seal(kmsKeyring({ client, keyId: ARN_A }));
    const error = await failure<NoDataKeyError>(open(kmsKeyring({ client, keyId: ARN_B }), object));
    expect(error).toMatchObject({ code: "ERR_NO_DATA_KEY", cause: { code: "ERR_KMS_INCORRECT_KEY" } });
  });

  it("writes under an alias, and does not open with it", async () => {
    const { client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ALIAS_A });
    const object = await seal(keyring);
    expect(await open(kmsKeyring({ client, keyId: ARN_A }), object)).toEqual(PLAINTEXT);
    const error = await failure<NoDataKeyError>(open(keyring, object));
    expect(error.reasons).toMatchObject([
      { status: "skipped", reason: expect.stringContaining("aliases only") },
    ]);
  });

  it("with additional keys cannot write objects, which hold one data key", async () => {
    const { kms, client } = await startKms();
    const error = await failure(seal(kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B] })));
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARGUMENT" });
    expect(error.message).toMatch(/one data key/);
    expect(calls(kms)).toEqual([]);
  });

  it("cannot tell whether an object's key is current", async () => {
    const { client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    const { suite } = inspectObject((await seal(keyring)).metadata);
    const purpose = { kind: "object", suite } as const;
    const ask = () => keyring.isCurrent?.([], { purpose, keyLength: 32, encryptionContext: {} });
    expect(ask).toThrow(expect.objectContaining({ code: "ERR_KEYRING" }));
  });
});

describe("a discovery keyring", () => {
  it("opens objects, naming no key to KMS", async () => {
    const { kms, client } = await startKms();
    for (const keyId of [ARN_A, ARN_B]) {
      const object = await seal(kmsKeyring({ client, keyId }));
      kms.clearEvents();
      expect(await open(discover(client, ACCOUNT), object)).toEqual(PLAINTEXT);
      expect(calls(kms)).toEqual(["Decrypt -"]);
    }
  });

  it("compares the account in the reply's key ARN", async () => {
    const { kms, client } = await startKms();
    const object = await seal(kmsKeyring({ client, keyId: ARN_OTHER_ACCOUNT }));
    kms.clearEvents();
    const error = await failure<NoDataKeyError>(open(discover(client, ACCOUNT), object));
    expect(error).toMatchObject({ code: "ERR_NO_DATA_KEY", cause: { code: "ERR_KMS_REPLY" } });
    // KMS had opened it: only the comparison kept it from being used.
    expect(kms.events).toMatchObject([{ eventName: "Decrypt" }]);
    expect(kms.events[0]).not.toHaveProperty("errorCode");
    expect(await open(discover(client, ACCOUNT, OTHER_ACCOUNT), object)).toEqual(PLAINTEXT);
  });

  it("compares the partition in the reply's key ARN", async () => {
    const { kms, client } = await startKms();
    const object = await seal(kmsKeyring({ client, keyId: ARN_A }));
    kms.faults.add({ operation: "Decrypt", fault: { replyKeyId: ARN_A.replace("arn:aws:", "arn:aws-cn:") } });
    expect(await failure(open(discover(client, ACCOUNT), object))).toMatchObject({
      cause: { code: "ERR_KMS_REPLY" },
    });
  });

  it("with a client per Region must know the Region, for the object does not tell", async () => {
    const { kms, client } = await startKms();
    const object = await seal(kmsKeyring({ client, keyId: ARN_A }));
    const filter = { partition: "aws", accountIds: [ACCOUNT] };
    const asked: string[] = [];
    const by = (region: string) => {
      asked.push(region);
      return client;
    };
    const lost = kmsDiscoveryKeyring({ client: by, filter });
    kms.clearEvents();
    expect(await failure(open(lost, object))).toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    expect(asked).toEqual([]);
    const found = kmsDiscoveryKeyring({ client: by, filter, region: "us-east-1" });
    expect(await open(found, object)).toEqual(PLAINTEXT);
    expect(asked).toEqual(["us-east-1"]);
  });
});

describe("the context of an object", () => {
  it.each([
    ["other value", { ...CONTEXT, tenant: "t2" }],
    ["one pair less", { tenant: "t1" }],
    ["one pair more", { ...CONTEXT, more: "1" }],
    ["none", {}],
  ])("must be exactly the writer's, before KMS is asked: %s", async (_what, encryptionContext) => {
    const { kms, client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    const object = await seal(keyring);
    kms.clearEvents();
    expect(await failure(openObject(object, { keyring, encryptionContext }))).toMatchObject({
      code: "ERR_ENCRYPTION_CONTEXT",
    });
    expect(calls(kms)).toEqual([]);
  });

  it("is bound: altered metadata does not open", async () => {
    const { client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    const { metadata, body } = await seal(keyring);
    const stored = JSON.parse(metadata["x-amz-t"]!);
    const altered = { ...metadata, "x-amz-t": JSON.stringify({ ...stored, tenant: "t2" }) };
    const encryptionContext = { ...CONTEXT, tenant: "t2" };
    const error = failure(openObject({ metadata: altered, body }, { keyring, encryptionContext }));
    expect(await error).toMatchObject({ code: "ERR_NO_DATA_KEY", cause: { code: "ERR_KMS_CIPHERTEXT" } });
  });

  it("keeps its reserved pair to itself", async () => {
    const { kms, client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    const encryptionContext = { "aws:x-amz-cek-alg": "115" };
    expect(await failure(sealObject(PLAINTEXT, { keyring, encryptionContext }))).toMatchObject({
      code: "ERR_ENCRYPTION_CONTEXT",
    });
    expect(calls(kms)).toEqual([]);
  });
});
