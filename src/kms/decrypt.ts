import { DecryptCommand } from "@aws-sdk/client-kms";
import { isKeyfoldError, KeyringError } from "../errors.ts";
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
  /** Whether the key ARN of the reply is one that may have opened this; or why not, where there is more to say. */
  readonly accepts: (replyArn: string) => boolean | string;
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
    const accepted = accepts(replyKeyArn(reply, call));
    if (typeof accepted === "string") {
      dataKey.fill(0);
      request.note(edk, "failed", accepted, new KeyringError(keyring, accepted));
      return null;
    }
    if (!accepted) {
      throw badReply("the reply names another key than the one that was asked for", reply, call);
    }
    return dataKey;
  } catch (error) {
    dataKey?.fill(0);
    if (signal?.aborted || !isKeyfoldError(error)) throw error;
    request.note(edk, "failed", error.message, error);
    return null;
  }
}
