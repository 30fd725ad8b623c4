import { invalidArgument, wholeNumber } from "../arguments.ts";
import type { MaterialsManager } from "../materials/manager.ts";
import { type MaterialsSource, managerOf } from "../materials/source.ts";
import type { HeaderLimits } from "../message/header-scanner.ts";
import { assertObserver, type Observer } from "../observer.ts";
import { assertMayEncrypt, type CommitmentPolicy } from "../suites/policy.ts";
import { type AlgorithmSuite, type MessageSuiteId, suiteById } from "../suites/table.ts";

/** Options of `createEncryptionClient` and `openMessage`: a keyring or a materials manager, and these. Sizes are bytes. */
export type EncryptionClientOptions = MaterialsSource & {
  /** Which suites may seal and open. Default: `"require-encrypt-require-decrypt"`. */
  readonly commitmentPolicy?: CommitmentPolicy;
  /** The algorithm suite to write with. Default: 0x0478 (committing, unsigned), or 0x0178 where the policy forbids commitment. */
  readonly suite?: MessageSuiteId;
  /** Plaintext bytes of a frame: 1 to `maxFrameLength`. Default: 65,536. */
  readonly frameLength?: number;
  /** The most encrypted data keys that a message may have, written or read: 1 to 65,535. Default: 16. */
  readonly maxEncryptedDataKeys?: number;
  /** The longest header that is read. Default: 1 MiB. */
  readonly maxHeaderBytes?: number;
  /** The longest frame that is written or read. Default: 16 MiB. */
  readonly maxFrameLength?: number;
  /** The most plaintext that a stream holds back until a signature or a non-framed body is verified. Default: 64 MiB. */
  readonly signedBufferLimit?: number;
  /** Hears of every message that was sealed or opened. Default: nobody. */
  readonly observer?: Observer;
};

/** The same, checked and complete. */
export interface ClientConfig extends HeaderLimits {
  readonly manager: MaterialsManager;
  readonly commitmentPolicy: CommitmentPolicy;
  readonly suite: AlgorithmSuite;
  readonly frameLength: number;
  readonly signedBufferLimit: number;
  readonly observer: Observer | undefined;
}

const POLICIES: readonly CommitmentPolicy[] = [
  "require-encrypt-require-decrypt",
  "require-encrypt-allow-decrypt",
  "forbid-encrypt-allow-decrypt",
];
const KIB = 1024;
const MIB = 1024 * KIB;

/** Checks the options of a client and fills in the defaults. */
export function clientConfig(caller: string, options: EncryptionClientOptions): ClientConfig {
  const manager = managerOf(caller, options);
  const commitmentPolicy = checkedPolicy(caller, options.commitmentPolicy);
  const byPolicy = commitmentPolicy === "forbid-encrypt-allow-decrypt" ? 0x0178 : 0x0478;
  assertObserver(caller, options.observer);
  const suite = suiteById(wholeNumber(caller, "suite", options.suite, byPolicy, 0, 0xffff), "message");
  assertMayEncrypt(commitmentPolicy, suite);
  const maxFrameLength = wholeNumber(
    caller,
    "maxFrameLength",
    options.maxFrameLength,
    16 * MIB,
    1,
    0xffffffff,
  );
  const frameDefault = Math.min(64 * KIB, maxFrameLength);
  return {
    manager,
    commitmentPolicy,
    suite,
    frameLength: wholeNumber(caller, "frameLength", options.frameLength, frameDefault, 1, maxFrameLength),
    maxEncryptedDataKeys: wholeNumber(
      caller,
      "maxEncryptedDataKeys",
      options.maxEncryptedDataKeys,
      16,
      1,
      0xffff,
    ),
    maxHeaderBytes: wholeNumber(caller, "maxHeaderBytes", options.maxHeaderBytes, MIB),
    maxFrameLength,
    signedBufferLimit: wholeNumber(caller, "signedBufferLimit", options.signedBufferLimit, 64 * MIB),
    observer: options.observer,
  };
}

/** The policy that these options name, or the default. */
export function checkedPolicy(caller: string, policy: CommitmentPolicy | undefined): CommitmentPolicy {
  if (policy === undefined) return "require-encrypt-require-decrypt";
  if (!POLICIES.includes(policy)) {
    throw invalidArgument(`${caller}: commitmentPolicy must be one of ${POLICIES.join(", ")}.`);
  }
  return policy;
}

/** Checks that this can tell of an abort. */
export function assertSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  const usable =
    signal === undefined ||
    (typeof signal === "object" &&
      signal !== null &&
      "throwIfAborted" in signal &&
      "addEventListener" in signal);
  if (!usable) throw invalidArgument("signal must be an AbortSignal.");
}

/** Checks that these are bytes; base64 and text get the pointer that they need. */
export function assertBytes(value: unknown, what: string, forText: string): asserts value is Uint8Array {
  if (value instanceof Uint8Array) return;
  const hint = typeof value === "string" ? ` For text there is ${forText}.` : "";
  throw invalidArgument(`${what} must be a Uint8Array.${hint}`);
}
