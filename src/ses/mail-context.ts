import { EncryptionContextError } from "../errors.ts";
import type { EncryptionContext } from "../types.ts";

/** The pairs that SES binds to a mail's data key (KMS developer guide, "How Amazon SES uses AWS KMS"). */
export const SES = {
  sourceAccount: "aws:ses:source-account",
  ruleName: "aws:ses:rule-name",
  messageId: "aws:ses:message-id",
} as const;

/** Beside them the encryption client that SES uses stores the key's name, by which the key is not found. */
export const STORED_KEY_ID = "kms_cmk_id";

/** What a mail's stored pairs say. */
export interface MailFacts {
  readonly sourceAccount: string;
  readonly ruleName: string;
  readonly messageId: string;
}

/** Compares what a mail says with what the caller expects; undefined: nothing is. */
export function assertFacts(
  stored: MailFacts,
  expected: { readonly [Fact in keyof MailFacts]: string | undefined },
): void {
  for (const fact of ["sourceAccount", "ruleName", "messageId"] as const) {
    if (expected[fact] === undefined || stored[fact] === expected[fact]) continue;
    const key = SES[fact];
    throw new EncryptionContextError(
      `The mail's ${key} is ${JSON.stringify(stored[fact])}, and ${JSON.stringify(expected[fact])} is expected (${fact}).`,
      key,
    );
  }
}

/** The three facts; null if one of them is missing. */
export function mailFacts(stored: EncryptionContext): MailFacts | null {
  const [sourceAccount, ruleName, messageId] = Object.values(SES).map((key) =>
    Object.hasOwn(stored, key) ? stored[key] : undefined,
  );
  if (sourceAccount === undefined || ruleName === undefined || messageId === undefined) return null;
  return { sourceAccount, ruleName, messageId };
}

/** Whether this is an AWS account id. */
export function isAccountId(id: unknown): id is string {
  return typeof id === "string" && /^\d{12}$/.test(id);
}
