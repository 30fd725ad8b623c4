import * as officialExports from "@aws-crypto/client-node";
import { expect } from "vitest";
import { createEncryptionClient, requiredContextMaterialsManager } from "../../src/index.ts";
import { keyringOf } from "../interop/keyrings.ts";
import type { SharedKey } from "../interop/kinds.ts";
import type { ImpossibleCell } from "../peers/cells.ts";
import { aesKeyring } from "../peers/keys.ts";
import { sample } from "../peers/vectors/format.ts";
import { officialClient, officialKeyring } from "./official.ts";

/** Cells that no test can fill, each with a test that shows it. */
export interface ProvenImpossible extends ImpossibleCell {
  readonly prove: (kms: SharedKey) => Promise<void>;
}

const policy = "require-encrypt-require-decrypt";
const { encrypt, decrypt } = officialClient(policy);
const spec = aesKeyring(32);

export const impossible: readonly ProvenImpossible[] = [
  {
    cell: "a KMS discovery keyring that writes, on either side",
    reason: "it names no key: their keyring leaves the materials as they are, and no data key comes of it",
    async prove({ endpoint, arn }) {
      const discovery = {
        type: "kms-discovery",
        endpoint,
        partition: "aws",
        accountIds: [arn.split(":")[4]!],
      } as const;
      await expect(encrypt(officialKeyring(discovery), sample(1))).rejects.toThrow(
        "unencryptedDataKey has not been set",
      );
      const client = createEncryptionClient({ keyring: keyringOf(discovery) });
      await expect(client.encrypt(sample(1))).rejects.toThrow("only reads");
    },
  },
  {
    cell: "required context (pairs that the header leaves out), in either direction",
    reason:
      "their client has no materials manager for it, and its decrypt takes no context to fill the header's gap; the matrix of the Python client has these cells",
    async prove() {
      const requiredKeys = ["tenant"];
      const manager = requiredContextMaterialsManager({ keyring: keyringOf(spec), requiredKeys });
      const client = createEncryptionClient({ materialsManager: manager });
      const encryptionContext = { tenant: "t1" };
      const { ciphertext } = await client.encrypt(sample(1), { encryptionContext });
      expect((await client.decrypt(ciphertext, { encryptionContext })).plaintext).toHaveLength(1);
      await expect(decrypt(officialKeyring(spec), ciphertext)).rejects.toThrow(
        "unencryptedDataKey has not been set",
      );
      const managers = Object.keys(officialExports).filter((name) => name.endsWith("MaterialsManager"));
      expect(managers.sort()).toEqual([
        "NodeCachingMaterialsManager",
        "NodeDefaultCryptographicMaterialsManager",
      ]);
    },
  },
  {
    cell: "non-framed messages, written by either side",
    reason:
      'both write framed bodies only: their encryptStream says "frameLength out of bounds"; Python\'s non-framed messages are read by the kept vectors',
    async prove() {
      const theirs = encrypt(officialKeyring(spec), sample(1), { frameLength: 0 });
      await expect(theirs).rejects.toThrow("frameLength out of bounds");
      expect(() => createEncryptionClient({ keyring: keyringOf(spec), frameLength: 0 })).toThrow(
        "frameLength",
      );
    },
  },
];
