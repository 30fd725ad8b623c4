import { CommitmentPolicyError } from "../errors.ts";
import { type AlgorithmSuite, formatSuiteId } from "./table.ts";

/**
 * Whether suites that commit to their data key are demanded. Without commitment a sender who holds several
 * wrapping keys can make one message that opens to different plaintexts for different readers.
 *
 * - `"require-encrypt-require-decrypt"` (default): write and read committing suites only.
 * - `"require-encrypt-allow-decrypt"`: write committing suites, read all: for the time of a migration.
 * - `"forbid-encrypt-allow-decrypt"`: write for readers that know no commitment yet, read all.
 */
export type CommitmentPolicy =
  | "require-encrypt-require-decrypt"
  | "require-encrypt-allow-decrypt"
  | "forbid-encrypt-allow-decrypt";

/** Throws if the policy forbids writing with this suite. */
export function assertMayEncrypt(policy: CommitmentPolicy, suite: AlgorithmSuite): void {
  const commits = suite.commitmentLength > 0;
  if (commits === (policy === "forbid-encrypt-allow-decrypt")) {
    throw new CommitmentPolicyError(
      policy,
      suite.id,
      `Policy ${policy} ${commits ? "forbids" : "demands"} key commitment, and suite ${formatSuiteId(suite.id)} (${suite.name}) ${commits ? "has it" : "has none"}. Choose another suite, or the policy that fits.`,
    );
  }
}

/** Throws if the policy forbids reading this suite. */
export function assertMayDecrypt(policy: CommitmentPolicy, suite: AlgorithmSuite): void {
  if (suite.commitmentLength === 0 && policy === "require-encrypt-require-decrypt") {
    throw new CommitmentPolicyError(
      policy,
      suite.id,
      `Suite ${formatSuiteId(suite.id)} (${suite.name}) has no key commitment, which policy ${policy} demands. To read what older clients wrote, use "require-encrypt-allow-decrypt".`,
    );
  }
}
