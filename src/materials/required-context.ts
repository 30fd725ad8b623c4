import { invalidArgument } from "../arguments.ts";
import { EncryptionContextError } from "../errors.ts";
import { isReserved } from "../message/context.ts";
import type { EncryptionContext } from "../types.ts";
import type { MaterialsManager } from "./manager.ts";
import { type MaterialsSource, managerOf } from "./source.ts";

/** Options of {@link requiredContextMaterialsManager}: a keyring or a materials manager, and the keys. */
export type RequiredContextOptions = MaterialsSource & {
  /** Keys whose pairs every writer and reader must name. At least one, none of them beginning with `aws-crypto-`. */
  readonly requiredKeys: readonly string[];
};

/**
 * Demands that these keys be in the encryption context of every call, and leaves their pairs out of the stored
 * header: they are bound to the message, and only a reader who names them again can open it
 * (framework/required-encryption-context-cmm). Messages only; a message that stores the pairs opens as well.
 *
 * @throws `TypeError` without a key, or with a reserved one. `EncryptionContextError` at each call that misses one.
 *
 * @example
 * ```ts
 * import { createEncryptionClient, rawAesKeyring, requiredContextMaterialsManager } from "keyfold";
 *
 * const keyring = rawAesKeyring({ namespace: "app", name: "2026", key: crypto.getRandomValues(new Uint8Array(32)) });
 * const materialsManager = requiredContextMaterialsManager({ keyring, requiredKeys: ["tenant"] });
 * const client = createEncryptionClient({ materialsManager });
 * const { ciphertext } = await client.encryptText("42 pears", { encryptionContext: { tenant: "t1" } });
 * await client.decryptText(ciphertext, { encryptionContext: { tenant: "t1" } }); // without: ERR_ENCRYPTION_CONTEXT
 * ```
 */
export function requiredContextMaterialsManager(options: RequiredContextOptions): MaterialsManager {
  const manager = managerOf("requiredContextMaterialsManager", options);
  const required = checkedKeys(options.requiredKeys);

  const demand = (context: EncryptionContext): void => {
    for (const key of required) {
      if (!Object.hasOwn(context, key)) {
        throw new EncryptionContextError(
          `The encryption context must name the required key ${JSON.stringify(key)}.`,
          key,
        );
      }
    }
  };
  const requiredKeys = (more: readonly string[] = []) => [...new Set([...required, ...more])];

  return {
    objectWrap: undefined,
    async encryptionMaterials(request) {
      demand(request.encryptionContext);
      return manager.encryptionMaterials({ ...request, requiredKeys: requiredKeys(request.requiredKeys) });
    },
    async decryptionMaterials(request) {
      demand(request.expectedContext);
      return manager.decryptionMaterials({ ...request, requiredKeys: requiredKeys(request.requiredKeys) });
    },
    isCurrent: (request) => manager.isCurrent(request),
  };
}

function checkedKeys(keys: readonly string[]): readonly string[] {
  const fits = (key: unknown) => typeof key === "string" && key.isWellFormed() && !isReserved(key);
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(fits)) {
    throw invalidArgument(
      'requiredContextMaterialsManager: requiredKeys must be a non-empty array of context keys, none of them beginning with "aws-crypto-".',
    );
  }
  return [...keys];
}
