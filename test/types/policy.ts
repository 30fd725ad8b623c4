// Type tests of keyfold/policy. See client.ts.
import {
  estimateKmsRequests,
  type KmsRequestCounts,
  type PolicyStatement,
  policyDocument,
  type QueueTraffic,
  requiredStatements,
  serviceStatements,
} from "../../src/policy/index.ts";
import { type Equal, expectType } from "./expect.js";

declare const queue: QueueTraffic;
declare const queues: readonly QueueTraffic[];

export function estimates(): void {
  const { sqs, keyfold, queues: each } = estimateKmsRequests(queue);
  expectType<Equal<typeof sqs, number>>();
  expectType<Equal<typeof keyfold, number>>();
  expectType<Equal<typeof each, readonly KmsRequestCounts[]>>();
  estimateKmsRequests(queues);
  // @ts-expect-error Who sends has to be said.
  estimateKmsRequests({ billingPeriodSeconds: 86_400, consumers: 1 });
}

export function statements(arn: string): void {
  const required = requiredStatements({ job: "s3-reader", keyArns: [arn], bucketArn: arn, bindTo: "object" });
  expectType<Equal<typeof required, readonly PolicyStatement[]>>();
  policyDocument([...required, ...serviceStatements({ job: "ses", accountId: "111122223333" })]);
  // @ts-expect-error A queue has an ARN.
  requiredStatements({ job: "sqs-producer", keyArn: arn });
  // @ts-expect-error Who is guarded against?
  serviceStatements({ job: "queue-event-source", service: "sns" });
}
