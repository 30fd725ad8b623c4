import { PutObjectCommand } from "@aws-sdk/client-s3";
import { backend } from "#crypto";
import { invalidArgument, optionsOf } from "../arguments.ts";
import { EMPTY } from "../bytes/arrays.ts";
import { assertBytes, assertSignal } from "../client/options.ts";
import { tell } from "../client/tell.ts";
import { parseKmsArn } from "../kms/arn.ts";
import type { KmsClientSource } from "../kms/client.ts";
import { kmsKeyring } from "../kms/keyring.ts";
import { sealContent } from "../object/content.ts";
import { PLAINTEXT_LENGTH } from "../object/names.ts";
import { formatV2 } from "../object/v2.ts";
import { assertObserver, type Observer } from "../observer.ts";
import { inPlace } from "../s3/place.ts";
import { call, type S3ClientPort } from "../s3/port.ts";
import { suiteById } from "../suites/table.ts";
import { isAccountId, SES, STORED_KEY_ID } from "./mail-context.ts";
import { checkedKms, checkedPlace, checkedS3, checkedText } from "./mail-options.ts";

/** Options of {@link sealMail}. */
export interface SealMailOptions {
  /** An `S3Client` itself, and no encryption client around it. */
  readonly s3: S3ClientPort;
  /** A `KMSClient`, or a function that gives the client of a Region. */
  readonly kms: KmsClientSource;
  /** The bucket to store in. */
  readonly bucket: string;
  /** The object's key. SES's own are the prefix of the receipt rule, and the message id. */
  readonly key: string;
  /** The ARN of the KMS key, or of its alias. It is stored with the mail, as `kms_cmk_id`. */
  readonly keyId: string;
  /** The account that received the mail, 12 digits. */
  readonly sourceAccount: string;
  /** The receipt rule that stores it. */
  readonly ruleName: string;
  /** SES's id of the message, which is not the `Message-ID` header. */
  readonly messageId: string;
  /** The mail: RFC 5322 headers and MIME parts. */
  readonly mime: Uint8Array;
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of the KMS call, and of the sealed mail. Default: nobody. */
  readonly observer?: Observer | undefined;
}

const NAME = "sealMail";
const SUITE = suiteById(0x0072, "object");
const KEY_LENGTH = 32;
const IV_LENGTH = 12;

/**
 * Encrypts a mail and stores it in S3 as Amazon SES does: for tests, and for services that stand in for SES. One
 * kms:GenerateDataKey with SES's three pairs and `kms_cmk_id` as its context, a data key for this mail alone, which is
 * wiped, and the metadata that SES writes. For objects of your own use `createS3EncryptionClient`: its format commits
 * to the data key, which this one does not.
 *
 * @throws `TypeError` for options that do not fit; `KmsError`, with a remedy. Errors of S3 as they are.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { S3Client } from "@aws-sdk/client-s3";
 * import { sealMail } from "keyfold/ses";
 *
 * await sealMail({
 *   s3: new S3Client({}),
 *   kms: new KMSClient({}),
 *   bucket: "inbound-mail",
 *   key: "inbox/0123456789abcdefghij",
 *   keyId: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
 *   sourceAccount: "111122223333",
 *   ruleName: "store-mail",
 *   messageId: "0123456789abcdefghij",
 *   mime: new TextEncoder().encode("Subject: pears\r\n\r\n42 of them, please.\r\n"),
 * });
 * ```
 */
export async function sealMail(options: SealMailOptions): Promise<void> {
  const { keyId, sourceAccount, mime, signal, observer } = optionsOf(NAME, options);
  assertSignal(signal);
  assertObserver(NAME, observer);
  assertBytes(mime, `${NAME}: mime`, "a TextEncoder");
  const s3 = checkedS3(NAME, options.s3);
  const kms = checkedKms(NAME, options.kms);
  const place = checkedPlace(NAME, options);
  if (typeof keyId !== "string" || parseKmsArn(keyId) === null) {
    throw invalidArgument(
      `${NAME}: keyId must be the ARN of a KMS key or alias, which is stored with the mail.`,
    );
  }
  if (!isAccountId(sourceAccount)) {
    throw invalidArgument(`${NAME}: sourceAccount must be a 12-digit account id.`);
  }
  const encryptionContext = {
    [SES.messageId]: checkedText(NAME, options, "messageId"),
    [SES.ruleName]: checkedText(NAME, options, "ruleName"),
    [SES.sourceAccount]: sourceAccount,
    [STORED_KEY_ID]: keyId,
  };
  const keyring = kmsKeyring({ client: kms, keyId, ...(observer !== undefined && { observer }) });
  await inPlace(place, async () => {
    const purpose = { kind: "object", suite: SUITE } as const;
    const request = { purpose, keyLength: KEY_LENGTH, encryptionContext, signal };
    const { dataKey, encryptedDataKeys } = await keyring.generate!(request);
    const iv = backend.randomBytes(IV_LENGTH);
    let body: Uint8Array;
    try {
      body = await sealContent({ suite: SUITE, key: dataKey, iv }, mime);
    } finally {
      dataKey.fill(0);
    }
    const envelope = {
      format: "V2",
      suite: SUITE,
      iv,
      messageId: EMPTY,
      commitment: EMPTY,
      wrap: "kms",
      edk: encryptedDataKeys[0]!,
      encryptionContext,
      declaredLength: mime.length,
    } as const;
    const Metadata = { ...formatV2(envelope), [PLAINTEXT_LENGTH]: String(mime.length) };
    const put = { Bucket: place.bucket, Key: place.key, Body: body, Metadata };
    await call(s3, new PutObjectCommand(put), signal);
    tell(observer, "encrypted", SUITE, mime.length, body.length, place);
  });
}
