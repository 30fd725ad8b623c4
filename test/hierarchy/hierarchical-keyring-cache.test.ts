import { describe, expect, it } from "vitest";
import { type HierarchicalKeyringOptions, hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { createEncryptionClient, type KeyfoldEvent } from "../../src/index.ts";
import { failure, outcome, textOf } from "../support/failure.ts";
import { deferred, settled, VirtualClocks } from "../support/virtual.ts";
import { memoryKeyStore, open, seal, TEXT } from "./branch-keys.ts";

const MINUTE = 60_000;
/** Each message names its branch key. */
const byId = {
  branchKeyId: undefined,
  branchKeyIdFrom: ({ id }: Readonly<Record<string, string>>) => id!,
} as unknown as Partial<HierarchicalKeyringOptions>;

function setUp(options: Partial<HierarchicalKeyringOptions> = {}) {
  const keyStore = memoryKeyStore("k");
  const clocks = new VirtualClocks();
  const events: KeyfoldEvent[] = [];
  const observer = (event: KeyfoldEvent) => void events.push(event);
  const shared = { keyStore, clocks, observer };
  const keyring = (more: Partial<HierarchicalKeyringOptions> = {}) =>
    hierarchicalKeyring({ ...shared, branchKeyId: "k", ...options, ...more } as HierarchicalKeyringOptions);
  return { keyStore, clocks, events, keyring, ring: keyring() };
}

describe("one read of the store and one unwrapping", () => {
  it.each(["writers", "readers"])("serve 1,000 %s at once, and those who follow", async (who) => {
    const { ring, keyStore, keyring } = setUp();
    const ciphertext = await seal(keyring());
    keyStore.calls.splice(0);
    const gate = deferred<void>();
    keyStore.meanwhile = () => gate.promise;
    const use = () => (who === "writers" ? seal(ring) : open(ring, ciphertext));
    const uses = Array.from({ length: 1000 }, use);
    await settled();
    expect(ring.stats().inFlight + keyStore.calls.length).toBeGreaterThan(0);
    gate.resolve();
    await Promise.all(uses);
    for (let i = 0; i < 10; i++) await use();
    expect(keyStore.calls).toEqual([who === "writers" ? "active" : "version", "unwrap"]);
    expect(ring.stats()).toMatchObject({ misses: 1, entries: 1, inFlight: 0 });
  });

  it("serve both directions", async () => {
    const { ring, keyStore } = setUp();
    await open(ring, await seal(ring));
    expect(keyStore.calls).toEqual(["active", "unwrap"]);
    // A key that was read does not tell which version writes: that is asked for, and nothing unwrapped.
    const { ring: reader, keyStore: other, keyring } = setUp();
    await open(reader, await seal(keyring()));
    other.calls.splice(0);
    await seal(reader);
    expect(other.calls).toEqual(["active"]);
  });

  it("answer at once from memory, on backends that do", async () => {
    const { ring } = setUp();
    const ciphertext = await seal(ring);
    expect((await open(ring, ciphertext)).plaintext).toEqual(TEXT);
    expect(ring.stats()).toMatchObject({ hits: 1, misses: 1, joined: 0 });
  });
});

describe("the period", () => {
  it("ends for writing and for reading, by the clock that says more", async () => {
    const { ring, keyStore, clocks } = setUp();
    const ciphertext = await seal(ring);
    clocks.advance(MINUTE - 1);
    await seal(ring);
    await open(ring, ciphertext);
    expect(keyStore.calls).toEqual(["active", "unwrap"]);
    clocks.sleep(1);
    await open(ring, ciphertext);
    expect(keyStore.calls.splice(0)).toEqual(["active", "unwrap", "version", "unwrap"]);
    clocks.setBack(MINUTE, 10 * MINUTE);
    await seal(ring);
    expect(keyStore.calls).toEqual(["active", "unwrap"]);
  });

  it("is how long a new version may go unnoticed", async () => {
    const { ring, keyStore, clocks } = setUp({ reusePeriodSeconds: 10 });
    const client = createEncryptionClient({ keyring: ring });
    const before = await seal(ring);
    keyStore.rotate("k");
    expect(await client.needsReencryption(await seal(ring))).toBe(false);
    clocks.advance(10_000);
    expect(await client.needsReencryption(before)).toBe(true);
    expect(await client.needsReencryption(await seal(ring))).toBe(false);
  });

  it("is not prolonged by a store that takes longer: what is too old on arrival is asked for once more", async () => {
    const { ring, keyStore, clocks } = setUp();
    let slow = 1;
    keyStore.meanwhile = (call) => {
      if (call === "unwrap" && slow-- > 0) clocks.advance(MINUTE);
    };
    const ciphertext = await seal(ring);
    expect(keyStore.calls.splice(0)).toEqual(["active", "unwrap", "unwrap"]);
    ring.clear();
    slow = 2;
    const { message } = await failure(seal(ring), "ERR_KEYRING");
    expect(message).toContain("a key took longer to arrive than it may be used, twice");
    slow = 2;
    await failure(open(ring, ciphertext), "ERR_NO_DATA_KEY");
    expect((await open(ring, ciphertext)).plaintext).toEqual(TEXT);
  });

  it("wipes what was handed out, once nobody uses it", async () => {
    const { ring, keyStore, clocks } = setUp();
    await seal(ring);
    expect(keyStore.handed.map((key) => key.every((byte) => byte === 0))).toEqual([false]);
    clocks.advance(MINUTE);
    await seal(ring);
    expect(keyStore.handed.map((key) => key.every((byte) => byte === 0))).toEqual([true, false]);
    ring.dispose();
    expect(keyStore.handed.map((key) => key.every((byte) => byte === 0))).toEqual([true, true]);
  });
});

describe("partitions", () => {
  it("share no key: of two keyrings, of two names, of one function's answers", async () => {
    const { keyStore, keyring, ring } = setUp();
    await seal(ring);
    await seal(keyring());
    expect(keyStore.calls.splice(0)).toEqual(["active", "unwrap", "active", "unwrap"]);
    const byTenant = keyring({ partition: ({ tenant }) => tenant ?? "" });
    for (const tenant of ["a", "b", "a"]) await seal(byTenant, { tenant });
    expect(keyStore.calls).toEqual(["active", "unwrap", "active", "unwrap"]);
    expect(byTenant.stats()).toMatchObject({ entries: 2, hits: 1 });
  });

  it("are misuse if they are no strings, and a reason where a message is read", async () => {
    const { keyring, ring } = setUp();
    const bad = keyring({ partition: (() => 7) as never });
    const { message } = await failure(seal(bad), "ERR_INVALID_ARGUMENT");
    expect(message).toBe("hierarchicalKeyring: partition must be a string, or a function that answers one.");
    await failure(open(bad, await seal(ring)), "ERR_NO_DATA_KEY");
  });
});

describe("clear, dispose, stats", () => {
  it("clear forgets one branch key, or all", async () => {
    const { keyStore, keyring } = setUp();
    keyStore.rotate("l");
    const ring = keyring(byId);
    for (const id of ["k", "l"]) await seal(ring, { id });
    ring.clear("k");
    expect(ring.stats().entries).toBe(1);
    keyStore.calls.splice(0);
    for (const id of ["k", "l"]) await seal(ring, { id });
    expect(keyStore.calls).toEqual(["active", "unwrap"]);
    ring.clear();
    expect(ring.stats()).toMatchObject({ entries: 0, oldestAgeSeconds: null });
  });

  it("dispose ends it, for writing and reading alike", async () => {
    const { ring } = setUp();
    const ciphertext = await seal(ring);
    ring.dispose();
    for (const use of [() => seal(ring), () => open(ring, ciphertext)]) {
      const { message } = await failure(use, "ERR_INVALID_ARGUMENT");
      expect(message).toBe("The hierarchical keyring was disposed of.");
    }
  });

  it("keeps as many keys as it may, and tells their age", async () => {
    const { keyring, clocks, keyStore } = setUp();
    const ring = keyring({ ...byId, capacity: 2 } as typeof byId);
    for (const id of ["k", "l", "m"]) {
      keyStore.rotate(id);
      await seal(ring, { id });
      clocks.advance(1000);
    }
    expect(ring.stats()).toMatchObject({ entries: 2, evictions: 1, oldestAgeSeconds: 2 });
  });
});

describe("an observer", () => {
  it("hears of misses, hits and evictions, by branch key, and of nothing secret", async () => {
    const { ring, events, clocks, keyStore } = setUp();
    await seal(ring, { secret: "context" });
    await seal(ring);
    clocks.advance(MINUTE);
    await seal(ring);
    const of = { cache: "branch key", keyId: "k" };
    expect(events).toEqual([
      { type: "cacheMiss", ...of },
      { type: "cacheHit", ...of, ageMs: 0 },
      { type: "cacheEvict", ...of, reason: "age", ageMs: MINUTE },
      { type: "cacheMiss", ...of },
    ]);
    const text = JSON.stringify(events) + textOf(await outcome(open(ring, new Uint8Array(9))));
    for (const key of keyStore.handed) expect(text).not.toContain(Buffer.from(key).toString("base64"));
  });
});
