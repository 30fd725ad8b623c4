/** One statement of an IAM, key or bucket policy, as its JSON has it. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  /** Key and bucket policies. IAM policies have none: they say it of whom they are attached to. */
  readonly Principal?: "*" | Readonly<Record<string, string>>;
  readonly Action: readonly string[];
  /** In a key policy `*` is the key that it is attached to. */
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A whole policy. */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

/**
 * Statements as the document that IAM, KMS and S3 take.
 *
 * @example
 * ```ts
 * const Policy = JSON.stringify(policyDocument(serviceStatements({ job: "ses", accountId: "111122223333" })));
 * ```
 */
export function policyDocument(statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}
