// The encryption context: sent whole, bound, written to the audit log, and compared before KMS is asked.
import { describe, expect, it } from "vitest";
import {
  createEncryptionClient,
  type EncryptionContext,
  inspectMessage,
  type Keyring,
  requiredContextMaterialsManager,
} from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { ARN_A, ARN_B, CONTEXT, calls, contexts, failure, PLAINTEXT, startKms } from "./helpers.ts";

const clientOf = (keyring: Keyring) => createEncryptionClient({ keyring });

describe("the encryption context", () => {
  it("is sent with every operation, and stands in the audit log", async () => {
    const { kms, client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B] });
    const encryptionContext = { ...CONTEXT, "Schlüssel 🔑": "Größe 10", "": "empty key", empty: "" };
    const { ciphertext } = await clientOf(keyring).encrypt(PLAINTEXT, { encryptionContext });
    await clientOf(keyring).decrypt(ciphertext);
    expect(kms.events.map(({ eventName }) => eventName)).toEqual(["GenerateDataKey", "Encrypt", "Decrypt"]);
    expect(contexts(kms)).toEqual([encryptionContext, encryptionContext, encryptionContext]);
  });

  it("holds the public key of signed suites", async () => {
    const { kms, client } = await startKms();
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    const signing = createEncryptionClient({ keyring, suite: 0x0578 });
    const { ciphertext } = await signing.encrypt(PLAINTEXT, { encryptionContext: CONTEXT });
    expect(contexts(kms)).toEqual([{ ...CONTEXT, "aws-crypto-public-key": expect.any(String) }]);
    expect((await signing.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("holds the required pairs that the message does not store", async () => {
    const { kms, client } = await startKms();
    const materialsManager = requiredContextMaterialsManager({
      keyring: kmsKeyring({ client, keyId: ARN_A }),
      requiredKeys: ["tenant"],
    });
    const required = createEncryptionClient({ materialsManager });
    const { ciphertext } = await required.encrypt(PLAINTEXT, { encryptionContext: CONTEXT });
    expect(inspectMessage(ciphertext).encryptionContext).toEqual({ purpose: "test" });
    await required.decrypt(ciphertext, { encryptionContext: { tenant: "t1" } });
    expect(contexts(kms)).toEqual([CONTEXT, CONTEXT]);
    kms.clearEvents();
    const other = failure(required.decrypt(ciphertext, { encryptionContext: { tenant: "t2" } }));
    expect(await other).toMatchObject({ code: "ERR_NO_DATA_KEY", cause: { code: "ERR_KMS_CIPHERTEXT" } });
    expect(kms.events[0]).toMatchObject({ errorCode: "InvalidCiphertextException" });
  });

  it("is absent from the request where there is none", async () => {
    const { kms, client } = await startKms();
    await clientOf(kmsKeyring({ client, keyId: ARN_A })).encrypt(PLAINTEXT);
    expect(contexts(kms)).toEqual([{}]);
  });

  it.each([
    ["another value", { tenant: "t2" }],
    ["another case", { tenant: "T1" }],
    ["a pair that is not there", { ...CONTEXT, more: "1" }],
    ["a key in another case", { Tenant: "t1" }],
  ] as [string, EncryptionContext][])("is compared before any call to KMS: %s", async (_what, expected) => {
    const { kms, client } = await startKms();
    const encryption = clientOf(kmsKeyring({ client, keyId: ARN_A }));
    const { ciphertext } = await encryption.encrypt(PLAINTEXT, { encryptionContext: CONTEXT });
    kms.clearEvents();
    const error = await failure(encryption.decrypt(ciphertext, { encryptionContext: expected }));
    expect(error).toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT" });
    expect(calls(kms)).toEqual([]);
  });

  it("is bound: an altered one in the header is KMS's to refuse", async () => {
    const { kms, client } = await startKms();
    const encryption = clientOf(kmsKeyring({ client, keyId: ARN_A }));
    const { ciphertext } = await encryption.encrypt(PLAINTEXT, { encryptionContext: CONTEXT });
    const at = Buffer.from(ciphertext).indexOf("tenant\0\x02t1") + 8;
    expect(at).toBeGreaterThan(8);
    const altered = ciphertext.slice();
    altered.set([0x74, 0x32], at);
    expect(inspectMessage(altered).encryptionContext).toEqual({ ...CONTEXT, tenant: "t2" });
    kms.clearEvents();
    const error = await failure(
      encryption.decrypt(altered, { encryptionContext: { ...CONTEXT, tenant: "t2" } }),
    );
    expect(error).toMatchObject({ code: "ERR_NO_DATA_KEY", cause: { code: "ERR_KMS_CIPHERTEXT" } });
    expect(error.message).toContain("encryption context differs");
    expect(calls(kms)).toEqual([`Decrypt ${ARN_A}`]);
  });
});
