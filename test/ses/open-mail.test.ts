// openMail on what SES writes: one call, with the account pinned, the key, or both.
import PostalMime from "postal-mime";
import { describe, expect, it, onTestFinished } from "vitest";
import type { KeyfoldEvent } from "../../src/index.ts";
import { openMail } from "../../src/ses/index.ts";
import {
  ACCOUNT,
  ALIAS_ARN_A,
  ARN_A,
  ARN_OTHER_ACCOUNT,
  calls,
  contexts,
  genuineClient,
  KEY_A,
  OTHER_ACCOUNT,
  REGION,
} from "../kms/helpers.ts";
import { counting, toHex } from "../support/bytes.ts";
import { outcome } from "../support/failure.ts";
import { mimeMail } from "../support/mime-mail.ts";
import { s3Client } from "../support/s3.ts";
import { sesMail } from "../support/ses-mail.ts";
import { BUCKET, KEY, MIME, startMail } from "./helpers.ts";

describe("a mail as SES stores it", () => {
  it("opens in one call, and says what SES bound to it", async () => {
    const { deliver, open, kms, s3 } = await startMail();
    const { messageId, context } = await deliver({ ruleName: "store-mail" });
    const mail = await open();
    expect(toHex(mail.mime)).toBe(toHex(MIME));
    expect(mail).toEqual({
      mime: mail.mime,
      messageId,
      ruleName: "store-mail",
      sourceAccount: ACCOUNT,
      encryptionContext: context,
    });
    expect(s3.asked()).toEqual([`GetObject ${KEY}`]);
    // One call, in whose audit record stands the whole map.
    expect(calls(kms)).toEqual(["Decrypt -"]);
    expect(contexts(kms)).toEqual([context]);
  });

  it("opens through genuine clients over HTTP, and reads as a mail", async () => {
    const { deliver, kms, s3 } = await startMail();
    const { from, subject, raw } = mimeMail();
    await deliver({}, raw);
    const { url } = await kms.listen();
    const [client, genuineS3] = [genuineClient(url), s3Client(s3.url)];
    onTestFinished(() => [client, genuineS3].forEach((each) => void each.destroy()));
    const place = { bucket: BUCKET, key: KEY, s3: genuineS3 };
    for (const keyId of [undefined, ARN_A]) {
      const opened = await openMail({ ...place, kms: client, sourceAccount: ACCOUNT, keyId });
      expect(await PostalMime.parse(opened.mime)).toMatchObject({ from, subject });
    }
  });

  it.each([0, 1, 70_000])("opens with %i bytes", async (length) => {
    const { deliver, open } = await startMail();
    await deliver({}, counting(length));
    expect(toHex((await open()).mime)).toBe(toHex(counting(length)));
  });

  it("opens whatever else its writer bound, and with what is not bound at all", async () => {
    const { kms, put, open } = await startMail();
    const withAlias = await sesMail(MIME, { kms: kms.client, keyArn: ALIAS_ARN_A });
    const { "x-amz-unencrypted-content-length": _, ...fewer } = withAlias.metadata;
    await put({ ...withAlias, metadata: { ...fewer, "some-tool": "was here" } });
    expect((await open()).encryptionContext).toMatchObject({ kms_cmk_id: ALIAS_ARN_A });
  });
});

describe("what the caller pins", () => {
  it("the key, by ARN or by id: then no account is needed, and KMS is told the key", async () => {
    const { deliver, open, kms } = await startMail();
    await deliver();
    for (const keyId of [ARN_A, KEY_A]) {
      kms.clearEvents();
      expect(toHex((await open({ keyId })).mime)).toBe(toHex(MIME));
      expect(calls(kms)).toEqual([`Decrypt ${keyId}`]);
    }
  });

  it("both: the key may then be one of another account", async () => {
    const { deliver, open } = await startMail();
    await deliver({ keyArn: ARN_OTHER_ACCOUNT });
    const mail = await open({ sourceAccount: ACCOUNT, keyId: ARN_OTHER_ACCOUNT });
    expect(mail.sourceAccount).toBe(ACCOUNT);
    await deliver({ keyArn: ARN_OTHER_ACCOUNT, sourceAccount: OTHER_ACCOUNT });
    expect((await open({ sourceAccount: OTHER_ACCOUNT })).sourceAccount).toBe(OTHER_ACCOUNT);
  });

  it("rule and message", async () => {
    const { deliver, open } = await startMail();
    const { messageId } = await deliver({ ruleName: "orders" });
    const mail = await open({ sourceAccount: ACCOUNT, ruleName: "orders", messageId });
    expect(mail).toMatchObject({ ruleName: "orders", messageId });
  });
});

describe("the Region, where kms is a function", () => {
  it("is that of the key that is pinned; else of the one that the mail names; else of the bucket's client", async () => {
    const { deliver, kms, put, s3 } = await startMail();
    const asked: string[] = [];
    const byRegion = (region: string) => {
      asked.push(region);
      return kms.client;
    };
    const abroad = s3Client(s3.url, { region: "eu-west-1" });
    onTestFinished(() => abroad.destroy());
    const options = { s3: abroad, kms: byRegion, bucket: BUCKET, key: KEY };
    await deliver();
    await openMail({ ...options, keyId: ARN_A });
    await openMail({ ...options, keyId: KEY_A });
    await openMail({ ...options, sourceAccount: ACCOUNT });
    expect(asked.splice(0)).toEqual([REGION, REGION, REGION]);
    // What names no Region, or a key of others, is not heeded.
    for (const keyArn of [KEY_A, ARN_OTHER_ACCOUNT]) {
      await put(await sesMail(MIME, { kms: kms.client, keyArn }));
      await outcome(openMail({ ...options, sourceAccount: ACCOUNT }).then(() => Promise.reject(null)));
      expect(asked.splice(0)).toEqual(["eu-west-1"]);
    }
  });
});

it("tells the observer of the KMS call and of the mail, and nothing of what it says", async () => {
  const { deliver, open } = await startMail();
  await deliver();
  const events: KeyfoldEvent[] = [];
  await open({ sourceAccount: ACCOUNT, observer: (event) => void events.push(event) });
  expect(events).toMatchObject([
    { type: "kmsCall", operation: "Decrypt", error: undefined },
    {
      type: "decrypted",
      format: "object",
      suiteId: 0x0072,
      plaintextBytes: MIME.length,
      ciphertextBytes: MIME.length + 16,
      object: { bucket: BUCKET, key: KEY },
    },
  ]);
});

it("stops at the signal, before a request and in the midst of the body", async () => {
  const { deliver, open, s3, kms } = await startMail();
  await deliver();
  const reason = new Error("enough");
  await expect(open({ sourceAccount: ACCOUNT, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(s3.asked()).toEqual([]);
  const controller = new AbortController();
  s3.script = () => ({ stallAfter: 100 });
  const opening = open({ sourceAccount: ACCOUNT, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 100);
  await expect(opening).rejects.toBe(reason);
  expect(calls(kms)).toEqual([]);
});
