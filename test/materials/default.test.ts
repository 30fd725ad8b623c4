import { describe, expect, it } from "vitest";
import { createEncryptionClient, type Keyring } from "../../src/index.ts";
import { defaultMaterialsManager } from "../../src/materials/default.ts";
import type {
  CurrentKeysRequest,
  DecryptionMaterialsRequest,
  EncryptionMaterialsRequest,
} from "../../src/materials/manager.ts";
import { suiteById } from "../../src/suites/table.ts";
import { random, utf8 } from "../support/bytes.ts";
import { failure, outcome, textOf } from "../support/failure.ts";
import { aes, clear } from "../support/keyrings.ts";

const SUITE = suiteById(0x0478, "message");
const SIGNED = suiteById(0x0578, "message");
const commitmentPolicy = "require-encrypt-require-decrypt";
const edk = (more = {}) => ({
  providerId: "own",
  providerInfo: new Uint8Array(0),
  ciphertext: random(8),
  ...more,
});
/** The manager of a keyring of these parts; what it throws at once is a rejection too. */
function manager(parts: object) {
  const own = defaultMaterialsManager({ name: "own", ...parts } as Keyring);
  return {
    encryptionMaterials: async (request: EncryptionMaterialsRequest) => own.encryptionMaterials(request),
    decryptionMaterials: async (request: DecryptionMaterialsRequest) => own.decryptionMaterials(request),
    isCurrent: async (request: CurrentKeysRequest) => own.isCurrent(request),
  };
}
const toEncrypt = (more = {}) =>
  ({ suite: SUITE, commitmentPolicy, encryptionContext: {}, ...more }) as const;
const toDecrypt = (more = {}) =>
  ({
    suite: SUITE,
    commitmentPolicy,
    encryptedDataKeys: [edk()],
    encryptionContext: {},
    expectedContext: {},
    ...more,
  }) as const;
const wiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

describe("materials for writing", () => {
  it("hold the data key until it is released, and wipe it then", async () => {
    const dataKey = random(32);
    const copy = new Uint8Array(dataKey);
    const generate = () => ({ dataKey, encryptedDataKeys: [edk()] });
    const materials = await manager({ generate }).encryptionMaterials(toEncrypt());
    expect(materials.dataKey.bytes).toEqual(copy);
    expect(materials).toMatchObject({ suite: SUITE, requiredKeys: [], signingKey: undefined });
    materials.dataKey.release();
    expect(wiped(dataKey)).toBe(true);
  });

  it("of signed suites have a key pair of their own, and its public key in the context", async () => {
    const keys = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const materials = await manager(clear("own")).encryptionMaterials(toEncrypt({ suite: SIGNED }));
      expect(materials.signingKey).toBeDefined();
      keys.add(materials.encryptionContext["aws-crypto-public-key"]!);
    }
    expect(keys.size).toBe(3);
  });

  it("take a Buffer of a keyring, also from Node's pool", async () => {
    const generate = () => ({ dataKey: Buffer.from(random(32)), encryptedDataKeys: [edk()] });
    const materials = await manager({ generate }).encryptionMaterials(toEncrypt());
    expect(materials.dataKey.bytes).toHaveLength(32);
  });
});

