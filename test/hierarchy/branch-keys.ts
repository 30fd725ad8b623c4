import { randomUUID } from "node:crypto";
import type { BranchKeyStore, HierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { createEncryptionClient, type EncryptedDataKey, HierarchyError } from "../../src/index.ts";
import type { KeyringRequest, UnwrapRequest } from "../../src/keyrings/keyring.ts";
import { suiteById } from "../../src/suites/table.ts";
import { random } from "../support/bytes.ts";
import type { BranchKey } from "../support/independent-branch-key.ts";

/** Branch keys in memory, whose calls are counted, and may be held up or fail. */
export interface MemoryKeyStore extends BranchKeyStore {
  readonly calls: string[];
  /** Makes a new version of a key, which writes from now on. */
  rotate(id: string): BranchKey;
  /** Every array that was handed out in clear. */
  readonly handed: Uint8Array[];
  /** Runs within each call, before it answers. */
  meanwhile: (call: string, signal: AbortSignal | undefined) => unknown;
}

export function memoryKeyStore(...ids: readonly string[]): MemoryKeyStore {
  const keys = new Map<string, BranchKey[]>();
  const unknown = (keyId: string) =>
    new HierarchyError("ERR_HIERARCHY_UNKNOWN", { level: "branch key", keyId }, "it is not there.");
  const ask = async (call: string, signal: AbortSignal | undefined) => {
    store.calls.push(call);
    await store.meanwhile(call, signal);
  };
  const stored = (found: BranchKey | undefined, id: string) => {
    if (found === undefined) throw unknown(id);
    const { version, key } = found;
    return {
      version,
      async unwrap({ signal }: { readonly signal?: AbortSignal | undefined }) {
        await ask("unwrap", signal);
        const bytes = new Uint8Array(key);
        store.handed.push(bytes);
        return bytes;
      },
    };
  };
  const store: MemoryKeyStore = {
    name: "memory",
    calls: [],
    handed: [],
    meanwhile: () => undefined,
    rotate(id) {
      const made = { id, version: randomUUID(), key: random(32) };
      keys.set(id, [...(keys.get(id) ?? []), made]);
      return made;
    },
    async active(id, { signal }) {
      await ask("active", signal);
      return stored(keys.get(id)?.at(-1), id);
    },
    async version(id, version, { signal }) {
      await ask("version", signal);
      return stored(
        keys.get(id)?.find((key) => key.version === version),
        id,
      );
    },
  };
  for (const id of ids) store.rotate(id);
  return store;
}

/** What a keyring is told of a message of this suite. */
export function messageRequest(
  encryptionContext: Record<string, string> = {},
  suiteId = 0x0478,
): KeyringRequest {
  const suite = suiteById(suiteId, "message");
  return { purpose: { kind: "message", suite }, keyLength: suite.keyLength, encryptionContext };
}

/** Asks a keyring to open these, and answers the data key and what it noted. */
export async function unwrapping(
  keyring: HierarchicalKeyring,
  edks: readonly EncryptedDataKey[],
  request: KeyringRequest,
): Promise<{ dataKey: Uint8Array | undefined; notes: string[]; causes: unknown[] }> {
  const notes: string[] = [];
  const causes: unknown[] = [];
  const note: UnwrapRequest["note"] = (_, status, reason, cause) => {
    notes.push(`${status}: ${reason}`);
    causes.push(cause);
  };
  const opened = await keyring.unwrap!(edks, { ...request, note });
  return { dataKey: opened?.dataKey, notes, causes };
}

export const TEXT: Uint8Array = new TextEncoder().encode("to whom it may concern");

/** Seals {@link TEXT}. */
export const seal = async (keyring: HierarchicalKeyring, encryptionContext: Record<string, string> = {}) =>
  (await createEncryptionClient({ keyring }).encrypt(TEXT, { encryptionContext })).ciphertext;

/** Opens a message, whatever its context. */
export const open = (keyring: HierarchicalKeyring, ciphertext: Uint8Array) =>
  createEncryptionClient({ keyring }).decrypt(ciphertext);
