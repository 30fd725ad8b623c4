import { isAllZero } from "../bytes/arrays.ts";
import { parseUuid } from "../bytes/uuid.ts";
import { Secret } from "../cache/secret.ts";
import { HierarchyError, type HierarchyErrorCode } from "../errors.ts";
import { BRANCH_KEY_LENGTH, type BranchKeyStore, type StoredBranchKey } from "./branch-key-store.ts";
import { callStore } from "./store-call.ts";
import type { HierarchyKey, KeySource } from "./versioned-keys.ts";

/** Branch keys out of a store that anybody may have written: what it answers is checked, and its errors come out typed. */
export function branchKeySource(store: BranchKeyStore): KeySource<StoredBranchKey, HierarchyKey> {
  const ask = <T>(operation: string, keyId: string, signal: AbortSignal, call: () => Promise<T>) =>
    // A store has an observer of its own, which hears of what it really calls.
    callStore({ store: store.name, operation, keyId, observer: undefined, signal, call, explain });

  const unwrap = async (id: string, stored: StoredBranchKey, signal: AbortSignal): Promise<HierarchyKey> => {
    const key = await ask("unwrap", id, signal, () => stored.unwrap({ signal }));
    checkKey(id, key);
    return { secret: new Secret(key) };
  };

  return {
    async readHead(id, signal) {
      const stored = await ask("active", id, signal, () => store.active(id, { signal }));
      if (typeof stored?.version === "string" && parseUuid(stored.version) !== null) return stored;
      throw wrong("ERR_HIERARCHY_RECORD", id, "the store answered an active version that is no UUID.");
    },

    versionOf: ({ version }) => version,

    unwrapHead: unwrap,

    async unwrapVersion(id, version, _head, signal) {
      const stored = await ask("version", id, signal, () => store.version(id, version, { signal }));
      if (stored?.version === version) return unwrap(id, stored, signal);
      throw wrong(
        "ERR_HIERARCHY_RECORD",
        id,
        `the store was asked for version ${version}, and answered another.`,
      );
    },
  };
}

function checkKey(id: string, key: unknown): void {
  if (!(key instanceof Uint8Array)) {
    throw wrong("ERR_HIERARCHY_UNWRAP", id, "the store answered a key that is not a Uint8Array.");
  }
  if (key.length === BRANCH_KEY_LENGTH && !isAllZero(key)) return;
  const what = key.length === BRANCH_KEY_LENGTH ? "zeros" : `${key.length} bytes`;
  key.fill(0);
  throw wrong(
    "ERR_HIERARCHY_UNWRAP",
    id,
    `the store answered a key of ${what}; ${BRANCH_KEY_LENGTH} random bytes are needed.`,
  );
}

function wrong(code: HierarchyErrorCode, keyId: string, message: string): HierarchyError {
  return new HierarchyError(code, { level: "branch key", keyId }, message);
}

const explain = () => ({ what: "it failed", remedy: "The cause says why.", transient: false });