describe("a keyring that writes", () => {
  const good = () => ({ dataKey: random(32), encryptedDataKeys: [edk()] });
  it.each<[string, () => unknown]>([
    ["nothing", () => undefined],
    ["null", () => null],
    ["text", () => "x"],
    ["no data key", () => ({ encryptedDataKeys: [edk()] })],
    ["an array for a data key", () => ({ ...good(), dataKey: Array(32).fill(7) })],
    ["a view for a data key", () => ({ ...good(), dataKey: new DataView(new ArrayBuffer(32)) })],
    ["zeros", () => ({ ...good(), dataKey: Buffer.alloc(32) })],
    ["a key of 16 bytes", () => ({ ...good(), dataKey: random(16) })],
    ["no list", () => ({ dataKey: random(32) })],
    ["a list that is none", () => ({ dataKey: random(32), encryptedDataKeys: new Set([edk()]) })],
    ["an empty list", () => ({ dataKey: random(32), encryptedDataKeys: [] })],
    ["null in the list", () => ({ dataKey: random(32), encryptedDataKeys: [edk(), null] })],
    ["a hole in the list", () => ({ dataKey: random(32), encryptedDataKeys: [undefined] })],
    ["no provider id", () => ({ dataKey: random(32), encryptedDataKeys: [edk({ providerId: undefined })] })],
    [
      "bytes for a provider id",
      () => ({ dataKey: random(32), encryptedDataKeys: [edk({ providerId: utf8("x") })] }),
    ],
    ["a lone surrogate", () => ({ dataKey: random(32), encryptedDataKeys: [edk({ providerId: "\ud800" })] })],
    [
      "a provider id of over 65,535 bytes, but fewer characters",
      () => ({ dataKey: random(32), encryptedDataKeys: [edk({ providerId: "é".repeat(40_000) })] }),
    ],
    ["no provider info", () => ({ dataKey: random(32), encryptedDataKeys: [edk({ providerInfo: null })] })],
    [
      "text for a ciphertext",
      () => ({ dataKey: random(32), encryptedDataKeys: [edk({ ciphertext: "AAAA" })] }),
    ],
    [
      "a long info",
      () => ({ dataKey: random(32), encryptedDataKeys: [edk({ providerInfo: random(65_536) })] }),
    ],
  ])("%s is refused by name, and its data key wiped", async (_, generate) => {
    let dataKey: unknown;
    const watchedGenerate = () => {
      const answer = generate() as { dataKey?: unknown } | undefined;
      dataKey = answer?.dataKey;
      return answer;
    };
    const error = await failure(
      manager({ generate: watchedGenerate }).encryptionMaterials(toEncrypt()),
      "ERR_KEYRING",
    );
    expect(error).toMatchObject({ keyring: "own" });
    expect(error.message).toMatch(/^Keyring own: /);
    if (dataKey instanceof Uint8Array) expect(wiped(dataKey)).toBe(true);
  });

  it("fields of 65,535 bytes fit", async () => {
    const full = edk({
      providerId: "p".repeat(65_535),
      providerInfo: random(65_535),
      ciphertext: random(65_535),
    });
    const generate = () => ({ dataKey: random(32), encryptedDataKeys: [full] });
    const client = createEncryptionClient({ keyring: { name: "own", generate } });
    const { message } = await client.encrypt(utf8("x"));
    expect(message.encryptedDataKeys).toEqual([full]);
  });

  it("and throws: typed errors and misuse pass, all else is the cause of one", async () => {
    const typed = await failure(manager({ generate: () => null }).encryptionMaterials(toEncrypt()));
    const throws = (error: unknown) =>
      outcome(
        manager({
          generate: () => {
            throw error;
          },
        }).encryptionMaterials(toEncrypt()),
      );
    expect(await throws(typed)).toBe(typed);
    for (const cause of [new Error("x"), new TypeError("x"), "text", undefined, null, 0]) {
      const error = await throws(cause);
      await failure(Promise.reject(error), "ERR_KEYRING");
      expect((error as Error).cause).toBe(cause);
    }
  });

  it("alone cannot read, and a reader cannot write", async () => {
    const error = await failure(
      manager({ wrap: () => [edk()] }).decryptionMaterials(toDecrypt()),
      "ERR_NO_DATA_KEY",
    );
    expect(error).toMatchObject({ reasons: [{ status: "skipped", reason: "this keyring only writes" }] });
    await failure(manager({ unwrap: () => null }).encryptionMaterials(toEncrypt()), "ERR_INVALID_ARGUMENT");
  });
});

