import { createLocalKms } from "../../src/testing/index.ts";
import type { SharedKey } from "./kinds.ts";

/** keyfold's local KMS with one key, over loopback HTTP: both sides of a test use it. */
export async function startSharedKms(): Promise<SharedKey & { stop(): Promise<void> }> {
  const kms = createLocalKms();
  const { arn } = kms.createKey();
  const { url } = await kms.listen();
  return { endpoint: url, arn, stop: () => kms.close() };
}
