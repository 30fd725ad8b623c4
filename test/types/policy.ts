// Type tests of keyfold/policy. See client.ts.
import { estimateKmsRequests, type KmsRequestCounts, type QueueTraffic } from "../../src/policy/index.ts";
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