describe("a keyring that reads", () => {
  it.each<[string, unknown]>([
    ["text", "x"],
    ["no data key", { opened: edk() }],
    ["an array for a data key", { dataKey: Array(32).fill(7), opened: edk() }],
    ["zeros", { dataKey: new Uint8Array(32), opened: edk() }],
    ["a key of 24 bytes", { dataKey: random(24), opened: edk() }],
    ["no word which one opened", { dataKey: random(32) }],
    ["null for what opened", { dataKey: random(32), opened: null }],
    ["the index of what opened", { dataKey: random(32), opened: 0 }],
  ])("%s is refused by name", async (_, answer) => {
    for (const unwrap of [() => answer, async () => answer]) {
      const error = await failure(manager({ unwrap }).decryptionMaterials(toDecrypt()), "ERR_KEYRING");
      expect(error).toMatchObject({ keyring: "own" });
    }
  });

  it("a data key of another length is wiped", async () => {
    const dataKey = random(31);
    const unwrap = () => ({ dataKey, opened: edk() });
    await failure(manager({ unwrap }).decryptionMaterials(toDecrypt()), "ERR_KEYRING");
    expect(wiped(dataKey)).toBe(true);
  });

  it("nothing, null or undefined, is that no key opened", async () => {
    for (const answer of [null, undefined]) {
      const error = await failure(
        manager({ unwrap: () => answer }).decryptionMaterials(toDecrypt()),
        "ERR_NO_DATA_KEY",
      );
      expect(error).toMatchObject({ reasons: [] });
      expect(error.message).toBe("None of the 1 encrypted data key(s) could be opened: no keyring answered");
    }
  });

  it("says why, key by key; causes are kept", async () => {
    const edks = [edk({ providerId: "a" }), edk({ providerId: "b" }), edk({ providerId: "c" })];
    const causes = [new Error("one"), new Error("two")];
    const unwrap: Keyring["unwrap"] = (given, { note }) => {
      note(given[2]!, "failed", "the third", causes[0]);
      note(given[0]!, "skipped", "the first");
      note(given[1]!, "failed", "the second", causes[1], "deeper");
      return null;
    };
    const error = await failure(
      manager({ unwrap }).decryptionMaterials(toDecrypt({ encryptedDataKeys: edks })),
      "ERR_NO_DATA_KEY",
    );
    expect(error).toMatchObject({
      reasons: [
        {
          keyring: "own",
          index: 2,
          providerId: "c",
          status: "failed",
          reason: "the third",
          cause: causes[0],
        },
        { keyring: "own", index: 0, providerId: "a", status: "skipped", reason: "the first" },
        { keyring: "deeper", index: 1, providerId: "b", status: "failed", reason: "the second" },
      ],
    });
    expect((error.cause as AggregateError).errors).toEqual(causes);
    expect(error.message.split("\n")).toEqual([
      "None of the 3 encrypted data key(s) could be opened:",
      "  - data key 3, keyring own: failed: the third",
      "  - data key 1, keyring own: skipped: the first",
      "  - data key 2, keyring deeper: failed: the second",
    ]);
    for (const { ciphertext } of edks) expect(textOf(error)).not.toContain(ciphertext.join());
  });
});

describe("isCurrent", () => {
  const asked = { suite: SUITE, encryptedDataKeys: [edk()], encryptionContext: { a: "b" } };
  it("asks the keyring, with purpose and context", async () => {
    for (const current of [true, false]) {
      const isCurrent: Keyring["isCurrent"] = (edks, request) => {
        expect(edks).toBe(asked.encryptedDataKeys);
        expect(request).toEqual({
          purpose: { kind: "message", suite: SUITE },
          keyLength: 32,
          encryptionContext: { a: "b" },
        });
        return current;
      };
      expect(await manager({ isCurrent }).isCurrent(asked)).toBe(current);
    }
  });

  it("is an error of the keyring that has none, or that fails", async () => {
    expect((await failure(manager({}).isCurrent(asked), "ERR_KEYRING")).message).toMatch(/no isCurrent/);
    const cause = new Error("x");
    const isCurrent = () => Promise.reject(cause);
    expect((await failure(manager({ isCurrent }).isCurrent(asked), "ERR_KEYRING")).cause).toBe(cause);
  });
});

it("an abort before a call is answered without the keyring", async () => {
  const reason = new Error("no longer");
  const signal = AbortSignal.abort(reason);
  const fail = () => {
    throw new Error("asked");
  };
  const own = manager({ generate: fail, unwrap: fail, isCurrent: fail });
  expect(await outcome(own.encryptionMaterials(toEncrypt({ signal })))).toBe(reason);
  expect(await outcome(own.decryptionMaterials(toDecrypt({ signal })))).toBe(reason);
  const asked = { suite: SUITE, encryptedDataKeys: [edk()], encryptionContext: {}, signal };
  expect(await outcome(own.isCurrent(asked))).toBe(reason);
});

it("answers at once where the keyring and the runtime do: nothing is left to wait for", () => {
  const own = defaultMaterialsManager(aes());
  const written = own.encryptionMaterials(toEncrypt({ encryptionContext: { a: "b" } }));
  if (written instanceof Promise) throw new Error("waits");
  const { encryptedDataKeys, encryptionContext } = written;
  const read = own.decryptionMaterials(toDecrypt({ encryptedDataKeys, encryptionContext }));
  if (read instanceof Promise) throw new Error("waits");
  expect(read.dataKey.bytes).toEqual(written.dataKey.bytes);
});
