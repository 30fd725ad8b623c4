/**
 * Mail that Amazon SES stored encrypted in S3. Needs `@aws-sdk/client-kms` and `@aws-sdk/client-s3`.
 *
 * @module ses
 */

export { type OpenedMail, openMail } from "./open-mail.ts";
export type { MailOrigin, OpenMailOptions, OpenMailSettings } from "./open-options.ts";
export { type SealMailOptions, sealMail } from "./seal-mail.ts";
