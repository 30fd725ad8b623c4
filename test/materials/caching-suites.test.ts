import { describe, expect, it } from "vitest";
import {
  type CommitmentPolicy,
  cachingMaterialsManager,
  createEncryptionClient,
  type KeyfoldEvent,
  type MaterialsManager,
  type MessageSuiteId,
} from "../../src/index.ts";
import { defaultMaterialsManager } from "../../src/materials/default.ts";
import { suiteById } from "../../src/suites/table.ts";
import { utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aes, clear, MESSAGE_SUITES, watched } from "../support/keyrings.ts";

const TEXT = utf8("text");
const WITHOUT_KDF: readonly number[] = [0x0014, 0x0046, 0x0078];
const allowing: CommitmentPolicy = "require-encrypt-allow-decrypt";

describe.each(MESSAGE_SUITES)("suite $name", ({ suite, commitmentPolicy }) => {
  const derives = !WITHOUT_KDF.includes(suite);

  it(derives ? "shares data keys" : "never shares a data key, and says so", async () => {
    const keyring = watched(aes());
    const events: KeyfoldEvent[] = [];
    const materialsManager = cachingMaterialsManager({ keyring, observer: (event) => events.push(event) });
    const client = createEncryptionClient({ materialsManager, suite, commitmentPolicy });
    for (let i = 0; i < 3; i++) {
      const { ciphertext } = await client.encrypt(TEXT);
      for (let j = 0; j < 2; j++) expect((await client.decrypt(ciphertext)).plaintext).toEqual(TEXT);
      const fresh = createEncryptionClient({ keyring: aes(), commitmentPolicy });
      expect((await fresh.decrypt(ciphertext)).plaintext).toEqual(TEXT);
    }
    expect(keyring.calls.length).toBe(derives ? 2 : 9);
    const skipped = events.filter(({ type }) => type === "cacheSkip");
    const skip = (operation: "encrypt" | "decrypt") => ({
      type: "cacheSkip",
      cache: "data key",
      operation,
      suiteId: suite,
    });
    const each = [skip("encrypt"), skip("decrypt"), skip("decrypt")];
    expect(skipped).toEqual(derives ? [] : [...each, ...each, ...each]);
    if (!derives) expect(events.length).toBe(skipped.length);
  });

  it("is refused by a manager that was disposed of", async () => {
    const materialsManager = cachingMaterialsManager({ keyring: aes() });
    const client = createEncryptionClient({ materialsManager, suite, commitmentPolicy });
    const { ciphertext } = await client.encrypt(TEXT);
    materialsManager.dispose();
    for (const act of [client.encrypt(TEXT), client.decrypt(ciphertext)]) {
      expect((await failure(act, "ERR_INVALID_ARGUMENT")).message).toMatch(/was disposed of/);
    }
  });
});

it("no two suites share a data key, not even of one key length", async () => {
  const keyring = watched(clear());
  const materialsManager = cachingMaterialsManager({ keyring });
  const ciphertexts: Uint8Array[] = [];
  for (const { suite, commitmentPolicy } of MESSAGE_SUITES.filter(
    (own) => !WITHOUT_KDF.includes(own.suite),
  )) {
    const client = createEncryptionClient({ materialsManager, suite, commitmentPolicy });
    for (let i = 0; i < 2; i++) ciphertexts.push((await client.encrypt(TEXT)).ciphertext);
  }
  expect(keyring.calls.length).toBe(8);
  expect(ciphertexts.length).toBe(16);
});

