// What KMS or the tag refuses: mails under foreign keys, in a changed context, altered, cut or mixed.
import { describe, expect, it } from "vitest";
import type { NoDataKeyError } from "../../src/index.ts";
import {
  ACCOUNT,
  ARN_A,
  ARN_B,
  ARN_OTHER_ACCOUNT,
  calls,
  contexts,
  KEY_A,
  KEY_B,
  OTHER_ACCOUNT,
} from "../kms/helpers.ts";
import { flipped } from "../support/bytes.ts";
import { sesMail } from "../support/ses-mail.ts";
import { MIME, type Pins, startMail, withPairs } from "./helpers.ts";

describe("a mail that an attacker sealed under a key of their own account", () => {
  it.each<[string, Pins]>([
    ["the account alone", { sourceAccount: ACCOUNT }],
    ["the account and the key by its id", { sourceAccount: ACCOUNT, keyId: KEY_A }],
    ["the key", { keyId: ARN_A }],
    ["the key by its id", { keyId: KEY_A }],
  ])("does not open where the reader pins %s", async (_what, pins) => {
    const { deliver, refusal } = await startMail();
    await deliver({ keyArn: ARN_OTHER_ACCOUNT, sourceAccount: ACCOUNT });
    const error = await refusal<NoDataKeyError>("ERR_NO_DATA_KEY", pins);
    expect(error.reasons).toMatchObject([{ status: "failed" }]);
    if (pins.keyId === undefined) {
      expect(error.cause).toMatchObject({ code: "ERR_KEYRING" });
      expect(error.message).toContain(`a key of account ${OTHER_ACCOUNT}, not of ${ACCOUNT}`);
      expect(error.message.split("KMS keys of account").length - 1, "the keyring is named once").toBe(1);
    }
  });

  it("does not open by naming the attacker's account as the source either", async () => {
    const { deliver, early } = await startMail();
    await deliver({ keyArn: ARN_OTHER_ACCOUNT, sourceAccount: OTHER_ACCOUNT });
    await early("ERR_ENCRYPTION_CONTEXT", { sourceAccount: ACCOUNT });
  });

  it("does not open because it names a good key: what KMS answers counts", async () => {
    const { deliver, refusal, kms, put } = await startMail();
    await deliver();
    const honest = kms.client;
    // KMS is told the attacker's key, and the stored pair names the owner's.
    const liar = {
      send: (command: { input: { KeyId?: string } }) => {
        command.input.KeyId = ARN_OTHER_ACCOUNT;
        return honest.send(command as never);
      },
    };
    await put(await sesMail(MIME, { kms: liar as never, keyArn: ARN_A }));
    await refusal("ERR_NO_DATA_KEY");
  });

  it("nor does one under another key of the right account, where the key is pinned", async () => {
    const { deliver, refusal, open } = await startMail();
    await deliver({ keyArn: ARN_B });
    await refusal("ERR_NO_DATA_KEY", { keyId: ARN_A });
    await refusal("ERR_NO_DATA_KEY", { keyId: ARN_A, sourceAccount: ACCOUNT });
    expect((await open({ keyId: KEY_B })).sourceAccount).toBe(ACCOUNT);
  });

  it("and a reply that names another key than the pinned one is not believed", async () => {
    const { deliver, refusal, kms } = await startMail();
    await deliver();
    const altered = (KeyId: string | undefined) => ({
      send: async (command: object) => ({ ...(await kms.client.send(command as never)), KeyId }),
    });
    for (const [pins, KeyId] of [
      [{ keyId: ARN_A }, ARN_B],
      [{ keyId: KEY_A }, ARN_B],
      [{ keyId: KEY_A }, ARN_A.replace(ACCOUNT, OTHER_ACCOUNT)],
      [{ keyId: KEY_A, sourceAccount: ACCOUNT }, ARN_A.replace(ACCOUNT, OTHER_ACCOUNT)],
      [{ keyId: ARN_A }, ARN_A.replace("us-east-1", "us-east-2")],
      [{ sourceAccount: ACCOUNT }, ARN_A.replace(ACCOUNT, OTHER_ACCOUNT)],
      [{ sourceAccount: ACCOUNT }, ARN_A.replace(":key/", ":alias/")],
      [{ sourceAccount: ACCOUNT }, undefined],
    ] as const) {
      await refusal("ERR_NO_DATA_KEY", { ...pins, kms: altered(KeyId) });
    }
  });
});

