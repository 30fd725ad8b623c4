import { describe, expect, it } from "vitest";
import {
  createEncryptionClient,
  type Keyring,
  openObject,
  requiredContextMaterialsManager,
  sealObject,
} from "../../src/index.ts";
import { counting, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aes, clear, watched } from "../support/keyrings.ts";
import { collect, feed } from "../support/streams.ts";

type Options = Parameters<typeof createEncryptionClient>[0];
const keyring = aes();
const materialsManager = requiredContextMaterialsManager({ keyring, requiredKeys: ["a"] });

describe("createEncryptionClient refuses", () => {
  it.each<[string, unknown]>([
    ["options object", undefined],
    ["options object", null],
    ["options object", 5],
    ["options object", "keyring"],
    ["either keyring or materialsManager", {}],
    ["either keyring or materialsManager", { keyring, materialsManager }],
    ["keyring", { keyring: null }],
    ["keyring", { keyring: "aes" }],
    ["keyring", { keyring: {} }],
    ["keyring", { keyring: { name: 5, wrap() {} } }],
    ["neither wrap nor unwrap", { keyring: { name: "empty" } }],
    ["materialsManager", { materialsManager: null }],
    ["materialsManager", { materialsManager: {} }],
    ["materialsManager", { materialsManager: keyring }],
    ["commitmentPolicy", { keyring, commitmentPolicy: null }],
    ["commitmentPolicy", { keyring, commitmentPolicy: "REQUIRE_ENCRYPT_REQUIRE_DECRYPT" }],
    ["commitmentPolicy", { keyring, commitmentPolicy: ["require-encrypt-require-decrypt"] }],
    ["observer", { keyring, observer: null }],
    ["observer", { keyring, observer: {} }],
    ["observer", { keyring, observer: "log" }],
    ["suite", { keyring, suite: "0x0478" }],
    ["suite", { keyring, suite: null }],
    ["suite", { keyring, suite: -1 }],
    ["suite", { keyring, suite: 0x10000 }],
  ])("by its name: %s", async (named, options) => {
    const error = await failure(() => createEncryptionClient(options as Options), "ERR_INVALID_ARGUMENT");
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain("createEncryptionClient");
    expect(error.message).toContain(named);
  });

  const NUMBERS = [
    "frameLength",
    "maxEncryptedDataKeys",
    "maxHeaderBytes",
    "maxFrameLength",
    "signedBufferLimit",
  ];
  it.each(NUMBERS)("%s that is no whole number above 0", async (name) => {
    for (const value of [
      0,
      -1,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      "16",
      16n,
      null,
      {},
      true,
    ]) {
      const options = { keyring, [name]: value } as unknown as Options;
      const error = await failure(() => createEncryptionClient(options), "ERR_INVALID_ARGUMENT");
      expect(error.message).toContain(`${name} must be a whole number from 1 to`);
    }
    createEncryptionClient({ keyring, [name]: undefined, ...(name !== "frameLength" && { frameLength: 1 }) });
    createEncryptionClient({ keyring, frameLength: 1, [name]: 1 });
  });

  it.each([
    ["frameLength", 16 * 1024 * 1024],
    ["maxEncryptedDataKeys", 65_535],
    ["maxFrameLength", 2 ** 32 - 1],
  ])("%s over %d", async (name, maximum) => {
    createEncryptionClient({ keyring, [name]: maximum });
    const options = { keyring, [name]: maximum + 1 };
    expect((await failure(() => createEncryptionClient(options), "ERR_INVALID_ARGUMENT")).message).toContain(
      `${name} must be a whole number from 1 to ${maximum}`,
    );
  });

  it("a frame length over maxFrameLength, and shortens the default one", async () => {
    const options = { keyring, frameLength: 101, maxFrameLength: 100 };
    const error = await failure(() => createEncryptionClient(options), "ERR_INVALID_ARGUMENT");
    expect(error.message).toContain("frameLength must be a whole number from 1 to 100");
    const client = createEncryptionClient({ keyring, maxFrameLength: 100 });
    expect((await client.encrypt(counting(1))).message.frameLength).toBe(100);
    expect((await createEncryptionClient({ keyring }).encrypt(counting(1))).message.frameLength).toBe(65_536);
  });

  it.each([0x0070, 0x0073, 0x0074, 0x0000, 0x6700, 0x6701, 0xffff])(
    "suite %d, which is no message's",
    async (suite) => {
      const error = await failure(
        () => createEncryptionClient({ keyring, suite: suite as 0x0478 }),
        "ERR_ALGORITHM_SUITE",
      );
      expect(error).toMatchObject({ suiteId: suite });
    },
  );
});

const client = createEncryptionClient({ keyring });
const { ciphertext } = await client.encrypt(utf8("x"));
/** Every call that takes these options, with bytes that are right. */
const CALLS: [string, (options: never) => unknown][] = [
  ["encrypt", (options) => client.encrypt(utf8("x"), options)],
  ["decrypt", (options) => client.decrypt(ciphertext, options)],
  ["encryptText", (options) => client.encryptText("x", options)],
  ["decryptText", (options) => client.decryptText(Buffer.from(ciphertext).toString("base64"), options)],
  ["encryptStream", (options) => collect(feed([utf8("x")], client.encryptStream(options)))],
  ["decryptStream", (options) => collect(feed([ciphertext], client.decryptStream(options)))],
];

