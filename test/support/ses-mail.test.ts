import { KMSClient } from "@aws-sdk/client-kms";
import PostalMime from "postal-mime";
import { expect, it } from "vitest";
import { createLocalKms } from "../../src/testing/index.ts";
import { toHex } from "./bytes.ts";
import { outcome } from "./failure.ts";
import { kmsV2, readObjectV2 } from "./independent-object-v2.ts";
import { kmsByHand } from "./kms-by-hand.ts";
import { mimeMail } from "./mime-mail.ts";
import { sesMail } from "./ses-mail.ts";

it("an object as SES writes it opens in its whole context, and in no other", async () => {
  const local = createLocalKms();
  const { arn: keyArn } = local.createKey();
  const { url } = await local.listen();
  const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };
  const genuine = new KMSClient({ endpoint: url, region: "us-east-1", credentials });
  const { raw } = mimeMail();
  for (const kms of [local.client, genuine]) {
    const { metadata, body, context, messageId } = await sesMail(raw, { kms, keyArn });
    expect(Object.keys(metadata)).toHaveLength(7);
    expect(metadata).toMatchObject({
      "x-amz-wrap-alg": "kms",
      "x-amz-cek-alg": "AES/GCM/NoPadding",
      "x-amz-unencrypted-content-length": String(raw.length),
    });
    expect(Object.keys(context)).toEqual([
      "aws:ses:message-id",
      "aws:ses:rule-name",
      "aws:ses:source-account",
      "kms_cmk_id",
    ]);
    expect(context["aws:ses:message-id"]).toBe(messageId);
    const how = kmsV2(kmsByHand(kms, keyArn));
    expect(toHex(await readObjectV2(metadata, body, how))).toBe(toHex(raw));
    const { kms_cmk_id: _, ...without } = context;
    const other = { ...metadata, "x-amz-matdesc": JSON.stringify(without) };
    expect(await outcome(readObjectV2(other, body, how))).toMatchObject({
      name: "InvalidCiphertextException",
    });
  }
  genuine.destroy();
  await local.close();
});

it("the mail is one that a parser reads", async () => {
  const mail = mimeMail();
  const parsed = await PostalMime.parse(mail.raw);
  expect(parsed.from).toEqual(mail.from);
  expect(parsed.to?.[0]?.address).toBe(mail.to);
  expect(parsed.subject).toBe(mail.subject);
  expect(parsed.text?.trim()).toBe(mail.text);
  expect(parsed.html?.trim()).toBe(mail.html);
  const [attachment] = parsed.attachments;
  expect(attachment).toMatchObject({
    filename: mail.attachment.filename,
    mimeType: mail.attachment.mimeType,
  });
  const content = new Uint8Array(attachment!.content as ArrayBuffer);
  expect(toHex(content)).toBe(toHex(mail.attachment.content));
});
