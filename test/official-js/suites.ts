import type { MessageSuiteId } from "../../src/index.ts";
import { suitesOf } from "../../src/suites/table.ts";
import { policyFor } from "../peers/suites.ts";
import type { Policy } from "./official.ts";

interface Suite {
  readonly suite: MessageSuiteId;
  readonly name: string;
  readonly signed: boolean;
  readonly committing: boolean;
  /** The strictest policy that may write it. */
  readonly policy: Policy;
}

/** All suites of messages, as keyfold's own table has them. */
export const suites: readonly Suite[] = suitesOf("message").map(
  ({ id, name, signature, commitmentLength }) => ({
    suite: id as MessageSuiteId,
    name,
    signed: signature !== null,
    committing: commitmentLength > 0,
    policy: policyFor(id),
  }),
);

export const policies: readonly Policy[] = [
  "require-encrypt-require-decrypt",
  "require-encrypt-allow-decrypt",
  "forbid-encrypt-allow-decrypt",
];
