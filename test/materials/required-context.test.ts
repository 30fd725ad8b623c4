import { describe, expect, it } from "vitest";
import {
  createEncryptionClient,
  inspectMessage,
  type MaterialsManager,
  openObject,
  requiredContextMaterialsManager,
  sealObject,
} from "../../src/index.ts";
import { random, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { contextBytes, readMessage, writeMessage } from "../support/independent-message.ts";
import { aes, clear, MESSAGE_SUITES, unwrapAes, watched, wrapAes } from "../support/keyrings.ts";
import { collect, feed } from "../support/streams.ts";

const PLAINTEXT = utf8("the plaintext");
const PAIRS = { tenant: "t1", region: "eu", open: "yes" };
const demanding = (requiredKeys: string[], keyring = aes()) =>
  requiredContextMaterialsManager({ keyring, requiredKeys });
const client = (materialsManager: MaterialsManager, more = {}) =>
  createEncryptionClient({ materialsManager, ...more });

describe.each(MESSAGE_SUITES)("$name", ({ suite, commitmentPolicy }) => {
  const strict = client(demanding(["tenant", "region"]), { suite, commitmentPolicy });

  it("leaves required pairs out, and opens with all of them", async () => {
    const { ciphertext, message } = await strict.encrypt(PLAINTEXT, { encryptionContext: PAIRS });
    expect(message.encryptionContext).toEqual(PAIRS);
    expect(inspectMessage(ciphertext).encryptionContext).toEqual({ open: "yes" });
    for (const encryptionContext of [PAIRS, { tenant: "t1", region: "eu" }]) {
      const opened = await strict.decrypt(ciphertext, { encryptionContext });
      expect(opened.plaintext).toEqual(PLAINTEXT);
      expect(opened.encryptionContext).toEqual(PAIRS);
    }
    const stream = feed([ciphertext], strict.decryptStream({ encryptionContext: PAIRS }));
    expect(await collect(stream)).toEqual(PLAINTEXT);
  });

  it.each<[string, Record<string, string>]>([
    ["none", {}],
    ["one", { tenant: "t1", open: "yes" }],
    ["an inherited one", Object.create({ tenant: "t1", region: "eu" })],
  ])("refuses %s of the required pairs, before the keyring is asked", async (_, encryptionContext) => {
    const keyring = watched(clear());
    const asks = client(demanding(["tenant", "region"], keyring), { suite, commitmentPolicy });
    const { ciphertext } = await strict.encrypt(PLAINTEXT, { encryptionContext: PAIRS });
    for (const act of [
      asks.encrypt(PLAINTEXT, { encryptionContext }),
      asks.decrypt(ciphertext, { encryptionContext }),
      collect(feed([PLAINTEXT], asks.encryptStream({ encryptionContext }))),
      collect(feed([ciphertext], asks.decryptStream({ encryptionContext }))),
    ]) {
      const error = await failure(act, "ERR_ENCRYPTION_CONTEXT");
      expect(error).toMatchObject({ key: expect.stringMatching(/^(tenant|region)$/) });
    }
    expect(keyring.calls).toEqual([]);
  });

  it("another value of a required pair does not open, and one of a stored pair is named", async () => {
    const { ciphertext } = await strict.encrypt(PLAINTEXT, { encryptionContext: PAIRS });
    const other = { ...PAIRS, tenant: "t2" };
    await failure(strict.decrypt(ciphertext, { encryptionContext: other }), "ERR_NO_DATA_KEY");
    const error = await failure(
      strict.decrypt(ciphertext, { encryptionContext: { ...PAIRS, open: "no" } }),
      "ERR_ENCRYPTION_CONTEXT",
    );
    expect(error).toMatchObject({ key: "open" });
  });

  it("binds the pairs to the header also where the keyring binds none", async () => {
    const loose = client(demanding(["tenant"], clear()), { suite, commitmentPolicy });
    const { ciphertext } = await loose.encrypt(PLAINTEXT, { encryptionContext: { tenant: "t1" } });
    await failure(loose.decrypt(ciphertext, { encryptionContext: { tenant: "t2" } }), "ERR_AUTHENTICATION");
    expect((await loose.decrypt(ciphertext, { encryptionContext: { tenant: "t1" } })).plaintext).toEqual(
      PLAINTEXT,
    );
  });

  it("a reader that does not know of required pairs does not open", async () => {
    const { ciphertext } = await strict.encrypt(PLAINTEXT, { encryptionContext: PAIRS });
    const plain = createEncryptionClient({ keyring: aes(), commitmentPolicy });
    await failure(plain.decrypt(ciphertext), "ERR_NO_DATA_KEY");
    await failure(plain.decrypt(ciphertext, { encryptionContext: PAIRS }), "ERR_ENCRYPTION_CONTEXT");
  });
});

describe("messages of other writers", () => {
  it("that store the pairs open as well", async () => {
    const plain = createEncryptionClient({ keyring: aes() });
    const { ciphertext } = await plain.encrypt(PLAINTEXT, { encryptionContext: PAIRS });
    const strict = client(demanding(["tenant"]));
    const opened = await strict.decrypt(ciphertext, { encryptionContext: { tenant: "t1" } });
    expect(opened.encryptionContext).toEqual(PAIRS);
    const other = strict.decrypt(ciphertext, { encryptionContext: { tenant: "t2" } });
    await failure(other, "ERR_ENCRYPTION_CONTEXT");
  });

  it("that bind them to the header's tag open, whatever their order", async () => {
    const dataKey = random(32);
    const ciphertext = writeMessage({
      suite: 0x0478,
      dataKey,
      edks: [wrapAes(dataKey, contextBytes(PAIRS))],
      context: contextBytes({ open: "yes" }),
      requiredContext: contextBytes({ tenant: "t1", region: "eu" }),
      pieces: [PLAINTEXT],
      frameLength: 100,
    });
    const strict = client(demanding(["tenant", "region"]));
    expect((await strict.decrypt(ciphertext, { encryptionContext: PAIRS })).plaintext).toEqual(PLAINTEXT);
  });
});

describe("nested", () => {
  it("managers demand the keys of all, and leave all out", async () => {
    const inner = demanding(["tenant"]);
    const outer = requiredContextMaterialsManager({
      materialsManager: inner,
      requiredKeys: ["region", "tenant"],
    });
    const { ciphertext } = await client(outer).encrypt(PLAINTEXT, { encryptionContext: PAIRS });
    expect(inspectMessage(ciphertext).encryptionContext).toEqual({ open: "yes" });
    readMessage(
      ciphertext,
      (edks) => unwrapAes()(edks, contextBytes(PAIRS)),
      contextBytes({ tenant: "t1", region: "eu" }),
    );
    for (const manager of [outer, demanding(["region", "tenant"])]) {
      expect((await client(manager).decrypt(ciphertext, { encryptionContext: PAIRS })).plaintext).toEqual(
        PLAINTEXT,
      );
    }
    for (const missing of ["tenant", "region"]) {
      const { [missing as "tenant"]: _, ...rest } = PAIRS;
      const error = await failure(
        client(outer).decrypt(ciphertext, { encryptionContext: rest }),
        "ERR_ENCRYPTION_CONTEXT",
      );
      expect(error).toMatchObject({ key: missing });
    }
  });
});

describe("the manager", () => {
  it.each<[RegExp, unknown]>([
    [/options object/, undefined],
    [/options object/, null],
    [/either keyring or materialsManager/, { requiredKeys: ["a"] }],
    [
      /either keyring or materialsManager/,
      { keyring: aes(), materialsManager: demanding(["a"]), requiredKeys: ["a"] },
    ],
    [/requiredKeys/, { keyring: aes() }],
    [/requiredKeys/, { keyring: aes(), requiredKeys: [] }],
    [/requiredKeys/, { keyring: aes(), requiredKeys: "tenant" }],
    [/requiredKeys/, { keyring: aes(), requiredKeys: new Set(["tenant"]) }],
    [/requiredKeys/, { keyring: aes(), requiredKeys: ["tenant", 5] }],
    [/requiredKeys/, { keyring: aes(), requiredKeys: ["\ud800"] }],
    [/requiredKeys/, { keyring: aes(), requiredKeys: ["aws-crypto-public-key"] }],
  ])("refuses options: %s", async (named, options) => {
    const error = await failure(
      () => requiredContextMaterialsManager(options as never),
      "ERR_INVALID_ARGUMENT",
    );
    expect(error.message).toMatch(named);
  });

  it("keeps its own list of keys", async () => {
    const requiredKeys = ["tenant"];
    const strict = client(requiredContextMaterialsManager({ keyring: aes(), requiredKeys }));
    requiredKeys.length = 0;
    await failure(strict.encrypt(PLAINTEXT), "ERR_ENCRYPTION_CONTEXT");
  });

  it("takes keys such as __proto__ and the empty one", async () => {
    const encryptionContext = JSON.parse('{"__proto__":"p","":"e","b":"c"}') as Record<string, string>;
    const strict = client(demanding(["__proto__", ""]));
    const { ciphertext } = await strict.encrypt(PLAINTEXT, { encryptionContext });
    expect(inspectMessage(ciphertext).encryptionContext).toEqual({ b: "c" });
    const opened = await strict.decrypt(ciphertext, { encryptionContext });
    expect(Object.entries(opened.encryptionContext).sort()).toEqual(Object.entries(encryptionContext).sort());
    await failure(strict.decrypt(ciphertext, { encryptionContext: { "": "e" } }), "ERR_ENCRYPTION_CONTEXT");
  });

  it("tells whether keys are current, and re-encrypts with the pairs that are not stored", async () => {
    const strict = client(demanding(["tenant"]));
    const { ciphertext } = await strict.encrypt(PLAINTEXT, { encryptionContext: PAIRS });
    expect(await strict.needsReencryption(ciphertext)).toBe(false);
    expect(await client(demanding(["tenant"], aes("new"))).needsReencryption(ciphertext)).toBe(true);
    const again = await strict.reencrypt(ciphertext, { encryptionContext: PAIRS });
    expect(inspectMessage(again.ciphertext).encryptionContext).toEqual({ open: "yes", region: "eu" });
    await failure(strict.reencrypt(ciphertext), "ERR_ENCRYPTION_CONTEXT");
  });

  it("reads objects, where all pairs are stored, but writes none", async () => {
    const wrap = (dataKey: Uint8Array) => [
      { providerId: "S3Keyring", providerInfo: utf8("kms+context"), ciphertext: new Uint8Array(dataKey) },
    ];
    const keyring = clear("S3Keyring", { objectWrap: "kms+context", wrap });
    const materialsManager = demanding(["tenant"], keyring);
    const encryptionContext = { tenant: "t1" };
    const object = await sealObject(PLAINTEXT, { keyring, encryptionContext });
    expect((await openObject(object, { materialsManager, encryptionContext })).plaintext).toEqual(PLAINTEXT);
    await failure(sealObject(PLAINTEXT, { materialsManager, encryptionContext }), "ERR_INVALID_ARGUMENT");
    const bare = await sealObject(PLAINTEXT, { keyring });
    await failure(openObject(bare, { materialsManager }), "ERR_ENCRYPTION_CONTEXT");
  });
});
