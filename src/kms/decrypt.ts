import { DecryptCommand } from "@aws-sdk/client-kms";
import { isKeyfoldError } from "../errors.ts";
import type { UnwrapRequest } from "../keyrings/keyring.ts";
import type { Observer } from "../observer.ts";
import type { EncryptedDataKey } from "../types.ts";
import { badReply, callKms, type KmsClient, replyDataKey, replyKeyArn } from "./client.ts";

/** One attempt to open an encrypted data key with kms:Decrypt. */
export interface DecryptAttempt {
  readonly edk: EncryptedDataKey;
  readonly client: KmsClient;
  /** The key to ask; undefined: KMS finds it from the ciphertext. */
  readonly keyId: string | undefined;
  readonly grantTokens: () => string[] | undefined;
  readonly keyring: string;
  readonly observer: Observer | undefined;
  /** Whether the key ARN of the reply is one that may have opened this. */
  readonly accepts: (replyArn: string) => boolean;
}

/** The plaintext data key; or null, and the reason is noted. Throws on abort. */
export async function tryDecrypt(
  attempt: DecryptAttempt,
  request: UnwrapRequest,
): Promise<Uint8Array | null> {
  const { edk, client, keyId, grantTokens, keyring, observer, accepts } = attempt;
  const { encryptionContext, keyLength, signal } = request;
  const command = new DecryptCommand({
    CiphertextBlob: edk.ciphertext,
    EncryptionContext: encryptionContext,
    KeyId: keyId,
    GrantTokens: grantTokens(),
  });
  const call = { client, command, operation: "Decrypt", keyId, keyring, observer, signal };
  let dataKey: Uint8Array | undefined;
  try {
    const reply = await callKms(call);
    dataKey = replyDataKey(reply, keyLength, call);
    if (!accepts(replyKeyArn(reply, call))) {
      throw badReply("the reply names another key than the one that was asked for", reply, call);
    }
    return dataKey;
  } catch (error) {
    dataKey?.fill(0);
    if (signal?.aborted || !isKeyfoldError(error)) throw error;
    // Whoever lists the reasons names the keyring.
    request.note(edk, "failed", error.message.replace(`Keyring ${keyring}: `, ""), error);
    return null;
  }
}
