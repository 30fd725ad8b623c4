import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { cachingMaterialsManager, createEncryptionClient, type KeyfoldEvent } from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { clear, watched } from "../support/keyrings.ts";
import { VirtualClocks } from "../support/virtual.ts";

const TEXT = utf8("text");
const PERIOD = 60_000;

function setUp(options = {}) {
  const keyring = watched(clear());
  const clocks = new VirtualClocks();
  const events: KeyfoldEvent[] = [];
  const observer = (event: KeyfoldEvent) => void events.push(event);
  const materialsManager = cachingMaterialsManager({
    ...{ keyring, clocks, observer, reusePeriodSeconds: 60, partition: "p" },
    ...options,
  });
  const client = createEncryptionClient({ materialsManager });
  const seal = (c = "") => client.encrypt(TEXT, { encryptionContext: { c } });
  return { keyring, clocks, events, materialsManager, client, seal };
}

describe("an observer", () => {
  it("hears of misses, hits and evictions of each direction, with ages and reasons", async () => {
    const { clocks, events, client, seal, materialsManager } = setUp({ capacity: 1, maxMessages: 2 });
    const { ciphertext } = await seal();
    await client.decrypt(ciphertext);
    clocks.advance(100);
    await client.decrypt(ciphertext);
    await seal();
    await seal();
    clocks.advance(1);
    await seal("other");
    clocks.advance(PERIOD);
    await seal("other");
    materialsManager.clear();
    const encrypt = { cache: "data key", operation: "encrypt" };
    const decrypt = { cache: "data key", operation: "decrypt" };
    expect(events).toEqual([
      { type: "cacheMiss", ...encrypt },
      { type: "cacheMiss", ...decrypt },
      { type: "cacheHit", ageMs: 100, ...decrypt },
      { type: "cacheHit", ageMs: 100, ...encrypt },
      { type: "cacheEvict", reason: "limit", ageMs: 100, ...encrypt },
      { type: "cacheMiss", ...encrypt },
      { type: "cacheMiss", ...encrypt },
      { type: "cacheEvict", reason: "capacity", ageMs: 1, ...encrypt },
      { type: "cacheEvict", reason: "age", ageMs: PERIOD, ...encrypt },
      { type: "cacheMiss", ...encrypt },
      { type: "cacheEvict", reason: "cleared", ageMs: 0, ...encrypt },
      { type: "cacheEvict", reason: "cleared", ageMs: PERIOD + 101, ...decrypt },
    ]);
  });

  it("hears of renewals, and by its code of one that fails", async () => {
    const { clocks, events, seal, keyring, materialsManager } = setUp({ refreshAhead: { afterSeconds: 30 } });
    await seal();
    clocks.advance(30_000);
    await seal();
    expect(events.map(({ type }) => type)).toEqual(["cacheMiss", "cacheHit", "cacheEvict"]);
    expect(events.at(-1)).toMatchObject({ reason: "renewed", ageMs: 30_000 });
    keyring.wrap = () => {
      throw new Error("no vault");
    };
    clocks.advance(30_000);
    await seal();
    expect(events.at(-1)).toEqual({
      type: "cacheRenewalFailed",
      cache: "data key",
      operation: "encrypt",
      error: "ERR_KEYRING",
    });
    expect(materialsManager.stats().encrypt.entries).toBe(1);
  });

  it("that throws breaks nothing", async () => {
    const { seal, client, clocks } = setUp({
      observer() {
        throw new Error("in the observer");
      },
    });
    for (let i = 0; i < 3; i++) {
      expect((await client.decrypt((await seal()).ciphertext)).plaintext).toEqual(TEXT);
      clocks.advance(PERIOD / 2);
    }
  });
});

describe("stats", () => {
  it("count each direction apart, and tell the oldest key's age in seconds", async () => {
    const { clocks, client, seal, materialsManager } = setUp();
    const { ciphertext } = await seal("a");
    clocks.advance(1500);
    await seal("b");
    for (let i = 0; i < 3; i++) await client.decrypt(ciphertext);
    expect(materialsManager.stats()).toEqual({
      encrypt: {
        hits: 0,
        misses: 2,
        joined: 0,
        evictions: 0,
        entries: 2,
        inFlight: 0,
        oldestAgeSeconds: 1.5,
      },
      decrypt: { hits: 2, misses: 1, joined: 0, evictions: 0, entries: 1, inFlight: 0, oldestAgeSeconds: 0 },
    });
    clocks.advance(PERIOD - 1500);
    expect(materialsManager.stats().encrypt).toMatchObject({
      ...{ entries: 1, evictions: 1, oldestAgeSeconds: 58.5 },
    });
  });
});

describe("clear and dispose", () => {
  it("wipe both directions; a cleared manager goes on, a disposed one refuses", async () => {
    const { keyring, materialsManager, client, seal } = setUp();
    const isWiped = (dataKey: Uint8Array) => dataKey.every((byte) => byte === 0);
    const { ciphertext } = await seal();
    await client.decrypt(ciphertext);
    expect(keyring.dataKeys.map(isWiped)).toEqual([false, false]);
    materialsManager.clear("p");
    expect(keyring.dataKeys.map(isWiped)).toEqual([true, true]);
    await client.decrypt((await seal()).ciphertext);
    materialsManager.dispose();
    expect(keyring.dataKeys.map(isWiped)).toEqual([true, true, true, true]);
    for (const act of [seal(), client.decrypt(ciphertext)]) {
      expect((await failure(act, "ERR_INVALID_ARGUMENT")).message).toMatch(
        /^The caching materials manager was disposed of/,
      );
    }
    expect(materialsManager.stats().encrypt).toMatchObject({ entries: 0, inFlight: 0 });
  });

  it("are not needed: keys are wiped when they expire, without any further call", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const keyring = watched(clear());
    const client = createEncryptionClient({
      materialsManager: cachingMaterialsManager({ keyring, reusePeriodSeconds: 60 }),
    });
    await client.decrypt((await client.encrypt(TEXT)).ciphertext);
    const wiped = () => keyring.dataKeys.filter((dataKey) => dataKey.every((byte) => byte === 0)).length;
    vi.advanceTimersByTime(PERIOD - 1);
    expect(wiped()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(wiped()).toBe(2);
  });
});

it("a filled cache keeps no process alive", async () => {
  const source = `
    import { cachingMaterialsManager, createEncryptionClient, rawAesKeyring } from "./src/index.ts";
    const keyring = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(1) });
    const materialsManager = cachingMaterialsManager({ keyring, reusePeriodSeconds: 86400, refreshAhead: true });
    const client = createEncryptionClient({ materialsManager });
    const { ciphertext } = await client.encrypt(new Uint8Array(5));
    await client.decrypt(ciphertext);
    console.log(materialsManager.stats().decrypt.entries, process.getActiveResourcesInfo().includes("Timeout"));
  `;
  const { KEYFOLD_BACKEND: backend } = process.env;
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: join(import.meta.dirname, "../.."), loader: "ts" },
    conditions: [backend === "web" ? "keyfold-web" : "keyfold-source"],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
  });
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module"], {
    input: outputFiles[0]!.text,
    encoding: "utf8",
    timeout: 30_000,
  });
  expect({ stdout, status }).toEqual({ stdout: "1 false\n", status: 0 });
});
