// A mail as Amazon SES stores it in S3: an object of format V2 under the legacy wrap `kms`, by the client that SES
// uses. Independent of keyfold's own objects.
import { GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import { gcmSeal } from "./aes-by-hand.ts";
import { random } from "./bytes.ts";
import type { WrittenObject } from "./independent-object.ts";
import type { KmsSender } from "./kms-by-hand.ts";

export interface SesMailOptions {
  /** A genuine `KMSClient`, or the client of a local KMS; SES calls as `ses.amazonaws.com`. */
  readonly kms: KmsSender;
  /** The ARN of the key, or of its alias: it is stored as `kms_cmk_id`. */
  readonly keyArn: string;
  /** Also the object's key in S3. Default fresh. */
  readonly messageId?: string;
  readonly ruleName?: string;
  readonly sourceAccount?: string;
}

export interface SesMail extends WrittenObject {
  readonly messageId: string;
  /** What KMS was given as the encryption context, and `x-amz-matdesc` holds. */
  readonly context: Readonly<Record<string, string>>;
}

export async function sesMail(mail: Uint8Array, options: SesMailOptions): Promise<SesMail> {
  const { kms, keyArn, ruleName = "store-mail", sourceAccount = "111122223333" } = options;
  const messageId = options.messageId ?? Buffer.from(random(20)).toString("hex");
  const context = {
    "aws:ses:message-id": messageId,
    "aws:ses:rule-name": ruleName,
    "aws:ses:source-account": sourceAccount,
    kms_cmk_id: keyArn,
  };
  const command = new GenerateDataKeyCommand({
    KeyId: keyArn,
    KeySpec: "AES_256",
    EncryptionContext: context,
  });
  const { Plaintext, CiphertextBlob } = await kms.send(command);
  const iv = random(12);
  const metadata = {
    "x-amz-key-v2": Buffer.from(CiphertextBlob).toString("base64"),
    "x-amz-iv": Buffer.from(iv).toString("base64"),
    "x-amz-cek-alg": "AES/GCM/NoPadding",
    "x-amz-wrap-alg": "kms",
    "x-amz-tag-len": "128",
    "x-amz-unencrypted-content-length": String(mail.length),
    "x-amz-matdesc": JSON.stringify(context),
  };
  return { metadata, body: gcmSeal(Plaintext, iv, mail), messageId, context };
}
