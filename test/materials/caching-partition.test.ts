import { describe, expect, it } from "vitest";
import {
  type CachingOptions,
  cachingMaterialsManager,
  createEncryptionClient,
  requiredContextMaterialsManager,
} from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aes, clear, watched } from "../support/keyrings.ts";

const TEXT = utf8("text");

function setUp(options: Partial<CachingOptions> = {}) {
  const keyring = watched(clear());
  const materialsManager = cachingMaterialsManager({ keyring, ...options } as CachingOptions);
  const client = createEncryptionClient({ materialsManager });
  const seal = (encryptionContext: Record<string, string> = {}) =>
    client.encrypt(TEXT, { encryptionContext });
  return { keyring, materialsManager, client, seal };
}

describe("a partition", () => {
  it("by function parts principals who seal and open under one and the same context", async () => {
    let principal = "alice";
    const { keyring, client, seal } = setUp({ partition: () => principal });
    const asked: string[][] = [];
    for (principal of ["alice", "bob", "alice", "bob"]) {
      const { ciphertext } = await seal({ tenant: "t" });
      await client.decrypt(ciphertext);
      asked.push(keyring.calls.splice(0));
    }
    expect(asked).toEqual([["wrap", "unwrap"], ["wrap", "unwrap"], [], []]);
  });

  it("by function is told of the request, of either direction", async () => {
    const seen: unknown[] = [];
    const { client, seal } = setUp({
      partition(request) {
        const { tenant } = request.encryptionContext;
        seen.push(["encryptedDataKeys" in request, request.suite.id, tenant]);
        return tenant!;
      },
    });
    await client.decrypt((await seal({ tenant: "t1" })).ciphertext);
    expect(seen).toEqual([
      [false, 0x0478, "t1"],
      [true, 0x0478, "t1"],
    ]);
  });

  it("is cleared alone", async () => {
    const { keyring, materialsManager, seal } = setUp({
      partition: ({ encryptionContext: { tenant } }) => tenant!,
    });
    const all = async () => {
      for (const tenant of ["t1", "t2", ""]) await seal({ tenant });
      return keyring.calls.splice(0).length;
    };
    expect(await all()).toBe(3);
    materialsManager.clear("t1");
    expect(materialsManager.stats().encrypt).toMatchObject({ entries: 2, evictions: 1 });
    expect(await all()).toBe(1);
    materialsManager.clear("");
    expect(await all()).toBe(1);
    materialsManager.clear("t3");
    expect(await all()).toBe(0);
    materialsManager.clear();
    expect(await all()).toBe(3);
  });

  it.each([
    ["p", ""],
    ["", "p"],
    ["1:a", "1:a2"],
    ["é", "e\u0301"],
    ["a".repeat(1000), `${"a".repeat(999)}b`],
  ])("is a part of the id as it is written: %j is not %j", async (a, b) => {
    let principal = "";
    const { keyring, seal } = setUp({ partition: () => principal });
    for (principal of [a, b, a, b]) await seal();
    expect(keyring.calls.length).toBe(2);
  });

  it.each([[5], [null], ["\ud800"], [{}], [["p"]], [Symbol("p")]])(
    "%s is a TypeError that names the option",
    async (partition) => {
      const make = () => setUp({ partition: partition as never });
      const error = await failure(make, "ERR_INVALID_ARGUMENT");
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(/partition must be a string without lone surrogates/);
    },
  );

  it.each([[undefined], [null], [7], ["a\udc00"], [Promise.resolve("p")]])(
    "function that answers %s is a TypeError of the call, and no key is asked for",
    async (answer) => {
      const { keyring, client, seal } = setUp({ partition: () => answer as never });
      const { ciphertext } = await createEncryptionClient({ keyring: clear() }).encrypt(TEXT);
      for (const act of [seal(), client.decrypt(ciphertext)]) {
        expect((await failure(act, "ERR_INVALID_ARGUMENT")).message).toMatch(/partition must be/);
      }
      expect(keyring.calls).toEqual([]);
    },
  );
});

