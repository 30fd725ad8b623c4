// The keyring of examples/vault, over HTTP, against a small Vault of its own.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type LocalVault, startVault } from "../../examples/local/vault.mjs";
import { vaultTransitKeyring } from "../../examples/vault/transit-keyring.mjs";
import {
  cachingMaterialsManager,
  createEncryptionClient,
  isKeyfoldError,
  type Keyring,
  type KeyringRequest,
  multiKeyring,
  type UnwrapReason,
} from "../../src/index.ts";
import { suiteById } from "../../src/suites/table.ts";
import { random, utf8 } from "../support/bytes.ts";
import { failure, outcome, textOf } from "../support/failure.ts";
import { aes, MESSAGE_SUITES } from "../support/keyrings.ts";

const PLAINTEXT = utf8("the plaintext");
const CONTEXT = { tenant: "t1", "Ähre, a": "ß" };
const servers: { close(): unknown }[] = [];
let vault: LocalVault;
beforeEach(async () => {
  vault = await start();
});
afterAll(async () => {
  for (const server of servers) await server.close();
});

async function start(options?: Parameters<typeof startVault>[0]): Promise<LocalVault> {
  const started = await startVault(options);
  servers.push(started);
  return started;
}

type Options = Partial<Parameters<typeof vaultTransitKeyring>[0]>;
const keyringOf = (options: Options = {}): Keyring =>
  vaultTransitKeyring({ address: vault.address, token: vault.token, key: "orders", ...options });
const clientOf = (keyring = keyringOf(), more = {}) => createEncryptionClient({ keyring, ...more });
const seal = async (keyring = keyringOf(), encryptionContext: Record<string, string> = CONTEXT) =>
  (await clientOf(keyring).encrypt(PLAINTEXT, { encryptionContext })).ciphertext;

async function reasonsOf(ciphertext: Uint8Array, keyring = keyringOf()): Promise<readonly UnwrapReason[]> {
  const error = await failure(clientOf(keyring).decrypt(ciphertext), "ERR_NO_DATA_KEY");
  return isKeyfoldError(error, "ERR_NO_DATA_KEY") ? error.reasons : [];
}