describe("a strict and a lax client around one cache", () => {
  const weak = suiteById(0x0178, "message");
  const strong = suiteById(0x0478, "message");

  it("ask for data keys of their own, and the strict one opens nothing that it must not", async () => {
    const keyring = watched(aes());
    const materialsManager = cachingMaterialsManager({ keyring });
    const old = createEncryptionClient({
      materialsManager,
      commitmentPolicy: "forbid-encrypt-allow-decrypt",
    });
    const { ciphertext, message } = await old.encrypt(TEXT);
    expect(message.suite).toBe(weak);
    const lax = createEncryptionClient({ materialsManager, commitmentPolicy: allowing });
    const strict = createEncryptionClient({ materialsManager });
    await lax.decrypt(ciphertext);
    await failure(strict.decrypt(ciphertext), "ERR_COMMITMENT_POLICY");
    for (const client of [lax, strict]) expect((await client.encrypt(TEXT)).message.suite).toBe(strong);
    expect(keyring.calls).toEqual(["wrap", "unwrap", "wrap", "wrap"]);
  });

  it("share no opened data key either, where both may open it", async () => {
    const keyring = watched(aes());
    const materialsManager = cachingMaterialsManager({ keyring });
    const { ciphertext } = await createEncryptionClient({ keyring: aes() }).encrypt(TEXT);
    for (const commitmentPolicy of [allowing, undefined, allowing, undefined]) {
      const client = createEncryptionClient({
        materialsManager,
        ...(commitmentPolicy !== undefined && { commitmentPolicy }),
      });
      await client.decrypt(ciphertext);
    }
    expect(keyring.calls).toEqual(["unwrap", "unwrap"]);
  });

  /** A manager that answers for this suite, whatever it is asked for. */
  const answering = (suite: typeof weak): MaterialsManager => {
    const inner = defaultMaterialsManager(clear());
    return {
      ...inner,
      encryptionMaterials: (request) => inner.encryptionMaterials({ ...request, suite }),
      decryptionMaterials: async (request) => ({ ...(await inner.decryptionMaterials(request)), suite }),
    };
  };

  it.each<[string, number, MessageSuiteId | undefined]>([
    ["a weaker one", 0x0178, undefined],
    ["one that derives no key", 0x0078, undefined],
    ["a stronger one", 0x0478, 0x0178],
    ["the object's of the same make", 0x0073, undefined],
  ])("an inner manager that answers for another suite (%s) never serves", async (_, answered, suite) => {
    const format = answered === 0x0073 ? "object" : "message";
    const materialsManager = cachingMaterialsManager({
      materialsManager: answering(suiteById(answered, format)),
    });
    const commitmentPolicy: CommitmentPolicy =
      suite === undefined ? "require-encrypt-require-decrypt" : "forbid-encrypt-allow-decrypt";
    const own = { commitmentPolicy, ...(suite !== undefined && { suite }) };
    const client = createEncryptionClient({ materialsManager, ...own });
    const { ciphertext } = await createEncryptionClient({ keyring: clear(), ...own }).encrypt(TEXT);
    for (let i = 0; i < 2; i++) {
      for (const act of [client.encrypt(TEXT), client.decrypt(ciphertext)]) {
        expect(await failure(act, "ERR_ALGORITHM_SUITE")).toMatchObject({ suiteId: answered });
      }
    }
    const { encrypt, decrypt } = materialsManager.stats();
    expect([encrypt.entries, decrypt.entries]).toEqual([0, 0]);
    materialsManager.dispose();
  });

  it("the manager itself refuses to hand out what the policy forbids, on misses and on hits", async () => {
    const manager = cachingMaterialsManager({ keyring: clear() });
    const lax = {
      suite: weak,
      commitmentPolicy: "forbid-encrypt-allow-decrypt",
      encryptionContext: {},
    } as const;
    const made = await manager.encryptionMaterials(lax);
    const { encryptedDataKeys } = made;
    made.dataKey.release();
    const reading = { ...lax, encryptedDataKeys, expectedContext: {} };
    (await manager.decryptionMaterials(reading)).dataKey.release();
    const strict = { commitmentPolicy: "require-encrypt-require-decrypt" } as const;
    for (let i = 0; i < 2; i++) {
      await failure(async () => manager.encryptionMaterials({ ...lax, ...strict }), "ERR_COMMITMENT_POLICY");
      await failure(
        async () => manager.decryptionMaterials({ ...reading, ...strict }),
        "ERR_COMMITMENT_POLICY",
      );
    }
  });
});
