export {
  estimateKmsRequests,
  type KmsRequestCounts,
  type KmsRequestEstimate,
  type QueueTraffic,
} from "./estimate.ts";
