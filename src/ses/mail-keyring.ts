import { invalidArgument } from "../arguments.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { formatKmsArn, type KmsArn, parseKmsArn } from "../kms/arn.ts";
import { clientsOf, type KmsClient } from "../kms/client.ts";
import { tryDecrypt } from "../kms/decrypt.ts";
import { NOT_KMS, wrappingKeyOf } from "../kms/edk.ts";
import type { EncryptionContext } from "../types.ts";
import { type MailFacts, STORED_KEY_ID } from "./mail-context.ts";
import type { OpenMailConfig } from "./open-options.ts";

/**
 * Opens the data key of one mail. The object does not say which key wrapped it, so KMS's reply does: it must name the
 * pinned key, and a key of the pinned account. With a bare key id alone that is the account that the mail says.
 */
export async function mailKeyring(
  config: OpenMailConfig,
  facts: MailFacts,
  context: EncryptionContext,
): Promise<Keyring> {
  const { keyId, observer } = config;
  const account = keyId?.arn?.accountId ?? config.sourceAccount ?? facts.sourceAccount;
  const name = keyId === undefined ? `KMS keys of account ${account}` : `KMS ${keyId.text}`;
  const client = await clientFor(config, account, context);

  /** Compares the key of KMS's reply: true, or what is wrong with it. */
  const accepts = (replyArn: string): true | string => {
    const arn = parseKmsArn(replyArn)!;
    if (keyId !== undefined && !namesKey(keyId.text, arn)) {
      return `the data key was wrapped under ${replyArn}, which is not keyId.`;
    }
    if (arn.accountId !== account) {
      return `the data key was wrapped under ${replyArn}, a key of account ${arn.accountId}, not of ${account}. Whoever can write to the bucket can do that; if the key is the right one, name it by keyId.`;
    }
    return true;
  };

  return {
    name,
    async unwrap(edks, request) {
      for (const edk of edks) {
        if (wrappingKeyOf(request.purpose, edk) !== "unnamed") {
          request.note(edk, "skipped", NOT_KMS);
          continue;
        }
        const attempt = { edk, client, keyId: keyId?.text, keyring: name, observer, accepts };
        const dataKey = await tryDecrypt({ ...attempt, grantTokens: () => undefined }, request);
        if (dataKey !== null) return { dataKey, opened: edk };
      }
      return null;
    },
  };
}

/** Whether a key ARN or a key id is this key's. */
function namesKey(keyId: string, arn: KmsArn): boolean {
  return keyId === formatKmsArn(arn) || keyId === arn.id;
}

/** The client to ask. The mail's own word on the Region says only where: what KMS answers is compared all the same. */
async function clientFor(
  { kms, keyId, s3 }: OpenMailConfig,
  account: string,
  context: EncryptionContext,
): Promise<KmsClient> {
  const clients = clientsOf("openMail", kms);
  if (typeof kms !== "function") return clients(undefined);
  const named = Object.hasOwn(context, STORED_KEY_ID) ? parseKmsArn(context[STORED_KEY_ID]!) : null;
  const ofMail = named?.accountId === account ? named.region : undefined;
  const region = keyId?.arn?.region ?? ofMail ?? (await s3.config?.region?.());
  if (typeof region === "string") return clients(region);
  throw invalidArgument(
    "openMail: kms is a function of the Region, and nothing tells one: name keyId by its ARN, or give a KMSClient.",
  );
}
