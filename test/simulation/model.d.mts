import type { Message } from "./cases.mjs";

/** Each call as `"SECONDS WHO OPERATION"`, sorted. */
export function expectedCalls(
  options: { readonly reusePeriodSeconds: number; readonly verifyNewKeys: boolean },
  messages: readonly Message[],
): string[];
