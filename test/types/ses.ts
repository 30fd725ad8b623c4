// Type tests of keyfold/ses.
import type { EncryptionContext } from "../../src/index.ts";
import {
  type OpenedMail,
  type OpenMailOptions,
  openMail,
  type SealMailOptions,
  sealMail,
} from "../../src/ses/index.ts";
import { type Equal, expectType } from "./expect.js";

declare const s3: { send(command: object): Promise<object> };
declare const kms: { send(command: object): Promise<object> };
declare const account: string | undefined;
const place = { s3, kms, bucket: "inbound-mail", key: "inbox/1" };
const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

export async function replies(): Promise<void> {
  const mail = await openMail({ ...place, sourceAccount: "111122223333" });
  expectType<Equal<typeof mail, OpenedMail>>();
  expectType<Equal<OpenedMail["mime"], Uint8Array>>();
  expectType<Equal<OpenedMail["encryptionContext"], EncryptionContext>>();
  const what = { keyId, sourceAccount: "111122223333", ruleName: "r", messageId: "1", mime: mail.mime };
  const sealed = await sealMail({ ...place, ...what });
  expectType<Equal<typeof sealed, void>>();
}

// Undefined is as good as absent, where one of the two is there.
export const options: OpenMailOptions[] = [
  { ...place, keyId },
  { ...place, keyId, sourceAccount: account },
  { ...place, sourceAccount: "111122223333", keyId: undefined, ruleName: undefined, signal: undefined },
  { ...place, keyId, kms: (_region: string) => kms, bufferLimit: 1024, messageId: "1" },
];
export const name: SealMailOptions["ruleName"] = "store-mail";

// @ts-expect-error One of account and key is needed.
openMail(place);
// @ts-expect-error And not perhaps.
openMail({ ...place, sourceAccount: account });
// @ts-expect-error A mail has a rule.
sealMail({ ...place, keyId, sourceAccount: "111122223333", messageId: "1", mime: new Uint8Array(1) });
