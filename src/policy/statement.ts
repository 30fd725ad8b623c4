/** One statement of an IAM, key or bucket policy, as its JSON has it. */
export interface PolicyStatement {
  /** A name for it, letters and digits. */
  readonly Sid: string;
  /** Allows or denies. */
  readonly Effect: "Allow" | "Deny";
  /** Key and bucket policies. IAM policies have none: they say it of whom they are attached to. */
  readonly Principal?: "*" | Readonly<Record<string, string>>;
  /** Such as `"kms:Decrypt"`. */
  readonly Action: readonly string[];
  /** In a key policy `*` is the key that it is attached to. */
  readonly Resource: string | readonly string[];
  /** By operator, condition key and value. Absent: without condition. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A whole policy (IAM User Guide, "Policy elements reference"). */
export interface PolicyDocument {
  /** The version of the policy language. */
  readonly Version: "2012-10-17";
  /** As they were given. */
  readonly Statement: readonly PolicyStatement[];
}

/**
 * Statements as the document that IAM, KMS and S3 take.
 *
 * @example
 * ```ts
 * import { policyDocument, serviceStatements } from "keyfold/policy";
 *
 * const Policy = JSON.stringify(policyDocument(serviceStatements({ job: "ses", accountId: "111122223333" })));
 * ```
 */
export function policyDocument(statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}
