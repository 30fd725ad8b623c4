import { describe, expect, it } from "vitest";
import {
  type CachingOptions,
  cachingMaterialsManager,
  createEncryptionClient,
  type Keyring,
  openObject,
  sealObject,
} from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { utf8 } from "../support/bytes.ts";
import { gatedKeyring, numberOf } from "../support/gated.ts";
import { settled, VirtualClocks } from "../support/virtual.ts";

const CALLERS = 1000;
const TEXT = utf8("x");
const PAIR = ["GenerateDataKey", "Decrypt"];

const times = <T>(count: number, act: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => act(i)));

/** The same keyring, keeping the very arrays that it hands out. */
function keeping(keyring: Keyring): { keyring: Keyring; dataKeys: Uint8Array[] } {
  const dataKeys: Uint8Array[] = [];
  const keep = <T extends { readonly dataKey: Uint8Array } | null>(answer: T): T => {
    if (answer !== null) dataKeys.push(answer.dataKey);
    return answer;
  };
  return {
    dataKeys,
    keyring: {
      ...keyring,
      generate: async (request) => keep(await keyring.generate!(request)),
      unwrap: async (edks, request) => keep(await keyring.unwrap!(edks, request)),
    },
  };
}

/** A client over a local KMS, and the names of the operations that were asked of it. */
function setUp(options: Partial<CachingOptions> = {}) {
  const kms = createLocalKms();
  const inner = kmsKeyring({ client: kms.client, keyId: kms.createKey().arn });
  const { keyring, dataKeys } = keeping(inner);
  const clocks = new VirtualClocks();
  const materialsManager = cachingMaterialsManager({ keyring, clocks, ...options } as CachingOptions);
  const client = createEncryptionClient({ materialsManager });
  const fresh = createEncryptionClient({ keyring: inner });
  const asked = () => kms.events.map(({ eventName }) => eventName);
  return { client, fresh, materialsManager, clocks, dataKeys, asked };
}

describe("a thousand callers at once", () => {
  it.each([
    [false, ["GenerateDataKey"]],
    [true, PAIR],
  ])("share one data key, cold and just expired (verifyNewKeys: %s)", async (verifyNewKeys, calls) => {
    const { client, clocks, asked } = setUp({ verifyNewKeys });
    await times(CALLERS, () => client.encrypt(TEXT));
    expect(asked()).toEqual(calls);
    clocks.advance(299_999);
    await times(CALLERS, () => client.encrypt(TEXT));
    expect(asked()).toEqual(calls);
    clocks.advance(1);
    await times(CALLERS, () => client.encrypt(TEXT));
    expect(asked()).toEqual([...calls, ...calls]);
  });

  it("open one message with one Decrypt, cold and just expired", async () => {
    const { client, clocks, asked } = setUp();
    const { ciphertext } = await client.encrypt(TEXT);
    for (const calls of [PAIR, [...PAIR, "Decrypt"]]) {
      const opened = await times(CALLERS, () => client.decrypt(ciphertext));
      expect(asked()).toEqual(calls);
      for (const { plaintext } of opened) expect(plaintext).toEqual(TEXT);
      clocks.advance(300_000);
    }
  });

  it("write and read S3 objects with one call for each direction", async () => {
    const { materialsManager, asked } = setUp();
    const options = { materialsManager, encryptionContext: { tenant: "t1" } };
    const objects = await times(CALLERS, () => sealObject(TEXT, options));
    expect(asked()).toEqual(["GenerateDataKey"]);
    const opened = await times(CALLERS, (i) => openObject(objects[i]!, options));
    expect(asked()).toEqual(PAIR);
    for (const { plaintext } of opened) expect(plaintext).toEqual(TEXT);
    expect(new Set(objects.map(({ metadata }) => metadata["x-amz-i"])).size).toBe(CALLERS);
  });
});

describe("a cache of one key, and replies that all come in one tick", () => {
  const CONTEXTS = 8;

  it("wipes no key under a user's feet, and every key afterwards", async () => {
    const keyring = gatedKeyring();
    const materialsManager = cachingMaterialsManager({ keyring, capacity: 1, verifyNewKeys: true });
    const client = createEncryptionClient({ materialsManager });
    const answerAll = async () => {
      await settled();
      for (const call of [...keyring.pending]) call.answer();
    };
    const sealing = times(400, (i) => client.encrypt(TEXT, { encryptionContext: { c: `${i % CONTEXTS}` } }));
    await answerAll();
    await answerAll();
    const sealed = await sealing;
    expect(keyring.calls).toEqual({ generate: CONTEXTS, unwrap: CONTEXTS });
    const opening = times(400, (i) => client.decrypt(sealed[i]!.ciphertext));
    await answerAll();
    for (const { plaintext } of await opening) expect(plaintext).toEqual(TEXT);
    expect(keyring.calls).toEqual({ generate: CONTEXTS, unwrap: 2 * CONTEXTS });

    const fresh = createEncryptionClient({ keyring });
    const again = times(400, (i) => fresh.decrypt(sealed[i]!.ciphertext));
    await answerAll();
    for (const { plaintext } of await again) expect(plaintext).toEqual(TEXT);

    expect(keyring.handed.length).toBe(3 * CONTEXTS + 400);
    expect(keyring.handed.filter((dataKey) => numberOf(dataKey) !== 0).length).toBe(2);
    materialsManager.clear();
    expect(keyring.handed.filter((dataKey) => numberOf(dataKey) !== 0)).toEqual([]);
  });

  it("serves messages that open without a cache, through a KMS and over several periods", async () => {
    const { client, fresh, materialsManager, clocks, dataKeys } = setUp({ capacity: 1, maxMessages: 7 });
    for (let period = 0; period < 3; period++) {
      const sealed = await times(200, (i) =>
        client.encrypt(TEXT, { encryptionContext: { c: `${i % CONTEXTS}` } }),
      );
      const opened = await times(200, (i) => client.decrypt(sealed[i]!.ciphertext));
      const anew = await times(200, (i) => fresh.decrypt(sealed[i]!.ciphertext));
      for (const { plaintext } of [...opened, ...anew]) expect(plaintext).toEqual(TEXT);
      clocks.advance(300_000);
    }
    materialsManager.dispose();
    expect(dataKeys.length).toBeGreaterThan(3 * CONTEXTS);
    for (const dataKey of dataKeys) expect(numberOf(dataKey)).toBe(0);
  });
});
