import {
  CreateGrantCommand,
  type CreateGrantCommandInput,
  DecryptCommand,
  EncryptCommand,
  type EncryptCommandInput,
} from "@aws-sdk/client-kms";
import type { LocalKms, LocalKmsClient } from "../../src/testing/index.ts";
import { bytes, connect, KEY_A, type Transport } from "./helpers.ts";

export const user = (name: string): string => `arn:aws:iam::111122223333:user/${name}`;

export type GrantInput = Partial<CreateGrantCommandInput>;

/** Makes a grant for Bob to encrypt and decrypt, if nothing else is asked for. */
export const grant = async (client: LocalKmsClient, input: GrantInput = {}) => {
  const { GrantId, GrantToken } = await client.send(
    new CreateGrantCommand({
      KeyId: KEY_A,
      GranteePrincipal: user("bob"),
      Operations: ["Encrypt", "Decrypt"],
      ...input,
    }),
  );
  return { GrantId: GrantId!, GrantToken: GrantToken! };
};

export const encrypt = (client: LocalKmsClient, input: Partial<EncryptCommandInput> = {}) =>
  client.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(8), ...input }));

export const decrypt = (client: LocalKmsClient, CiphertextBlob: Uint8Array | undefined, input: object = {}) =>
  client.send(new DecryptCommand({ CiphertextBlob, KeyId: KEY_A, ...input }));

/** Alice, whose key it is, and Bob, who has no right of his own. */
export async function aliceAndBob(kms: LocalKms, transport: Transport) {
  return {
    alice: await connect(kms, transport, { principal: "alice" }),
    bob: await connect(kms, transport, { principal: "bob" }),
  };
}

/** What the KMS says to a user without permission. */
export const denied = (operation: string, name: string, keyArn: string): string =>
  `AccessDeniedException: User: ${user(name)} is not authorized to perform: kms:${operation} on resource: ${keyArn} because no resource-based policy allows the kms:${operation} action`;
