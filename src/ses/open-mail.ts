import { GetObjectCommand } from "@aws-sdk/client-s3";
import { objectConfig } from "../client/object-options.ts";
import { tell } from "../client/tell.ts";
import { unlockObject } from "../client/unlock-object.ts";
import { LimitError } from "../errors.ts";
import { openContent, TAG_LENGTH } from "../object/content.ts";
import { inPlace } from "../s3/place.ts";
import { call } from "../s3/port.ts";
import { discard, readAll, sourceOf } from "../s3/source.ts";
import type { EncryptionContext } from "../types.ts";
import { readLayout } from "./layout.ts";
import { assertFacts } from "./mail-context.ts";
import { mailKeyring } from "./mail-keyring.ts";
import { type OpenMailConfig, type OpenMailOptions, openMailConfig } from "./open-options.ts";

/** What {@link openMail} answers. */
export interface OpenedMail {
  /** The mail as it came: RFC 5322 headers and MIME parts, verified whole. */
  readonly mime: Uint8Array;
  /** SES's id of the message, which is not the `Message-ID` header. */
  readonly messageId: string;
  /** The receipt rule that stored it. */
  readonly ruleName: string;
  /** The account whose SES received it, 12 digits. */
  readonly sourceAccount: string;
  /** The whole encryption context that KMS was given: the three above, and what else the object stores. */
  readonly encryptionContext: EncryptionContext;
}

/**
 * Opens a mail that Amazon SES received, encrypted and stored in S3 (the receipt rule's S3 action with a KMS key): one
 * GetObject, one kms:Decrypt, and nothing is answered before all of it is verified. It takes exactly what SES writes,
 * and needs no legacy option for it; KMS must open the data key in the context that SES bound, under `keyId`, or under
 * a key of `sourceAccount` in whichever partition the KMS client speaks to.
 *
 * What the mail itself says is for its reader to doubt: SES encrypts whatever was sent to it.
 *
 * @throws `TypeError` for options that do not fit. `S3ObjectError`: `ERR_S3_UNENCRYPTED`, or `ERR_SES_MAIL` for what is
 * encrypted in another way. `EncryptionContextError`, before KMS is asked: another account, rule or message.
 * `LimitError`: over `bufferLimit`. `NoDataKeyError`: KMS refused (`cause` is a `KmsError`), or a key that is not pinned
 * wrapped it (a `KeyringError`).
 * `AuthenticationError`: altered. Errors of S3 as they are.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { S3Client } from "@aws-sdk/client-s3";
 * import { openMail } from "keyfold/ses";
 * import PostalMime from "postal-mime";
 *
 * const place = { bucket: "inbound-mail", key: "inbox/0a1b2c" };
 * const clients = { s3: new S3Client({}), kms: new KMSClient({}) };
 * const mail = await openMail({ ...clients, ...place, sourceAccount: "111122223333" });
 * const { from, subject } = await PostalMime.parse(mail.mime);
 * ```
 */
export async function openMail(options: OpenMailOptions): Promise<OpenedMail> {
  const config = openMailConfig(options);
  return inPlace(config.place, () => open(config));
}

async function open(config: OpenMailConfig): Promise<OpenedMail> {
  const { place, signal, observer } = config;
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.key });
  const { Body, ContentLength, Metadata = {} } = await call(config.s3, command, signal);
  let stored: Uint8Array;
  let layout: ReturnType<typeof readLayout>;
  try {
    layout = readLayout(Metadata);
    assertFacts(layout.facts, config);
    stored = await bodyOf(Body, ContentLength, config);
  } catch (error) {
    discard(Body);
    throw error;
  }
  const { envelope, facts } = layout;
  const { encryptionContext, suite } = envelope;
  // This layout is what the legacy options stand for elsewhere, and it has just been compared with all of it.
  const objects = objectConfig("openMail", {
    keyring: await mailKeyring(config, facts, encryptionContext),
    commitmentPolicy: "require-encrypt-allow-decrypt",
    legacy: { wrappingAlgorithms: true },
  });
  const unlocked = await unlockObject(objects, envelope, { encryptionContext: {}, signal });
  try {
    const mime = await openContent(unlocked.content, stored);
    tell(observer, "decrypted", suite, mime.length, stored.length, place);
    return { mime, ...facts, encryptionContext };
  } finally {
    unlocked.close();
  }
}

/** The stored bytes: before KMS is asked, so that a data key is in memory no longer than it takes to open them. */
async function bodyOf(
  body: unknown,
  length: number | undefined,
  { bufferLimit, signal }: OpenMailConfig,
): Promise<Uint8Array> {
  const limit = bufferLimit + TAG_LENGTH;
  const stored =
    length !== undefined && length > limit ? null : await readAll(sourceOf(body, length), limit, signal);
  if (stored !== null) return stored;
  const actual = (length ?? limit + 1) - TAG_LENGTH;
  throw new LimitError("bufferLimit", actual, bufferLimit, "Bytes of a mail, held until they are verified");
}
