// The key that KMS's reply names is compared strictly; plaintext in replies does not outlive its use.
import { DecryptCommand, GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import { describe, expect, it } from "vitest";
import type { KmsError, NoDataKeyError } from "../../src/index.ts";
import { type KmsClient, kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import {
  ACCOUNT,
  ALIAS_A,
  ALIAS_ARN_A,
  ARN_A,
  ARN_B,
  arn,
  failure,
  KEY_A,
  MRK,
  OTHER_ACCOUNT,
  open,
  PLAINTEXT,
  seal,
  startKms,
} from "./helpers.ts";

const ELSEWHERE = arn(KEY_A, "eu-west-1");
const STRANGER = arn(KEY_A, "us-east-1", OTHER_ACCOUNT);

describe("the reply's key", () => {
  it.each([
    ["key ARN", ARN_A, [ARN_B, ELSEWHERE, STRANGER, KEY_A, ALIAS_ARN_A, ""]],
    ["key id", KEY_A, [ARN_B, KEY_A, ALIAS_ARN_A, "arn:aws:kms:us-east-1:111122223333:key/"]],
    [
      "alias ARN",
      ALIAS_ARN_A,
      [ELSEWHERE, STRANGER, arn(KEY_A, "us-east-1", ACCOUNT, "aws-cn"), ALIAS_ARN_A],
    ],
    ["alias name", ALIAS_A, [ALIAS_ARN_A, KEY_A, "nonsense"]],
  ])("must be the one that was asked for: %s", async (_form, keyId, wrong) => {
    const { kms, client } = await startKms();
    for (const replyKeyId of wrong) {
      for (const [operation, keyring] of [
        ["GenerateDataKey", kmsKeyring({ client, keyId })],
        ["Encrypt", kmsKeyring({ client, keyId: ARN_B, additionalKeyIds: [keyId] })],
      ] as const) {
        const fault = kms.faults.add({ operation, fault: { replyKeyId } });
        const error = await failure<KmsError>(seal(keyring));
        expect(error, `${operation} ${replyKeyId}`).toMatchObject({
          code: "ERR_KMS_REPLY",
          operation,
          keyId,
        });
        expect(fault.hits).toBe(1);
        fault.remove();
      }
    }
  });

  it("may be any key of the alias ARN's Region and account", async () => {
    const { kms, client } = await startKms();
    kms.faults.add({ operation: "GenerateDataKey", fault: { replyKeyId: ARN_B } });
    await expect(seal(kmsKeyring({ client, keyId: ALIAS_ARN_A }))).resolves.toBeInstanceOf(Uint8Array);
  });

  it.each([
    [ARN_A, [ARN_B, ELSEWHERE, STRANGER, KEY_A]],
    // A bare key id says nothing of Region and account; the message does.
    [KEY_A, [ARN_B, ELSEWHERE, STRANGER, KEY_A]],
  ])("is compared on reading with %s", async (keyId, wrong) => {
    const { kms, client } = await startKms();
    const ciphertext = await seal(kmsKeyring({ client, keyId: ARN_A }));
    for (const replyKeyId of wrong) {
      const fault = kms.faults.add({ operation: "Decrypt", fault: { replyKeyId } });
      const error = await failure<NoDataKeyError>(open(kmsKeyring({ client, keyId }), ciphertext));
      expect(error, replyKeyId).toMatchObject({ code: "ERR_NO_DATA_KEY", cause: { code: "ERR_KMS_REPLY" } });
      expect(fault.hits).toBe(1);
      fault.remove();
    }
  });

  it("must be the replica that was asked, also with multiRegion", async () => {
    const { kms, client } = await startKms();
    const [here, there] = [arn(MRK), arn(MRK, "eu-west-1")];
    const ciphertext = await seal(kmsKeyring({ client, keyId: here }));
    const keyring = kmsKeyring({ client, keyId: there, multiRegion: true });
    expect((await open(keyring, ciphertext)).plaintext).toEqual(PLAINTEXT);
    kms.faults.add({ operation: "Decrypt", fault: { replyKeyId: here } });
    expect(await failure(open(keyring, ciphertext))).toMatchObject({ cause: { code: "ERR_KMS_REPLY" } });
  });
});

describe("plaintext in replies", () => {
  /** A client that keeps every reply, as a careless wrapper would. */
  const keeping = (client: KmsClient) => {
    const replies: { Plaintext?: Uint8Array; wasZero?: boolean | undefined }[] = [];
    const inputs: { Plaintext?: Uint8Array }[] = [];
    const wrapped: KmsClient = {
      async send(command, options) {
        inputs.push((command as { input: object }).input);
        const reply: { Plaintext?: Uint8Array } = await client.send(command, options);
        replies.push(Object.assign(reply, { wasZero: reply.Plaintext?.every((byte) => byte === 0) }));
        return reply;
      },
    };
    return { replies, inputs, wrapped };
  };
  const isZero = (bytes: Uint8Array | undefined) => bytes?.every((byte) => byte === 0);

  it("is wiped once it was read: GenerateDataKey, Decrypt, and what was sent to Encrypt", async () => {
    const { kms } = await startKms();
    const { replies, inputs, wrapped } = keeping(kms.client);
    const keyring = kmsKeyring({ client: wrapped, keyId: ARN_A, additionalKeyIds: [ARN_B] });
    const ciphertext = await seal(keyring);
    await open(keyring, ciphertext);
    await open(
      kmsDiscoveryKeyring({ client: wrapped, filter: { partition: "aws", accountIds: [ACCOUNT] } }),
      ciphertext,
    );
    const plaintexts = replies.filter(({ Plaintext }) => Plaintext !== undefined);
    expect(plaintexts).toHaveLength(3);
    for (const { Plaintext, wasZero } of plaintexts) {
      expect(wasZero).toBe(false);
      expect(Plaintext).toHaveLength(32);
      expect(isZero(Plaintext)).toBe(true);
    }
    const sent = inputs.filter(({ Plaintext }) => Plaintext !== undefined);
    expect(sent).toHaveLength(1);
    expect(isZero(sent[0]!.Plaintext)).toBe(true);
  });

  it.each([
    ["the reply names another key", { replyKeyId: ARN_B }],
    ["the reply's plaintext is short", { malformed: "short-plaintext" }],
    ["the reply's plaintext is long", { malformed: "long-plaintext" }],
    ["the reply names no key", { malformed: "missing-keyid" }],
    ["the reply has no ciphertext", { malformed: "missing-ciphertext" }],
  ] as const)("is wiped also where the reply is refused: %s", async (_what, fault) => {
    const { kms } = await startKms();
    const ciphertext = await seal(kmsKeyring({ client: kms.client, keyId: ARN_A }));
    const { replies, wrapped } = keeping(kms.client);
    const keyring = kmsKeyring({ client: wrapped, keyId: ARN_A });
    kms.faults.add({ fault });
    await failure(seal(keyring));
    await open(keyring, ciphertext).catch(() => {});
    expect(replies).toHaveLength(2);
    for (const { Plaintext, wasZero } of replies) {
      expect(wasZero).toBe(false);
      expect(isZero(Plaintext)).toBe(true);
    }
  });

  it("is wiped where wrapping under a second key fails", async () => {
    const { kms } = await startKms();
    const { replies, inputs, wrapped } = keeping(kms.client);
    kms.disableKey(ARN_B);
    await failure(seal(kmsKeyring({ client: wrapped, keyId: ARN_A, additionalKeyIds: [ARN_B] })));
    expect(replies.map(({ Plaintext }) => isZero(Plaintext))).toEqual([true]);
    expect(isZero(inputs[1]!.Plaintext)).toBe(true);
  });

  it("is nothing that the local KMS would wipe by itself", async () => {
    const { kms } = await startKms();
    const made = await kms.client.send(new GenerateDataKeyCommand({ KeyId: ARN_A, NumberOfBytes: 32 }));
    expect(isZero(made.Plaintext)).toBe(false);
    const opened = await kms.client.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }));
    expect(opened.Plaintext).toEqual(made.Plaintext);
  });
});