describe("a context other than the one that SES bound", () => {
  it.each<[string, (pairs: Record<string, string>) => object]>([
    ["a pair more", (pairs) => ({ ...pairs, more: "of it" })],
    ["a pair less", ({ kms_cmk_id: _, ...pairs }) => pairs],
    ["another rule", (pairs) => ({ ...pairs, "aws:ses:rule-name": "other" })],
    ["another message", (pairs) => ({ ...pairs, "aws:ses:message-id": "other" })],
    ["another key's name", (pairs) => ({ ...pairs, kms_cmk_id: ARN_B })],
  ])("%s", async (_what, change) => {
    const { deliver, refusal, kms, put } = await startMail();
    const mail = await deliver();
    const changed = change({ ...mail.context }) as Record<string, string>;
    await put(withPairs(mail, changed));
    const error = await refusal<NoDataKeyError>("ERR_NO_DATA_KEY");
    expect(error.cause).toMatchObject({ code: "ERR_KMS_CIPHERTEXT" });
    expect(contexts(kms)).toEqual([changed]);
  });

  it("pairs in another order are the same context", async () => {
    const { deliver, open, put } = await startMail();
    const mail = await deliver();
    await put(withPairs(mail, Object.fromEntries(Object.entries(mail.context).reverse())));
    expect((await open()).encryptionContext).toEqual(mail.context);
  });
});

describe("altered mails", () => {
  it("a bit of the tag, of the content, of the IV", async () => {
    const { deliver, refusal, put } = await startMail();
    const mail = await deliver();
    for (const bit of [0, mail.body.length * 4, mail.body.length * 8 - 1]) {
      await put({ ...mail, body: flipped(mail.body, bit) });
      await refusal("ERR_AUTHENTICATION");
    }
    const iv = flipped(new Uint8Array(Buffer.from(mail.metadata["x-amz-iv"]!, "base64")), 5);
    await put({ ...mail, metadata: { ...mail.metadata, "x-amz-iv": Buffer.from(iv).toString("base64") } });
    await refusal("ERR_AUTHENTICATION");
  });

  it("cut short, to a body without room for a tag too", async () => {
    const { deliver, refusal, put } = await startMail();
    const mail = await deliver();
    for (const length of [16, mail.body.length - 16, mail.body.length - 1]) {
      await put({ ...mail, body: mail.body.subarray(0, length) });
      await refusal("ERR_AUTHENTICATION");
    }
    for (const length of [0, 15]) {
      await put({ ...mail, body: mail.body.subarray(0, length) });
      await refusal("ERR_TRUNCATED");
    }
  });

  it("a connection that breaks off is S3's error, and KMS is not asked", async () => {
    const { deliver, open, s3, kms } = await startMail();
    await deliver();
    s3.script = () => ({ cutAfter: 100 });
    await expect(open()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(calls(kms)).toEqual([]);
  });

  it("the metadata of one mail with the body of another, and one mail in another's place", async () => {
    const { deliver, refusal, put, kms } = await startMail();
    const [first, second] = [await deliver(), await deliver()];
    await put({ metadata: first.metadata, body: second.body });
    await refusal("ERR_AUTHENTICATION");
    const edk = second.metadata["x-amz-key-v2"]!;
    await put({ ...first, metadata: { ...first.metadata, "x-amz-key-v2": edk } });
    await refusal("ERR_NO_DATA_KEY");
    kms.clearEvents();
    await put(second);
    await refusal("ERR_ENCRYPTION_CONTEXT", { sourceAccount: ACCOUNT, messageId: first.messageId });
    expect(calls(kms)).toEqual([]);
  });
});

describe("a key that KMS does not let us use", () => {
  it("disabled, or denied: with the remedy, and the place", async () => {
    const { deliver, refusal, kms } = await startMail();
    await deliver();
    kms.disableKey(ARN_A);
    const disabled = await refusal<NoDataKeyError>("ERR_NO_DATA_KEY", { keyId: ARN_A });
    expect(disabled.cause).toMatchObject({ code: "ERR_KMS_KEY_DISABLED" });
    kms.enableKey(ARN_A);
    kms.faults.add({ operation: "Decrypt", fault: { error: "AccessDeniedException" } });
    const denied = await refusal<NoDataKeyError>("ERR_NO_DATA_KEY");
    expect(denied.cause).toMatchObject({ code: "ERR_KMS_ACCESS_DENIED" });
  });
});