describe.each(CALLS)("%s refuses", (_, call) => {
  it("a signal that is none", async () => {
    for (const signal of [null, 5, "abort", {}, new AbortController(), () => {}]) {
      const error = await failure(() => call({ signal } as never), "ERR_INVALID_ARGUMENT");
      expect(error.message).toContain("signal must be an AbortSignal");
    }
  });

  it("a context that is not a plain object of strings", async () => {
    const contexts = [
      null,
      5,
      "a=b",
      ["a", "b"],
      new Map([["a", "b"]]),
      new Set(["a"]),
      new Date(),
      new URLSearchParams("a=b"),
      new Headers({ a: "b" }),
      Promise.resolve({ a: "b" }),
      utf8("a"),
      () => {},
      { a: 5 },
      { a: null },
      { a: undefined },
      { a: ["b"] },
      { a: new String("b") },
    ];
    for (const encryptionContext of contexts) {
      await failure(() => call({ encryptionContext } as never), "ERR_ENCRYPTION_CONTEXT");
    }
  });

  it("reserved keys and lone surrogates, and names the key", async () => {
    for (const key of ["aws-crypto-", "aws-crypto-public-key", "aws-crypto-x", "\ud800", "a\udc00"]) {
      const error = await failure(() => call({ encryptionContext: { ok: "", [key]: "v" } } as never));
      expect(error).toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT", key });
    }
    const error = await failure(() => call({ encryptionContext: { a: "secret \ud800" } } as never));
    expect(error).toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT", key: "a" });
    expect(error.message).not.toContain("secret");
  });
});

it("a context is read once: what its owner changes later counts for nothing", async () => {
  const encryptionContext = { tenant: "t1" };
  const slow = clear("slow", {
    async wrap(dataKey, request) {
      encryptionContext.tenant = "t2";
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(request.encryptionContext).toEqual({ tenant: "t1" });
      return [{ providerId: "slow", providerInfo: utf8(""), ciphertext: new Uint8Array(dataKey) }];
    },
  });
  const own = createEncryptionClient({ keyring: slow });
  const { message } = await own.encrypt(utf8("x"), { encryptionContext });
  expect(message.encryptionContext).toEqual({ tenant: "t1" });
});

it("keys near the reserved ones are anybody's", async () => {
  const encryptionContext = { "aws-crypto": "1", "AWS-CRYPTO-x": "2", "x-aws-crypto-": "3", "": "4" };
  const sealed = await client.encrypt(utf8("x"), { encryptionContext });
  const opened = await client.decrypt(sealed.ciphertext, { encryptionContext });
  expect(opened.encryptionContext).toEqual(encryptionContext);
});

describe("policies are kept before any key is asked for", () => {
  it("in a client's options", async () => {
    for (const [commitmentPolicy, suite] of [
      [undefined, 0x0178],
      ["require-encrypt-require-decrypt", 0x0378],
      ["require-encrypt-allow-decrypt", 0x0014],
      ["forbid-encrypt-allow-decrypt", 0x0478],
    ] as const) {
      const options = { keyring, suite, ...(commitmentPolicy && { commitmentPolicy }) };
      const error = await failure(() => createEncryptionClient(options), "ERR_COMMITMENT_POLICY");
      expect(error).toMatchObject({ suiteId: suite });
    }
  });

  it("in reading, and in needsReencryption of nothing", async () => {
    const writer = createEncryptionClient({ keyring, commitmentPolicy: "forbid-encrypt-allow-decrypt" });
    const old = (await writer.encrypt(utf8("x"))).ciphertext;
    const asked: Keyring & { calls: string[] } = watched(aes());
    const strict = createEncryptionClient({ keyring: asked });
    const error = await failure(strict.decrypt(old), "ERR_COMMITMENT_POLICY");
    expect(error).toMatchObject({ suiteId: 0x0178, policy: "require-encrypt-require-decrypt" });
    await failure(collect(feed([old], strict.decryptStream())), "ERR_COMMITMENT_POLICY");
    await failure(strict.reencrypt(old), "ERR_COMMITMENT_POLICY");
    await failure(strict.reencrypt(old, { from: asked }), "ERR_COMMITMENT_POLICY");
    expect(await strict.needsReencryption(old)).toBe(true);
    expect(asked.calls).toEqual([]);
    for (const commitmentPolicy of [
      "require-encrypt-allow-decrypt",
      "forbid-encrypt-allow-decrypt",
    ] as const) {
      const lenient = createEncryptionClient({ keyring, commitmentPolicy });
      for (const message of [old, ciphertext]) {
        expect((await lenient.decrypt(message)).plaintext).toEqual(utf8("x"));
      }
    }
  });
});

it("a client is used for both formats at once only through the same keyring", async () => {
  const object = await sealObject(utf8("o"), { keyring });
  expect((await openObject(object, { keyring })).plaintext).toEqual(utf8("o"));
  await failure(client.decrypt(object.body));
});
