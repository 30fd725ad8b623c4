import type { S3Client } from "@aws-sdk/client-s3";
import { expect, onTestFinished } from "vitest";
import type { ErrorCode, KeyfoldError } from "../../src/index.ts";
import { type OpenedMail, type OpenMailOptions, openMail } from "../../src/ses/index.ts";
import { createLocalKms, type LocalKms } from "../../src/testing/index.ts";
import { ACCOUNT, ARN_A, contexts, STANDARD_KEYS } from "../kms/helpers.ts";
import { failure, textOf } from "../support/failure.ts";
import type { WrittenObject } from "../support/independent-object.ts";
import { mimeMail } from "../support/mime-mail.ts";
import { type LocalS3, startS3 } from "../support/s3.ts";
import { type SesMail, type SesMailOptions, sesMail } from "../support/ses-mail.ts";

export const BUCKET = "inbound-mail";
export const KEY = "inbox/mail";
/** A mail of which a piece would be known again in an error. */
export const MIME: Uint8Array = mimeMail({ text: "plaintext-marker" }).raw;

/** All but what is tried: what the caller pins is `ACCOUNT`, unless the test says otherwise. */
export type Pins = Partial<
  Pick<
    OpenMailOptions,
    "sourceAccount" | "keyId" | "ruleName" | "messageId" | "bufferLimit" | "kms" | "signal" | "observer"
  >
>;

export interface Place {
  readonly s3: LocalS3 & { readonly client: S3Client };
  readonly kms: LocalKms;
  /** Writes a mail as SES does, under this key, and forgets the KMS calls. */
  deliver(options?: Partial<SesMailOptions>, mail?: Uint8Array): Promise<SesMail>;
  /** Stores an object where the mail is looked for. */
  put(object: WrittenObject): Promise<void>;
  open(pins?: Pins): Promise<OpenedMail>;
  /** The typed error of an opening, which names the place, and tells nothing of the mail. */
  refusal<E extends KeyfoldError = KeyfoldError>(code: ErrorCode, pins?: Pins): Promise<E>;
  /** The same, and KMS must not have been asked. */
  early<E extends KeyfoldError = KeyfoldError>(code: ErrorCode, pins?: Pins): Promise<E>;
}

/** A bucket, a KMS with keys of two accounts, and what is done with them. */
export async function startMail(): Promise<Place> {
  const s3 = await startS3(BUCKET);
  const kms = createLocalKms({ keys: STANDARD_KEYS });
  onTestFinished(() => Promise.all([s3.close(), kms.close()]).then(() => {}));

  const put = ({ body, metadata }: WrittenObject) => s3.put(BUCKET, KEY, body, metadata);
  const open = (pins: Pins = { sourceAccount: ACCOUNT }) =>
    openMail({ s3: s3.client, kms: kms.client, bucket: BUCKET, key: KEY, ...pins } as OpenMailOptions);
  const refusal = async <E extends KeyfoldError>(code: ErrorCode, pins?: Pins) => {
    const error = await failure<E>(open(pins), code);
    expect(error.message).toContain(`s3://${BUCKET}/${KEY}: `);
    expect(error.object).toEqual({ bucket: BUCKET, key: KEY });
    expect(textOf(error)).not.toContain("plaintext-marker");
    return error;
  };
  return {
    s3,
    kms,
    async deliver(options = {}, mail = MIME) {
      const written = await sesMail(mail, { kms: kms.client, keyArn: ARN_A, ...options });
      await put(written);
      kms.clearEvents();
      return written;
    },
    put,
    open,
    refusal,
    async early<E extends KeyfoldError>(code: ErrorCode, pins?: Pins) {
      const error = await refusal<E>(code, pins);
      expect(contexts(kms)).toEqual([]);
      return error;
    },
  };
}

/** The same object with other stored pairs. */
export function withPairs(mail: SesMail, pairs: Readonly<Record<string, string>>): WrittenObject {
  return { ...mail, metadata: { ...mail.metadata, "x-amz-matdesc": JSON.stringify(pairs) } };
}
