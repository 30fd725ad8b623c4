import type * as keyfold from "../../src/index.ts";
import type { kmsKeyring } from "../../src/kms/index.ts";
import type { createLocalKms } from "../../src/testing/index.ts";
import type { Message } from "./cases.mjs";

/** What is tried: from the sources in tests, from the built package in the bench. */
export interface Library {
  readonly createEncryptionClient: typeof keyfold.createEncryptionClient;
  readonly cachingMaterialsManager: typeof keyfold.cachingMaterialsManager;
  readonly kmsKeyring: typeof kmsKeyring;
  readonly createLocalKms: typeof createLocalKms;
}

/** Each call as `"SECONDS WHO OPERATION"`, sorted. */
export function observedCalls(
  lib: Library,
  options: { readonly reusePeriodSeconds: number; readonly verifyNewKeys: boolean },
  messages: readonly Message[],
): Promise<string[]>;
