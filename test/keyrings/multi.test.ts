import { describe, expect, it } from "vitest";
import {
  createEncryptionClient,
  isKeyfoldError,
  type Keyring,
  multiKeyring,
  rawRsaKeyring,
  type UnwrapReason,
} from "../../src/index.ts";
import { random, utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { aes, clear, MESSAGE_SUITES, watched } from "../support/keyrings.ts";
import { rsaPair } from "../support/rsa.ts";

const PLAINTEXT = utf8("the plaintext");
const { publicForms, privateForms } = rsaPair();
const rsa = (keys: object) =>
  rawRsaKeyring({ namespace: "rsa", name: "backup", padding: "oaep-sha256", ...keys });
const client = (keyring: Keyring, more = {}) => createEncryptionClient({ keyring, ...more });
const providers = (edks: readonly { providerId: string }[]) => edks.map((edk) => edk.providerId);

async function reasonsOf(keyring: Keyring, ciphertext: Uint8Array): Promise<readonly UnwrapReason[]> {
  const error = await failure(client(keyring).decrypt(ciphertext), "ERR_NO_DATA_KEY");
  return isKeyfoldError(error, "ERR_NO_DATA_KEY") ? error.reasons : [];
}

describe("writing", () => {
  it("the generator makes the key, children wrap the same one, in order", async () => {
    const [a, b, c] = [watched(clear("a")), watched(clear("b")), watched(clear("c"))];
    const keyring = multiKeyring({ generator: b, children: [c, a] });
    const { message } = await client(keyring).encrypt(PLAINTEXT);
    expect(providers(message.encryptedDataKeys)).toEqual(["b", "c", "a"]);
    const [first, ...others] = message.encryptedDataKeys.map(({ ciphertext }) => ciphertext);
    for (const other of others) expect(other).toEqual(first);
    expect([a.calls, b.calls, c.calls]).toEqual([["wrap"], ["wrap"], ["wrap"]]);
  });

  it("without a generator the first child that can write makes the key", async () => {
    const reader: Keyring = { name: "reader", unwrap: () => null };
    const { message } = await client(multiKeyring({ children: [reader, clear("x"), clear("y")] })).encrypt(
      PLAINTEXT,
    );
    expect(providers(message.encryptedDataKeys)).toEqual(["x", "y"]);
  });

  it("takes the key of a generator that makes its own", async () => {
    const dataKey = random(32);
    const generator = clear("vault", {
      generate: () => ({
        dataKey: new Uint8Array(dataKey),
        encryptedDataKeys: [{ providerId: "vault", providerInfo: new Uint8Array(0), ciphertext: dataKey }],
      }),
    });
    const { message } = await client(multiKeyring({ generator, children: [clear("b")] })).encrypt(PLAINTEXT);
    expect(message.encryptedDataKeys.map(({ ciphertext }) => ciphertext)).toEqual([dataKey, dataKey]);
  });

  it("keeps the data key although a generator hands over a Buffer and RSA wraps it", async () => {
    const generator = clear("vault", {
      generate: () => {
        const dataKey = Buffer.from(random(32));
        const edk = {
          providerId: "vault",
          providerInfo: new Uint8Array(0),
          ciphertext: new Uint8Array(dataKey),
        };
        return { dataKey, encryptedDataKeys: [edk] };
      },
    });
    const keyring = multiKeyring({ generator, children: [rsa({ publicKey: publicForms.JWK })] });
    const { ciphertext } = await client(keyring).encrypt(PLAINTEXT);
    expect((await client(rsa({ privateKey: privateForms.JWK })).decrypt(ciphertext)).plaintext).toEqual(
      PLAINTEXT,
    );
    expect((await client(clear("vault")).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it.each(["generator", "child"] as const)(
    "a %s that fails is fatal, and the data key is wiped",
    async (which) => {
      const boom = new Error("the vault is sealed");
      const bad = clear("bad", {
        wrap: () => {
          throw boom;
        },
      });
      const good = watched(clear("good"));
      const last = watched(clear("last"));
      const keyring =
        which === "generator"
          ? multiKeyring({ generator: bad, children: [good, last] })
          : multiKeyring({ generator: good, children: [bad, last] });
      const error = await failure(client(keyring).encrypt(PLAINTEXT), "ERR_KEYRING");
      expect(error.cause).toBe(boom);
      expect(good.calls).toEqual(which === "generator" ? [] : ["wrap"]);
      expect(last.calls).toEqual([]);
      for (const dataKey of good.dataKeys) expect(dataKey).toEqual(new Uint8Array(32));
    },
  );

  it("a child that can only make keys of its own is refused as misuse", async () => {
    const { wrap: _, ...maker } = clear("maker", {
      generate: () => ({ dataKey: random(32), encryptedDataKeys: [] }),
    });
    const error = await failure(
      client(multiKeyring({ generator: clear("a"), children: [maker] })).encrypt(PLAINTEXT),
      "ERR_INVALID_ARGUMENT",
    );
    expect(error.message).toMatch(/maker can make data keys but not wrap given ones/);
  });

  it("of readers alone is refused", async () => {
    const keyring = multiKeyring({ children: [rsa({ privateKey: privateForms.JWK })] });
    const error = await failure(client(keyring).encrypt(PLAINTEXT), "ERR_INVALID_ARGUMENT");
    expect(error.message).toMatch(/only reads/);
  });
});

describe("reading", () => {
  const members = {
    a: aes("a"),
    b: aes("b", random(16)),
    r: rsa({ publicKey: publicForms.JWK, privateKey: privateForms.JWK }),
  };

  it.each(MESSAGE_SUITES)("each member alone opens $name", async ({ suite, commitmentPolicy }) => {
    const more = { suite, commitmentPolicy };
    const all = client(multiKeyring({ generator: members.r, children: [members.a, members.b] }), more);
    const { ciphertext } = await all.encrypt(PLAINTEXT, { encryptionContext: { x: "y" } });
    for (const [index, keyring] of [members.r, members.a, members.b].entries()) {
      const opened = await client(keyring, more).decrypt(ciphertext);
      expect(opened.plaintext).toEqual(PLAINTEXT);
      expect(opened.opened).toEqual(opened.message.encryptedDataKeys[index]);
    }
    expect((await all.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("asks in order, the generator first, and stops at the first that opens", async () => {
    const [a, b, c] = [watched(clear("a")), watched(clear("b")), watched(clear("c"))];
    const { ciphertext } = await client(multiKeyring({ children: [clear("b"), clear("c")] })).encrypt(
      PLAINTEXT,
    );
    const { opened } = await client(multiKeyring({ generator: a, children: [b, c] })).decrypt(ciphertext);
    expect(opened.providerId).toBe("b");
    expect([a.calls, b.calls, c.calls]).toEqual([["unwrap"], ["unwrap"], []]);
  });

  it("goes on behind a keyring whose key failed", async () => {
    const { ciphertext } = await client(multiKeyring({ children: [aes("a"), aes("b")] })).encrypt(PLAINTEXT);
    const wrongKey = aes("a", random(32));
    expect(
      (await client(multiKeyring({ children: [wrongKey, aes("b")] })).decrypt(ciphertext)).plaintext,
    ).toEqual(PLAINTEXT);
  });

  it("says of every data key why every keyring did not open it", async () => {
    const { ciphertext } = await client(multiKeyring({ children: [aes("a"), clear("c")] })).encrypt(
      PLAINTEXT,
    );
    const cause = new Error("down");
    const noting: Keyring = {
      name: "noting",
      unwrap(edks, { note }) {
        note(edks[1]!, "failed", "the vault is down", cause);
        return null;
      },
    };
    const inner = multiKeyring({ children: [aes("z"), noting] });
    const sealer = rsa({ publicKey: publicForms.JWK });
    const reasons = await reasonsOf(
      multiKeyring({ generator: sealer, children: [aes("a", random(32)), inner] }),
      ciphertext,
    );
    expect(
      reasons.map(({ keyring, index, providerId, status }) => [keyring, index, providerId, status]),
    ).toEqual([
      ["raw RSA rsa/backup", 0, "test", "skipped"],
      ["raw RSA rsa/backup", 1, "c", "skipped"],
      ["raw AES test/a", 0, "test", "failed"],
      ["raw AES test/a", 1, "c", "skipped"],
      ["raw AES test/z", 0, "test", "skipped"],
      ["raw AES test/z", 1, "c", "skipped"],
      ["noting", 1, "c", "failed"],
    ]);
    const error = await failure(client(inner).decrypt(ciphertext), "ERR_NO_DATA_KEY");
    expect(error.cause).toBe(cause);
    expect(error.message).toContain("data key 2, keyring noting: failed: the vault is down");
  });

  it("stops when a keyring throws the reason of an abort", async () => {
    const { ciphertext } = await client(clear("c")).encrypt(PLAINTEXT);
    const controller = new AbortController();
    const reason = new Error("enough");
    const aborting: Keyring = {
      name: "aborting",
      unwrap() {
        controller.abort(reason);
        throw new Error("cancelled");
      },
    };
    const after = watched(clear("c"));
    const keyring = multiKeyring({ children: [aborting, after] });
    expect(await outcome(client(keyring).decrypt(ciphertext, { signal: controller.signal }))).toBe(reason);
    expect(after.calls).toEqual([]);
  });
});

describe("options", () => {
  it.each<[string, object]>([
    ["nothing", {}],
    ["no children", { children: [] }],
    ["a child that is none", { children: [aes(), null] }],
    ["a child without a name", { children: [{ unwrap: () => null }] }],
    ["a generator that is none", { generator: "aes", children: [aes()] }],
    ["a generator that only reads", { generator: rsa({ privateKey: privateForms.JWK }), children: [aes()] }],
  ])("are refused: %s", async (_, options) => {
    const { message } = await failure(() => multiKeyring(options), "ERR_INVALID_ARGUMENT");
    expect(message).toMatch(/^multiKeyring: /);
  });

  it("are copied", async () => {
    const children = [clear("a")];
    const keyring = multiKeyring({ children });
    children.push(clear("b"));
    const { message } = await client(keyring).encrypt(PLAINTEXT);
    expect(providers(message.encryptedDataKeys)).toEqual(["a"]);
  });

  it("nest", async () => {
    const inner = multiKeyring({ generator: clear("a"), children: [clear("b")] });
    const { ciphertext, message } = await client(
      multiKeyring({ generator: inner, children: [clear("c"), inner] }),
    ).encrypt(PLAINTEXT);
    expect(providers(message.encryptedDataKeys)).toEqual(["a", "b", "c", "a", "b"]);
    expect((await client(clear("c")).decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });
});
