export { type OpenedMail, openMail } from "./open-mail.ts";
export type { OpenMailOptions } from "./open-options.ts";
export { type SealMailOptions, sealMail } from "./seal-mail.ts";