describe("what a data key depends on", () => {
  it("is not the order of the context's pairs", async () => {
    const { keyring, seal } = setUp();
    await seal({ a: "1", b: "2", "": "3" });
    await seal({ "": "3", b: "2", a: "1" });
    expect(keyring.calls).toEqual(["wrap"]);
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ["another value", { a: "1" }, { a: "2" }],
    ["a pair more", { a: "1" }, { a: "1", b: "2" }],
    ["no pair", {}, { a: "" }],
    ["swapped values", { a: "1", b: "2" }, { a: "2", b: "1" }],
    ["key and value swapped", { a: "b" }, { b: "a" }],
    ["the same text, parted otherwise", { ab: "c" }, { a: "bc" }],
    ["what looks like a length", { a: "1:b" }, { a1: ":b" }],
    ["one long pair", { a: "x".repeat(5000) }, { a: `${"x".repeat(4999)}y` }],
    ["__proto__", JSON.parse('{"__proto__":"x"}'), {}],
  ])("is the context: %s", async (_, one, other) => {
    const { keyring, client, seal } = setUp();
    for (const context of [one, other, one, other]) await client.decrypt((await seal(context)).ciphertext);
    expect(keyring.calls.sort()).toEqual(["unwrap", "unwrap", "wrap", "wrap"]);
  });

  it("is which pairs are required", async () => {
    const { keyring, materialsManager, seal } = setUp();
    const pairs = { a: "1", b: "2" };
    await seal(pairs);
    for (const requiredKeys of [["a"], ["b"], ["a", "b"]]) {
      const demanding = requiredContextMaterialsManager({ materialsManager, requiredKeys });
      const client = createEncryptionClient({ materialsManager: demanding });
      for (let i = 0; i < 2; i++) {
        const { ciphertext } = await client.encrypt(TEXT, { encryptionContext: pairs });
        await client.decrypt(ciphertext, { encryptionContext: pairs });
      }
    }
    expect(keyring.calls.filter((call) => call === "wrap").length).toBe(4);
  });

  it("is the commitment policy", async () => {
    const { keyring, materialsManager } = setUp();
    for (const commitmentPolicy of [
      "require-encrypt-require-decrypt",
      "require-encrypt-allow-decrypt",
      "require-encrypt-require-decrypt",
    ] as const) {
      await createEncryptionClient({ materialsManager, commitmentPolicy }).encrypt(TEXT);
    }
    expect(keyring.calls).toEqual(["wrap", "wrap"]);
  });

  it("is, on opening, every byte of every encrypted data key", async () => {
    const keyring = watched(aes());
    const materialsManager = cachingMaterialsManager({ keyring });
    const request = {
      suite: (await createEncryptionClient({ keyring: aes() }).encrypt(TEXT)).message.suite,
      commitmentPolicy: "require-encrypt-require-decrypt",
      encryptionContext: {},
      expectedContext: {},
    } as const;
    const made = await materialsManager.encryptionMaterials(request);
    made.dataKey.release();
    const [edk] = made.encryptedDataKeys as [(typeof made.encryptedDataKeys)[number]];
    const extra = { providerId: "x", providerInfo: utf8("ab"), ciphertext: utf8("c") };
    const open = async (...encryptedDataKeys: (typeof edk)[]) => {
      const { dataKey } = await materialsManager.decryptionMaterials({ ...request, encryptedDataKeys });
      dataKey.release();
      return keyring.calls.filter((call) => call === "unwrap").length;
    };
    expect(await open(edk)).toBe(1);
    expect(await open(edk)).toBe(1);
    expect(await open(edk, extra)).toBe(2);
    expect(await open(extra, edk)).toBe(3);
    expect(await open(edk, { ...extra, providerInfo: utf8("a"), ciphertext: utf8("bc") })).toBe(4);
    expect(await open(edk, { ...extra, providerId: "xa", providerInfo: utf8("b") })).toBe(5);
    expect(await open(edk, extra)).toBe(5);
  });
});
