import { describe, expect, it } from "vitest";
import { assertMayDecrypt, assertMayEncrypt, type CommitmentPolicy } from "../../src/suites/policy.ts";
import { suitesOf } from "../../src/suites/table.ts";
import { failure } from "../support/failure.ts";

const COMMITTING = [0x0073, 0x0074, 0x0478, 0x0578];
// What each policy allows: [committing, not committing].
const RULES: Record<CommitmentPolicy, { write: [boolean, boolean]; read: [boolean, boolean] }> = {
  "require-encrypt-require-decrypt": { write: [true, false], read: [true, false] },
  "require-encrypt-allow-decrypt": { write: [true, false], read: [true, true] },
  "forbid-encrypt-allow-decrypt": { write: [false, true], read: [true, true] },
};

describe.each(Object.keys(RULES) as CommitmentPolicy[])("%s", (policy) => {
  for (const suite of [...suitesOf("message"), ...suitesOf("object")]) {
    const column = COMMITTING.includes(suite.id) ? 0 : 1;
    for (const [verb, assert] of [
      ["write", assertMayEncrypt],
      ["read", assertMayDecrypt],
    ] as const) {
      const allowed = RULES[policy][verb][column]!;
      it(`${allowed ? "lets" : "forbids to"} ${verb} ${suite.id.toString(16)} ${suite.name}`, async () => {
        if (allowed) return assert(policy, suite);
        const error = await failure(() => assert(policy, suite), "ERR_COMMITMENT_POLICY");
        expect(error).toMatchObject({ policy, suiteId: suite.id });
        expect(error.message).toContain(policy);
        expect(error.message).toContain(suite.name);
      });
    }
  }
});
