import {
  DecryptCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  ReEncryptCommand,
} from "@aws-sdk/client-kms";
import type { Observer } from "../observer.ts";
import type { EncryptionContext } from "../types.ts";
import {
  badReply,
  callKms,
  type KmsCall,
  type KmsClient,
  type KmsReply,
  replyCiphertext,
  replyDataKey,
  replyKeyArn,
} from "./client.ts";

// Keys that lie wrapped by KMS in a store, and are made and re-wrapped without ever being in clear here.

/** The KMS key that wraps them, and who asks. */
export interface WrappingKey {
  readonly client: KmsClient;
  /** The full ARN, which the reply has to name. */
  readonly arn: string;
  grantTokens(): string[] | undefined;
  /** Who asks, for events. */
  readonly name: string;
  readonly observer: Observer | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A new key of `length` bytes, wrapped. */
export async function newWrappedKey(
  key: WrappingKey,
  length: number,
  encryptionContext: EncryptionContext,
): Promise<Uint8Array> {
  const command = new GenerateDataKeyWithoutPlaintextCommand({
    KeyId: key.arn,
    NumberOfBytes: length,
    EncryptionContext: encryptionContext,
    GrantTokens: key.grantTokens(),
  });
  const { reply, call } = await ask(key, "GenerateDataKeyWithoutPlaintext", command);
  return replyCiphertext(reply, call);
}

/** The same key, wrapped under another context. */
export async function rewrappedKey(
  key: WrappingKey,
  ciphertext: Uint8Array,
  from: EncryptionContext,
  to: EncryptionContext,
): Promise<Uint8Array> {
  const command = new ReEncryptCommand({
    CiphertextBlob: ciphertext,
    SourceKeyId: key.arn,
    SourceEncryptionContext: from,
    DestinationKeyId: key.arn,
    DestinationEncryptionContext: to,
    GrantTokens: key.grantTokens(),
  });
  const { reply, call } = await ask(key, "ReEncrypt", command);
  if (reply.SourceKeyId !== key.arn) {
    throw badReply("the reply names another source key than the one that was asked for", reply, call);
  }
  return replyCiphertext(reply, call);
}

/** The key of `length` bytes, in clear. The caller owns it and wipes it. */
export async function unwrappedKey(
  key: WrappingKey,
  length: number,
  ciphertext: Uint8Array,
  encryptionContext: EncryptionContext,
): Promise<Uint8Array> {
  const command = new DecryptCommand({
    CiphertextBlob: ciphertext,
    KeyId: key.arn,
    EncryptionContext: encryptionContext,
    GrantTokens: key.grantTokens(),
  });
  const { reply, call } = await ask(key, "Decrypt", command);
  return replyDataKey(reply, length, call);
}

async function ask(
  { client, arn, name, observer, signal }: WrappingKey,
  operation: string,
  command: object,
): Promise<{ readonly reply: KmsReply; readonly call: KmsCall }> {
  const call = { client, command, operation, keyId: arn, keyring: name, observer, signal };
  const reply = await callKms(call);
  if (replyKeyArn(reply, call) !== arn) {
    reply.Plaintext?.fill(0);
    throw badReply("the reply names another key than the one that was asked for", reply, call);
  }
  return { reply, call };
}
