import { invalidArgument, optionsOf } from "../arguments.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { defaultMaterialsManager } from "./default.ts";
import type { MaterialsManager } from "./manager.ts";

/** Where data keys come from: a keyring, or a manager around one. Exactly one of the two. */
export type MaterialsSource =
  | {
      /** Wraps and unwraps data keys, a fresh one for each message. */
      readonly keyring: Keyring;
      /** Not beside `keyring`. */
      readonly materialsManager?: never;
    }
  | {
      /** Such as a `cachingMaterialsManager`. */
      readonly materialsManager: MaterialsManager;
      /** Not beside `materialsManager`. */
      readonly keyring?: never;
    };

/** The manager that these options name. `caller` is the function whose options they are. */
export function managerOf(
  caller: string,
  options: { keyring?: Keyring; materialsManager?: MaterialsManager },
): MaterialsManager {
  const { keyring, materialsManager } = optionsOf(caller, options);
  if ((keyring === undefined) === (materialsManager === undefined)) {
    throw invalidArgument(`${caller}: either keyring or materialsManager is needed, and not both.`);
  }
  if (materialsManager !== undefined) {
    const methods = ["encryptionMaterials", "decryptionMaterials", "isCurrent"] as const;
    if (methods.every((name) => typeof materialsManager?.[name] === "function")) return materialsManager;
    throw invalidArgument(`${caller}: materialsManager is not a materials manager.`);
  }
  if (typeof keyring?.name !== "string") {
    throw invalidArgument(`${caller}: keyring is not a keyring: it has no name.`);
  }
  if (keyring.generate === undefined && keyring.wrap === undefined && keyring.unwrap === undefined) {
    throw invalidArgument(`${caller}: keyring ${keyring.name} can neither wrap nor unwrap.`);
  }
  return defaultMaterialsManager(keyring);
}
