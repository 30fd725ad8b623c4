// A Lambda function for mail that SES stored encrypted: the event is SES's own (the rule's Lambda action, behind its S3
// action) or S3's (ObjectCreated). At the end it runs on made events; in Lambda, SERVICES is `new S3Client({})` and so on.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { isKeyfoldError } from "keyfold";
import { openMail, sealMail } from "keyfold/ses";
import { createLocalKms } from "keyfold/testing";
import PostalMime from "postal-mime";
import { startS3 } from "./local/s3.mjs";

const S3 = await startS3("inbound-mail");
const KMS = createLocalKms();
const SERVICES = { s3: S3.client, kms: KMS.client };
const ACCOUNT = "111122223333";
const PLACE = { bucket: "inbound-mail", prefix: "inbox/" };

/** Where the mails of an event lie, and what SES says of them, if it was SES who spoke. */
function mailsOf({ Records }) {
  return Records.map(({ ses, s3 }) => {
    if (ses === undefined) {
      return { bucket: s3.bucket.name, key: decodeURIComponent(s3.object.key.replaceAll("+", " ")) };
    }
    const { messageId } = ses.mail;
    return { bucket: PLACE.bucket, key: PLACE.prefix + messageId, messageId };
  });
}

export async function handler(event) {
  const answers = [];
  for (const { bucket, key, messageId } of mailsOf(event)) {
    try {
      const mail = await openMail({ ...SERVICES, bucket, key, messageId, sourceAccount: ACCOUNT });
      const { from, subject, attachments } = await PostalMime.parse(mail.mime);
      answers.push({ from: from.address, subject, attachments: attachments.length, rule: mail.ruleName });
    } catch (error) {
      // What is no mail of ours will not become one: it must not be tried again. Everything else may.
      if (!isKeyfoldError(error, "ERR_ENCRYPTION_CONTEXT") && !isKeyfoldError(error, "ERR_SES_MAIL"))
        throw error;
      answers.push({ refused: error.message });
    }
  }
  return answers;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mime = new TextEncoder().encode(
    "From: grace@example.com\r\nSubject: The ships are in\r\n\r\nCome and see.\r\n",
  );
  const mail = { ...SERVICES, mime, keyId: KMS.createKey().arn, sourceAccount: ACCOUNT, ruleName: "inbox" };
  for (const messageId of ["first", "second one"]) {
    await sealMail({ ...mail, messageId, bucket: PLACE.bucket, key: PLACE.prefix + messageId });
  }
  const byS3 = { s3: { bucket: { name: PLACE.bucket }, object: { key: "inbox/second+one" } } };
  const answers = await handler({ Records: [{ ses: { mail: { messageId: "first" } } }, byS3] });
  console.log(answers);
  assert.deepEqual(
    answers.map(({ subject }) => subject),
    ["The ships are in", "The ships are in"],
  );

  // Somebody copies an old mail to the place of a new one: SES says which one it must be.
  await sealMail({ ...mail, messageId: "old", bucket: PLACE.bucket, key: "inbox/new" });
  const [replayed] = await handler({ Records: [{ ses: { mail: { messageId: "new" } } }] });
  console.log(replayed.refused);
  assert.match(replayed.refused, /aws:ses:message-id/);
  await S3.close();
}
