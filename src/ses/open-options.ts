import { invalidArgument, optionsOf, wholeNumber } from "../arguments.ts";
import { assertSignal } from "../client/options.ts";
import { type KmsKeyId, parseKmsKeyId } from "../kms/arn.ts";
import type { KmsClientSource } from "../kms/client.ts";
import { assertObserver, type Observer } from "../observer.ts";
import type { S3Place } from "../s3/place.ts";
import type { S3ClientPort } from "../s3/port.ts";
import { isAccountId } from "./mail-context.ts";
import { checkedKms, checkedPlace, checkedS3, checkedText } from "./mail-options.ts";

/** What {@link openMail} is told besides whose mail it must be. */
export interface OpenMailSettings {
  /** An `S3Client` itself, and no encryption client around it. */
  readonly s3: S3ClientPort;
  /**
   * A `KMSClient`, or a function that gives the client of a Region. The function is asked for the Region of `keyId`;
   * else for the one of the key that the mail names, if that is a key of `sourceAccount`; else for the Region of `s3`.
   */
  readonly kms: KmsClientSource;
  /** The bucket of the receipt rule. */
  readonly bucket: string;
  /** The object's key: the prefix of the receipt rule, and the message id. */
  readonly key: string;
  /** The receipt rule that must have stored the mail. Default: any. */
  readonly ruleName?: string | undefined;
  /** The SES message id that the mail must have, such as the one in the event that tells of it. Default: any. */
  readonly messageId?: string | undefined;
  /** Bytes of the largest mail that is read. Default: 64 MiB; SES takes mails of up to 40 MB. */
  readonly bufferLimit?: number | undefined;
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of the KMS call, and of the opened mail. Default: nobody. */
  readonly observer?: Observer | undefined;
}

/**
 * Whose mail it must be. Whoever can write to the bucket can put a mail there under a KMS key of their own: so
 * `sourceAccount` or `keyId` is needed, or both.
 */
export type MailOrigin =
  | {
      /** The 12-digit id of the account whose SES received the mail. Without `keyId` the KMS key must be one of it. */
      readonly sourceAccount: string;
      /** The ARN or id of the KMS key that must have wrapped the data key; no alias. Default: any of the account. */
      readonly keyId?: string | undefined;
    }
  | {
      /** The 12-digit id of the account whose SES received the mail. Default: any. */
      readonly sourceAccount?: string | undefined;
      /** The ARN or id of the KMS key that must have wrapped the data key; no alias. */
      readonly keyId: string;
    };

/** Options of {@link openMail}. */
export type OpenMailOptions = OpenMailSettings & MailOrigin;

/** The same, checked and complete. */
export interface OpenMailConfig {
  readonly s3: S3ClientPort;
  readonly kms: KmsClientSource;
  readonly place: S3Place;
  readonly keyId: KmsKeyId | undefined;
  readonly sourceAccount: string | undefined;
  readonly ruleName: string | undefined;
  readonly messageId: string | undefined;
  readonly bufferLimit: number;
  readonly signal: AbortSignal | undefined;
  readonly observer: Observer | undefined;
}

const NAME = "openMail";
const MIB = 1024 * 1024;

/** Checks the options and fills in the defaults. */
export function openMailConfig(options: OpenMailOptions): OpenMailConfig {
  const { sourceAccount, signal, observer } = optionsOf(NAME, options);
  assertSignal(signal);
  assertObserver(NAME, observer);
  if (options.keyId === undefined && sourceAccount === undefined) {
    throw invalidArgument(
      `${NAME}: sourceAccount or keyId is needed. Else a mail under anybody's KMS key would open.`,
    );
  }
  if (sourceAccount !== undefined && !isAccountId(sourceAccount)) {
    throw invalidArgument(`${NAME}: sourceAccount must be a 12-digit account id.`);
  }
  return {
    s3: checkedS3(NAME, options.s3),
    kms: checkedKms(NAME, options.kms),
    place: checkedPlace(NAME, options),
    keyId: options.keyId === undefined ? undefined : checkedKeyId(options.keyId),
    sourceAccount,
    ruleName: options.ruleName === undefined ? undefined : checkedText(NAME, options, "ruleName"),
    messageId: options.messageId === undefined ? undefined : checkedText(NAME, options, "messageId"),
    bufferLimit: wholeNumber(NAME, "bufferLimit", options.bufferLimit, 64 * MIB, 0),
    signal,
    observer,
  };
}

function checkedKeyId(keyId: unknown): KmsKeyId {
  const id = typeof keyId === "string" ? parseKmsKeyId(keyId) : null;
  if (id?.kind === "key-arn" || id?.kind === "key-id") return id;
  throw invalidArgument(
    `${NAME}: keyId must be the ARN or the id of a KMS key. An alias does not say which key wrapped a mail.`,
  );
}
