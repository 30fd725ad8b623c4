// Type tests of branch keys: which options go together, and what people bring.
import {
  type BranchKeyStore,
  type HierarchicalKeyring,
  type HierarchyCacheStats,
  hierarchicalKeyring,
} from "../../src/hierarchy/index.ts";
import { createEncryptionClient } from "../../src/index.ts";
import { type Equal, expectType } from "./expect.js";

declare function read(
  id: string,
  signal: AbortSignal | undefined,
): Promise<{ version: string; key: Uint8Array }>;

export const ownStore: BranchKeyStore = {
  name: "a bucket",
  async active(branchKeyId, { signal }) {
    expectType<Equal<typeof signal, AbortSignal | undefined>>();
    const { version, key } = await read(branchKeyId, signal);
    return { version, unwrap: async () => key };
  },
  async version(branchKeyId, version, { signal }) {
    const { key } = await read(`${branchKeyId}/${version}`, signal);
    return { version, unwrap: async () => key };
  },
};

const keyring = hierarchicalKeyring({ keyStore: ownStore, branchKeyId: "k", reusePeriodSeconds: 60 });
expectType<Equal<typeof keyring, HierarchicalKeyring>>();
expectType<Equal<ReturnType<typeof keyring.stats>, HierarchyCacheStats>>();
createEncryptionClient({ keyring });
keyring.clear("k");
keyring.dispose();

hierarchicalKeyring({
  keyStore: ownStore,
  branchKeyIdFrom: ({ tenant }) => `key of ${tenant}`,
  partition: ({ user }) => user ?? "nobody",
  observer: (event) => void event.type,
});

// @ts-expect-error Which branch key?
hierarchicalKeyring({ keyStore: ownStore });
// @ts-expect-error One of the two.
hierarchicalKeyring({ keyStore: ownStore, branchKeyId: "k", branchKeyIdFrom: () => "k" });
// @ts-expect-error A branch key is named by text.
hierarchicalKeyring({ keyStore: ownStore, branchKeyIdFrom: () => 7 });
// @ts-expect-error A store reads versions too.
export const half: BranchKeyStore = { name: "half", active: ownStore.active };