/** A server that is no Vault: it answers this to everything, or never. */
async function stranger(status: number | null, body = ""): Promise<string> {
  const server: Server = createServer(({ url }, response) => {
    if (status !== null) response.writeHead(status, { location: `${vault.address}${url}` }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push({ close: () => server.close().closeAllConnections() });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a round trip", () => {
  it.each(MESSAGE_SUITES)("$name", async ({ suite, commitmentPolicy }) => {
    const client = clientOf(keyringOf(), { suite, commitmentPolicy });
    const { ciphertext, message } = await client.encrypt(PLAINTEXT, { encryptionContext: CONTEXT });
    expect((await client.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
    expect(vault.requests).toEqual(["POST encrypt", "POST decrypt"]);
    const [edk] = message.encryptedDataKeys;
    expect(edk!.providerId).toBe("vault-transit");
    expect(new TextDecoder().decode(edk!.providerInfo)).toBe("transit/orders");
    expect(new TextDecoder().decode(edk!.ciphertext)).toMatch(/^vault:v1:[\w+/]+=*$/);
  });

  it("without pairs, under another mount, an address that ends in a slash, and a token that is asked for", async () => {
    vault = await start({ mount: "team/transit", key: "key #1" });
    const token = async () => vault.token;
    const keyring = keyringOf({ address: `${vault.address}/`, mount: "team/transit", key: "key #1", token });
    expect((await clientOf(keyring).decrypt(await seal(keyring, {}))).plaintext).toEqual(PLAINTEXT);
  });

  it("the order of the pairs does not matter to the wrapping", async () => {
    const keyring = keyringOf();
    const request = requestOf({ b: "1", a: "2", "a,b": "c", B: "d" });
    const [edk] = await keyring.wrap!(random(32), request);
    const turned = requestOf({ B: "d", "a,b": "c", a: "2", b: "1" });
    expect(await keyring.unwrap!([edk!], { ...turned, note: noNote })).not.toBeNull();
  });

  it("the borrowed data key stays as it is, and the opened one is fresh", async () => {
    const keyring = keyringOf();
    const dataKey = random(32);
    const before = dataKey.slice();
    const [edk] = await keyring.wrap!(dataKey, requestOf());
    expect(dataKey).toEqual(before);
    const opened = await Promise.all(
      [1, 2].map(() => keyring.unwrap!([edk!], { ...requestOf(), note: noNote })),
    );
    opened[0]!.dataKey.fill(0);
    expect(new Uint8Array(opened[1]!.dataKey)).toEqual(before);
  });
});

const purpose = { kind: "message", suite: suiteById(0x0478, "message") } as const;
const requestOf = (encryptionContext: Record<string, string> = CONTEXT): KeyringRequest => ({
  purpose,
  keyLength: 32,
  encryptionContext,
});
const noNote = (_: unknown, status: string, reason: string): never => {
  throw new Error(`${status}: ${reason}`);
};

describe("what does not open", () => {
  it.each([
    ["another value", { tenant: "t2" }],
    ["a pair more", { tenant: "t1", a: "b" }],
    ["no pair", {}],
  ])("another context: %s", async (_, context) => {
    const keyring = keyringOf();
    const [edk] = await keyring.wrap!(random(32), requestOf({ tenant: "t1" }));
    const notes: string[] = [];
    const note = (_: unknown, status: string, reason: string) => notes.push(`${status}: ${reason}`);
    expect(await keyring.unwrap!([edk!], { ...requestOf(context), note })).toBeNull();
    expect(notes).toEqual([expect.stringMatching(/^failed: Vault answered 400: .*another context/)]);
  });

  it("another key and another provider are skipped, and Vault is not asked", async () => {
    const sealed = [await seal(keyringOf()), await seal(aes())];
    vault.requests.length = 0;
    for (const ciphertext of sealed) {
      const reasons = await reasonsOf(ciphertext, keyringOf({ key: "invoices" }));
      expect(reasons).toMatchObject([
        { status: "skipped", reason: "not wrapped by Vault's transit/invoices" },
      ]);
    }
    expect(vault.requests).toEqual([]);
  });

  it("a sealed Vault, a denied or wrong token, a missing mount: the reason says which", async () => {
    const ciphertext = await seal();
    const reason = async (keyring?: Keyring) => (await reasonsOf(ciphertext, keyring))[0]!.reason;
    expect(await reason(keyringOf({ token: "hvs.expired" }))).toMatch(/^Vault answered 403: the token/);
    vault.denied.add("decrypt");
    expect(await reason()).toMatch(/403/);
    vault.denied.clear();
    vault.sealed = true;
    expect(await reason()).toMatch(/^Vault answered 503: it is sealed/);
    await vault.close();
    expect(await reason()).toBe("Vault could not be asked.");
  });

  it("the next keyring is asked", async () => {
    const both = multiKeyring({ generator: keyringOf(), children: [aes()] });
    const ciphertext = await seal(both);
    vault.sealed = true;
    expect((await clientOf(both).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
    expect(await reasonsOf(ciphertext)).toMatchObject([{ status: "failed" }, { status: "skipped" }]);
  });
});

describe("writing fails", () => {
  it.each([
    ["sealed", (v: LocalVault) => Object.assign(v, { sealed: true }), /503/],
    ["denied", (v: LocalVault) => v.denied.add("encrypt"), /403/],
  ])("where Vault is %s", async (_, change, expected) => {
    change(vault);
    const error = await failure(clientOf().encrypt(PLAINTEXT), "ERR_KEYRING");
    expect(error).toMatchObject({ keyring: "Vault transit/orders" });
    expect((error.cause as Error).message).toMatch(expected);
  });

  it("for a key or a mount that is not there", async () => {
    for (const [options, expected] of [
      [{ key: "oders" }, /403: .*does not exist/],
      [{ mount: "transits" }, /404/],
    ] as const) {
      const error = await failure(clientOf(keyringOf(options)).encrypt(PLAINTEXT), "ERR_KEYRING");
      expect((error.cause as Error).message).toMatch(expected);
    }
  });

  it("where Vault is too old to bind the context, and only warns", async () => {
    vault = await start({ old: true });
    const error = await failure(clientOf().encrypt(PLAINTEXT), "ERR_KEYRING");
    expect((error.cause as Error).message).toMatch(/does not bind the encryption context/);
  });
});

describe("rotation", () => {
  it("what is older needs re-encryption, opens until it is retired, and is renewed", async () => {
    const client = clientOf();
    const old = await seal();
    expect(await client.needsReencryption(old)).toBe(false);
    for (let version = 2; version <= 11; version++) vault.rotate("orders");
    expect(await client.needsReencryption(old)).toBe(true);
    expect((await client.decrypt(old)).plaintext).toEqual(PLAINTEXT);
    const { ciphertext } = await client.reencrypt(old);
    expect(await client.needsReencryption(ciphertext)).toBe(false);
    vault.retire("orders", 2);
    expect((await reasonsOf(old))[0]!.reason).toMatch(/min_decryption_version/);
    expect((await client.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("looks at the whole version, and at the key", async () => {
    const other = await start({ key: "invoices" });
    const invoices = keyringOf({ address: other.address, token: other.token, key: "invoices" });
    expect(await clientOf().needsReencryption(await seal(invoices))).toBe(true);
    const restored = await start();
    for (let version = 2; version <= 11; version++) vault.rotate("orders");
    const client = clientOf(keyringOf({ address: restored.address, token: restored.token }));
    expect(await client.needsReencryption(await seal())).toBe(true);
  });

  it("is not compared for what other keyrings wrapped, and Vault's failure is an error", async () => {
    const client = clientOf();
    const both = multiKeyring({ generator: keyringOf(), children: [aes()] });
    expect(await client.needsReencryption(await seal(both))).toBe(true);
    expect(await client.needsReencryption(await seal(aes()))).toBe(true);
    expect(await clientOf(both).needsReencryption(await seal(both))).toBe(false);
    const ciphertext = await seal();
    vault.denied.add("keys");
    const error = await failure(client.needsReencryption(ciphertext), "ERR_KEYRING");
    expect((error.cause as Error).message).toMatch(/403/);
    const odd = clientOf(keyringOf({ address: await stranger(200, '{"data":{"latest_version":"1"}}') }));
    await failure(odd.needsReencryption(ciphertext), "ERR_KEYRING");
  });
});

it("a cache asks Vault once for many messages", async () => {
  const materialsManager = cachingMaterialsManager({ keyring: keyringOf(), reusePeriodSeconds: 300 });
  const client = createEncryptionClient({ materialsManager });
  const messages = await Promise.all(Array.from({ length: 20 }, () => client.encrypt(PLAINTEXT)));
  for (const { ciphertext } of messages) {
    expect((await client.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  }
  expect(vault.requests).toEqual(["POST encrypt", "POST decrypt"]);
});

describe("an aborted call ends with the signal's reason", () => {
  it.each(["encrypt", "decrypt", "needsReencryption"] as const)("%s", async (operation) => {
    const ciphertext = await seal();
    const client = clientOf(keyringOf({ address: await stranger(null) }));
    const controller = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 20);
    const input = operation === "encrypt" ? PLAINTEXT : ciphertext;
    expect(await outcome(client[operation](input, { signal: controller.signal }))).toBe(reason);
  });

  it("at the keyring itself, with nothing noted", async () => {
    const [edk] = await keyringOf().wrap!(random(32), requestOf());
    const reason = new Error("enough");
    const request = { ...requestOf(), signal: AbortSignal.abort(reason) };
    const keyring = keyringOf();
    expect(await outcome(() => keyring.unwrap!([edk!], { ...request, note: noNote }))).toBe(reason);
    expect(await outcome(() => keyring.wrap!(random(32), request))).toBe(reason);
  });
});

describe("a reply of the wrong shape", () => {
  it.each([
    ["no JSON", 200, "<html>"],
    ["nothing", 200, ""],
    ["null", 200, "null"],
    ["no data", 200, "{}"],
    ["null for data", 200, '{"data":null}'],
    ["a number", 200, '{"data":{"ciphertext":1,"plaintext":1}}'],
    ["no text of Vault's", 200, '{"data":{"ciphertext":"AAAA","plaintext":""}}'],
    ["an empty ciphertext", 200, '{"data":{"ciphertext":"vault:v1:","plaintext":"AAAA"}}'],
    ["a short data key", 200, `{"data":{"ciphertext":"vault:","plaintext":"${"A".repeat(40)}"}}`],
    ["a failure without words", 500, ""],
  ])("%s", async (_, status, body) => {
    const ciphertext = await seal();
    const keyring = keyringOf({ address: await stranger(status, body) });
    expect(await reasonsOf(ciphertext, keyring)).toMatchObject([
      { status: "failed", reason: expect.stringMatching(/^Vault answered /) },
    ]);
    await failure(clientOf(keyring).encrypt(PLAINTEXT), "ERR_KEYRING");
  });
});

it("a redirect is not followed: the token goes nowhere else", async () => {
  const ciphertext = await seal();
  vault.requests.length = 0;
  const keyring = keyringOf({ address: await stranger(307) });
  expect(await reasonsOf(ciphertext, keyring)).toMatchObject([{ reason: "Vault could not be asked." }]);
  await failure(clientOf(keyring).encrypt(PLAINTEXT), "ERR_KEYRING");
  expect(vault.requests).toEqual([]);
});

describe("an error holds no secret", () => {
  it.each([200, 400, 500])("though the server quotes what it was sent, with %d", async (status) => {
    const secrets: string[] = [];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      const { plaintext, ciphertext } = JSON.parse(String(init!.body)) as Record<string, string>;
      const token = new Headers(init!.headers).get("x-vault-token")!;
      // The ciphertext without its prefix, which is no secret.
      secrets.push(token, plaintext ?? ciphertext!.slice(9));
      return new Response(`${secrets.at(-1)} ${token} ${init!.body}`, { status });
    };
    const ciphertext = await seal();
    const client = clientOf(keyringOf({ fetch }));
    const errors = await Promise.all([
      failure(client.encrypt(PLAINTEXT), "ERR_KEYRING"),
      failure(client.decrypt(ciphertext), "ERR_NO_DATA_KEY"),
    ]);
    expect(secrets).toHaveLength(4);
    for (const secret of secrets) {
      // The beginning is enough: errors of JSON.parse show that much of what they could not read.
      for (const error of errors) expect(textOf(error)).not.toContain(secret.slice(0, 10));
    }
  });

  it.each(["hvs.secret\n", "hvs.se cret", "", "hvs.sécret", "hvs.secret\r\nx: y"])(
    "nor the token %j",
    async (token) => {
      const misuse = await outcome(() => keyringOf({ token }));
      expect(misuse).toBeInstanceOf(TypeError);
      const error = await failure(
        clientOf(keyringOf({ token: () => token })).encrypt(PLAINTEXT),
        "ERR_KEYRING",
      );
      for (const shown of [misuse, error]) expect(textOf(shown)).not.toMatch(/secret|cret/);
      expect(vault.requests).toEqual([]);
    },
  );
});
