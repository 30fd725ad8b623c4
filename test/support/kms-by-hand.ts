import { DecryptCommand, EncryptCommand } from "@aws-sdk/client-kms";

/** What an object by hand asks of KMS. */
export interface KmsByHand {
  encrypt(plaintext: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array>;
  decrypt(ciphertext: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array>;
}

/** A `KMSClient`, or the client of a local KMS. */
export interface KmsSender {
  // biome-ignore lint/suspicious/noExplicitAny: the two kinds of client agree on no narrower type.
  send(command: any): Promise<any>;
}

export function kmsByHand(client: KmsSender, keyArn: string): KmsByHand {
  return {
    async encrypt(Plaintext, EncryptionContext) {
      const command = new EncryptCommand({ KeyId: keyArn, Plaintext, EncryptionContext });
      return new Uint8Array((await client.send(command)).CiphertextBlob);
    },
    async decrypt(CiphertextBlob, EncryptionContext) {
      const command = new DecryptCommand({ KeyId: keyArn, CiphertextBlob, EncryptionContext });
      return new Uint8Array((await client.send(command)).Plaintext);
    },
  };
}
