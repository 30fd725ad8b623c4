// A mail that Amazon SES received and stored in S3, encrypted under your KMS key: opened in one call, and parsed. Here
// `sealMail` stands in for SES; a real one is there as soon as a receipt rule's S3 action names a KMS key.
import assert from "node:assert/strict";
import { openMail, sealMail } from "keyfold/ses";
import { createLocalKms } from "keyfold/testing";
import PostalMime from "postal-mime";
import { startS3 } from "./local/s3.mjs";

const { client: s3, close } = await startS3("inbound-mail");
const kms = createLocalKms();
const [ours, theirs] = [kms.createKey(), kms.createKey({ accountId: "444455556666" })];

const mime = new TextEncoder().encode(
  [
    "From: =?UTF-8?Q?Zo=C3=AB_M=C3=BCller?= <zoe@example.com>",
    "To: orders@example.org",
    "Subject: =?UTF-8?Q?42_gr=C3=BCne_=C3=84pfel?=",
    "Content-Type: text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    "Guten Tag, bitte bis Freitag. Danke!",
    "",
  ].join("\r\n"),
);
const where = { s3, kms: kms.client, bucket: "inbound-mail" };
const ses = { ...where, sourceAccount: "111122223333", ruleName: "store-orders", mime };
await sealMail({ ...ses, key: "orders/o3vrnil0e2ic28tr", messageId: "o3vrnil0e2ic28tr", keyId: ours.arn });

const mail = await openMail({
  ...where,
  key: "orders/o3vrnil0e2ic28tr",
  sourceAccount: "111122223333",
  ruleName: "store-orders",
});
const { from, subject, text } = await PostalMime.parse(mail.mime);
console.log(`from     ${from.name} <${from.address}>\nsubject  ${subject}\n\n${text}`);
console.log("KMS was given:", mail.encryptionContext);

// Whoever can write to the bucket can put a mail there, but not under a key of your account.
await sealMail({ ...ses, key: "orders/forged", messageId: "forged", keyId: theirs.arn });
const forged = openMail({ ...where, key: "orders/forged", sourceAccount: "111122223333" });
await assert.rejects(forged, ({ code, message }) => {
  console.log(`${code}: ${message}`);
  return code === "ERR_NO_DATA_KEY";
});
await close();
