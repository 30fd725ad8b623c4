// An encryption provider for data masking in Powertools for AWS Lambda (TypeScript). To copy; in Lambda there is beside it
//   import { DataMasking } from "@aws-lambda-powertools/data-masking";
//   const masker = new DataMasking({
//     provider: keyfoldProvider({ keyring: kmsKeyring({ client: new KMSClient({}), keyId: process.env.KEY_ARN }) }),
//   });
// It reads what Powertools' own KMS provider wrote, and the other way round, and does not need @aws-crypto/client-node.
import { cachingMaterialsManager, createEncryptionClient } from "keyfold";

/**
 * @param {object} options
 * @param {import("keyfold").Keyring} options.keyring
 * @param {number} [options.reusePeriodSeconds] How long a data key is used. Default: 300, as in Powertools.
 * @param {number} [options.capacity] The most data keys in memory, for each direction. Default: 100, as in Powertools.
 * @returns {EncryptionProvider}
 */
export function keyfoldProvider({ keyring, reusePeriodSeconds = 300, capacity = 100 }) {
  const materialsManager = cachingMaterialsManager({ keyring, reusePeriodSeconds, capacity });
  const client = createEncryptionClient({ materialsManager });
  return {
    async encrypt(data, context = {}) {
      return (await client.encryptText(data, { encryptionContext: context })).ciphertext;
    },
    // Each pair of the context must be among those that it was sealed with.
    async decrypt(data, context = {}) {
      return (await client.decryptText(data, { encryptionContext: context })).plaintext;
    },
  };
}

/**
 * What DataMasking asks of a provider (its `EncryptionProvider`).
 *
 * @typedef {object} EncryptionProvider
 * @property {(data: string, context?: Record<string, string>) => Promise<string>} encrypt
 * @property {(data: string, context?: Record<string, string>) => Promise<string>} decrypt
 */
