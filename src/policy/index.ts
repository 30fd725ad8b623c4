/**
 * IAM and key policy statements, and how many KMS requests to expect. Needs no AWS package.
 *
 * @module policy
 */

export {
  estimateKmsRequests,
  type KmsRequestCounts,
  type KmsRequestEstimate,
  type QueueTraffic,
} from "./estimate.ts";
export type { RequiredJob } from "./required-job.ts";
export { requiredStatements } from "./required-statements.ts";
export { type ServiceJob, serviceStatements } from "./service-statements.ts";
export { type PolicyDocument, type PolicyStatement, policyDocument } from "./statement.ts";
