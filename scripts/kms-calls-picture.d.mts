import type { estimateKmsRequests } from "../src/policy/index.ts";

export function kmsCallsPicture(estimate: typeof estimateKmsRequests): string;
