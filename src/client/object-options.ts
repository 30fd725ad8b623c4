import { invalidArgument } from "../arguments.ts";
import type { MaterialsManager } from "../materials/manager.ts";
import { type MaterialsSource, managerOf } from "../materials/source.ts";
import { assertObserver, type Observer } from "../observer.ts";
import type { CommitmentPolicy } from "../suites/policy.ts";
import { type AlgorithmSuite, suiteById } from "../suites/table.ts";
import type { EncryptionContext } from "../types.ts";
import { checkedPolicy } from "./options.ts";

/** What older S3 objects need to be read. All are off by default. */
export interface LegacyOptions {
  /** Data keys wrapped as older writers did: `kms`, `AESWrap`, RSA-OAEP with SHA-256, and format V1's. Default: false. */
  readonly wrappingAlgorithms?: boolean;
  /** Content under AES-CBC, which nothing authenticates: whoever can write the object can change it. Default: false. */
  readonly unauthenticatedModes?: boolean;
  /**
   * AES-CBC objects whose instruction file a Java client re-encrypted. It binds their data key as it does those of
   * AES-GCM, so that with this option an object under GCM can be passed off as one under CBC. Default: false.
   */
  readonly rewrappedCbc?: boolean;
}

/** What all that seals or opens S3 objects shares: a keyring or a materials manager, and these. */
export type ObjectSettings = MaterialsSource & {
  /**
   * Default: `"require-encrypt-require-decrypt"`, which writes and reads format V3. `"require-encrypt-allow-decrypt"`
   * reads V1 and V2 as well; `"forbid-encrypt-allow-decrypt"` writes V2, and reads all.
   */
  readonly commitmentPolicy?: CommitmentPolicy;
  /** Beside a policy that allows it: what older objects need to be read. Default: nothing of it. */
  readonly legacy?: LegacyOptions;
  /** Hears of every object that was sealed or opened. Default: nobody. */
  readonly observer?: Observer;
};

/** Options of {@link sealObject} and {@link openObject}. */
export type ObjectOptions = ObjectSettings & {
  /**
   * Pairs to bind; on reading, exactly the pairs that were bound. Only KMS wrapping binds them, and a mailbox: with raw
   * keys naming any is an error. Default: none.
   */
  readonly encryptionContext?: EncryptionContext;
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly signal?: AbortSignal;
};

/** The same, checked and complete. */
export interface ObjectConfig {
  readonly manager: MaterialsManager;
  readonly commitmentPolicy: CommitmentPolicy;
  /** To write with. */
  readonly suite: AlgorithmSuite;
  readonly legacy: Required<LegacyOptions>;
  readonly observer: Observer | undefined;
}

const V2_SUITE = suiteById(0x0072, "object");
const V3_SUITE = suiteById(0x0073, "object");

/** Checks the settings and fills in the defaults. */
export function objectConfig(caller: string, options: ObjectSettings): ObjectConfig {
  const manager = managerOf(caller, options);
  assertObserver(caller, options.observer);
  const commitmentPolicy = checkedPolicy(caller, options.commitmentPolicy);
  return {
    manager,
    commitmentPolicy,
    suite: commitmentPolicy === "forbid-encrypt-allow-decrypt" ? V2_SUITE : V3_SUITE,
    legacy: checkedLegacy(caller, options.legacy),
    observer: options.observer,
  };
}

function checkedLegacy(caller: string, legacy: LegacyOptions | undefined): Required<LegacyOptions> {
  if (legacy !== undefined && (typeof legacy !== "object" || legacy === null)) {
    throw invalidArgument(
      `${caller}: legacy must be { wrappingAlgorithms, unauthenticatedModes, rewrappedCbc }.`,
    );
  }
  // Nothing but true opens what is closed.
  return {
    wrappingAlgorithms: legacy?.wrappingAlgorithms === true,
    unauthenticatedModes: legacy?.unauthenticatedModes === true,
    rewrappedCbc: legacy?.rewrappedCbc === true,
  };
}
