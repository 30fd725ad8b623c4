// Stores that anybody may have written: what they answer is checked, what they throw comes out typed.
import { describe, expect, it } from "vitest";
import { type BranchKeyStore, hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import {
  createEncryptionClient,
  type HierarchyError,
  multiKeyring,
  type NoDataKeyError,
  StoreError,
} from "../../src/index.ts";
import { failure, outcome } from "../support/failure.ts";
import { clear } from "../support/keyrings.ts";
import { deferred, settled } from "../support/virtual.ts";
import { memoryKeyStore, open, seal, TEXT } from "./branch-keys.ts";

const VERSION = "11111111-2222-4333-8444-555555555555";

/** A message of a good store, and a keyring whose store does something else. */
async function setUp(change: (good: BranchKeyStore) => Partial<BranchKeyStore>) {
  const good = memoryKeyStore("k");
  const ciphertext = await seal(hierarchicalKeyring({ keyStore: good, branchKeyId: "k" }));
  const keyStore = { ...good, ...change(good) };
  return { good, ciphertext, keyring: hierarchicalKeyring({ keyStore, branchKeyId: "k" }) };
}

/** The only reason that a message was not opened. */
async function reasonOf(opening: Promise<unknown>) {
  const error = await failure<NoDataKeyError>(opening, "ERR_NO_DATA_KEY");
  expect(error.reasons).toHaveLength(1);
  return error.reasons[0]!;
}

describe("a store that fails", () => {
  it.each(["active", "version", "unwrap"] as const)(
    "in %s is named, with its own error as the cause",
    async (what) => {
      const cause = new Error("the disk is gone");
      const fail = () => Promise.reject(cause);
      const failing = { version: VERSION, unwrap: fail };
      const { keyring, ciphertext } = await setUp(() => ({
        active: what === "unwrap" ? async () => failing : fail,
        version: what === "unwrap" ? async (_, version) => ({ ...failing, version }) : fail,
      }));
      const written = await failure<StoreError>(seal(keyring), "ERR_STORE");
      expect(written).toMatchObject({ store: "memory", keyId: "k", transient: false, cause });
      expect(written.operation).toBe(what === "unwrap" ? "unwrap" : "active");
      const { status, reason, cause: read } = await reasonOf(open(keyring, ciphertext));
      expect({ status, read }).toMatchObject({ status: "failed", read: { code: "ERR_STORE", cause } });
      expect(reason).toBe((read as Error).message);
    },
  );

  it("for a while is that failure itself, if it was the only key", async () => {
    const details = { store: "s", operation: "get", keyId: "k", remedy: "Wait.", transient: true };
    const busy = new StoreError("too many requests", details);
    const { keyring, ciphertext } = await setUp(() => ({ version: () => Promise.reject(busy) }));
    expect(await outcome(open(keyring, ciphertext))).toBe(busy);
  });

  it("is asked again by the next caller, and keeps no other keyring from opening", async () => {
    let calls = 0;
    const { keyring, good, ciphertext } = await setUp((good) => ({
      version: (...args) => (calls++ === 0 ? Promise.reject(new Error("once")) : good.version(...args)),
    }));
    const both = multiKeyring({ children: [clear(), keyring] });
    await failure(createEncryptionClient({ keyring: both }).decrypt(ciphertext), "ERR_NO_DATA_KEY");
    expect((await open(keyring, ciphertext)).plaintext).toEqual(TEXT);
    expect(good.name).toBe("memory");
  });

  it("fails every waiter, each with an error of its own", async () => {
    const gate = deferred<never>();
    const { keyring } = await setUp(() => ({ active: () => gate.promise }));
    const all = [seal(keyring), seal(keyring), seal(keyring)].map((sealing) => failure(sealing, "ERR_STORE"));
    await settled();
    gate.reject(new Error("gone"));
    expect(new Set(await Promise.all(all)).size).toBe(3);
  });
});

describe("a branch key that is not there", () => {
  it("is an error when writing, and a reason when reading", async () => {
    const keyStore = memoryKeyStore("k");
    const gone = hierarchicalKeyring({ keyStore, branchKeyId: "other" });
    const error = await failure<HierarchyError>(seal(gone), "ERR_HIERARCHY_UNKNOWN");
    expect(error).toMatchObject({ level: "branch key", keyId: "other" });
    const other = memoryKeyStore("k");
    const ciphertext = await seal(hierarchicalKeyring({ keyStore: other, branchKeyId: "k" }));
    const { cause } = await reasonOf(open(hierarchicalKeyring({ keyStore, branchKeyId: "k" }), ciphertext));
    expect(cause).toMatchObject({ code: "ERR_HIERARCHY_UNKNOWN" });
  });
});

describe("a store that answers", () => {
  const keys: Record<string, [unknown, string]> = {
    "a key of zeros": [new Uint8Array(32), "the store answered a key of zeros"],
    "a short key": [new Uint8Array(31).fill(1), "the store answered a key of 31 bytes"],
    "a long key": [new Uint8Array(33).fill(1), "the store answered a key of 33 bytes"],
    "an empty key": [new Uint8Array(0), "the store answered a key of 0 bytes"],
    text: ["key", "the store answered a key that is not a Uint8Array"],
    nothing: [undefined, "the store answered a key that is not a Uint8Array"],
  };

  it.each(Object.entries(keys))("%s is refused, and what it answered is wiped", async (_, [key, message]) => {
    const unwrap = async () => key as Uint8Array;
    const { keyring, ciphertext } = await setUp(() => ({
      active: async () => ({ version: VERSION, unwrap }),
      version: async (_, version) => ({ version, unwrap }),
    }));
    expect((await failure(seal(keyring), "ERR_HIERARCHY_UNWRAP")).message).toContain(message);
    expect((await reasonOf(open(keyring, ciphertext))).status).toBe("failed");
    if (key instanceof Uint8Array) expect(key.every((byte) => byte === 0)).toBe(true);
  });

  it.each([undefined, "", "1", VERSION.toUpperCase().replace("4", "A"), `${VERSION} `, 7])(
    "version %j is refused",
    async (version) => {
      const { keyring } = await setUp((good) => ({
        active: async (...args) => ({ ...(await good.active(...args)), version: version as string }),
      }));
      await failure(seal(keyring), "ERR_HIERARCHY_RECORD");
    },
  );

  it("another version than the one it was asked for is refused", async () => {
    const { keyring, ciphertext } = await setUp((good) => ({
      version: (id, _, options) => good.active(id, options),
    }));
    const { keyring: stale, ciphertext: other } = await setUp((good) => ({
      version: async (id, _, options) => ({ ...(await good.active(id, options)), version: VERSION }),
    }));
    expect((await open(keyring, ciphertext)).plaintext).toEqual(TEXT);
    expect((await reasonOf(open(stale, other))).cause).toMatchObject({ code: "ERR_HIERARCHY_RECORD" });
  });

  it("nothing at all is refused", async () => {
    const nothing = async () => undefined as never;
    const { keyring, ciphertext } = await setUp(() => ({ active: nothing, version: nothing }));
    await failure(seal(keyring), "ERR_HIERARCHY_RECORD");
    expect((await reasonOf(open(keyring, ciphertext))).cause).toMatchObject({ code: "ERR_HIERARCHY_RECORD" });
  });

  it("another key than the one that wrapped opens nothing", async () => {
    const { keyring, ciphertext } = await setUp(() => ({
      version: async (_, version) => ({ version, unwrap: async () => new Uint8Array(32).fill(1) }),
    }));
    expect((await reasonOf(open(keyring, ciphertext))).reason).toContain("does not open");
  });
});

describe("an abort", () => {
  it.each(["active", "unwrap"])("during %s ends that caller, and the work with the last one", async (at) => {
    const keyStore = memoryKeyStore("k");
    const keyring = hierarchicalKeyring({ keyStore, branchKeyId: "k" });
    const gate = deferred<void>();
    let seen: AbortSignal | undefined;
    keyStore.meanwhile = (call, signal) => {
      if (call !== at) return undefined;
      seen = signal;
      return gate.promise;
    };
    const client = createEncryptionClient({ keyring });
    const [first, second] = [new AbortController(), new AbortController()];
    const waits = [first, second].map(({ signal }) => outcome(client.encrypt(TEXT, { signal })));
    await settled();
    first.abort(new Error("first"));
    await settled();
    expect(seen!.aborted).toBe(false);
    second.abort(new Error("second"));
    expect((await Promise.all(waits)).map(String)).toEqual(["Error: first", "Error: second"]);
    expect(seen!.aborted).toBe(true);
    gate.resolve();
    keyStore.meanwhile = () => undefined;
    expect((await open(keyring, await seal(keyring))).plaintext).toEqual(TEXT);
  });

  it("while reading comes out as itself, and not as a reason", async () => {
    const keyStore = memoryKeyStore("k");
    const ciphertext = await seal(hierarchicalKeyring({ keyStore, branchKeyId: "k" }));
    const keyring = hierarchicalKeyring({ keyStore, branchKeyId: "k" });
    keyStore.meanwhile = () => new Promise(() => {});
    const controller = new AbortController();
    const opening = outcome(
      createEncryptionClient({ keyring }).decrypt(ciphertext, { signal: controller.signal }),
    );
    await settled();
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await opening).toBe(reason);
  });
});
