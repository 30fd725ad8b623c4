import { describe, expect, it } from "vitest";
import {
  cachingMaterialsManager,
  createEncryptionClient,
  inspectMessage,
  type MaterialsManager,
  requiredContextMaterialsManager,
} from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { gatedKeyring } from "../support/gated.ts";
import { aes, watched } from "../support/keyrings.ts";
import { settled } from "../support/virtual.ts";

const TEXT = utf8("text");
const client = (materialsManager: MaterialsManager) => createEncryptionClient({ materialsManager });
const call = (encryptionContext: Record<string, string>) => ({ encryptionContext });

describe("each caller's expected context is its own", () => {
  const PAIRS = { tenant: "t1", region: "eu" };

  it("a joiner with a right one is not hurt by a leader with a wrong one, nor a right leader by wrong joiners", async () => {
    const keyring = gatedKeyring();
    const caching = client(cachingMaterialsManager({ keyring }));
    const sealing = caching.encrypt(TEXT, call(PAIRS));
    await settled();
    keyring.pending[0]!.answer();
    const { ciphertext } = await sealing;
    const wrong = [{ tenant: "t2" }, { nobody: "x" }];
    const right = [{ tenant: "t1" }, {}, PAIRS, { region: "eu" }];
    const refused = wrong.map((pairs) => outcome(caching.decrypt(ciphertext, call(pairs))));
    const opened = right.map((pairs) => caching.decrypt(ciphertext, call(pairs)));
    refused.push(...wrong.map((pairs) => outcome(caching.decrypt(ciphertext, call(pairs)))));
    await settled();
    expect(keyring.calls.unwrap).toBe(1);
    keyring.pending[0]!.answer();
    for (const { plaintext } of await Promise.all(opened)) expect(plaintext).toEqual(TEXT);
    for (const error of await Promise.all(refused)) {
      expect(error).toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT" });
    }
  });

  it("a wrong one is refused on a hit, and before a key is asked for on a miss", async () => {
    const keyring = watched(aes());
    const caching = client(cachingMaterialsManager({ keyring }));
    const { ciphertext } = await caching.encrypt(TEXT, call(PAIRS));
    const refuses = async () => {
      const error = await failure(
        caching.decrypt(ciphertext, call({ tenant: "t2" })),
        "ERR_ENCRYPTION_CONTEXT",
      );
      expect(error).toMatchObject({ key: "tenant" });
    };
    await refuses();
    expect(keyring.calls).toEqual(["wrap"]);
    await caching.decrypt(ciphertext, call(PAIRS));
    await refuses();
    expect(keyring.calls).toEqual(["wrap", "unwrap"]);
  });
});

describe.each(["inside", "outside"])("a required-context manager %s the cache", (where) => {
  function setUp() {
    const keyring = watched(aes());
    const requiredKeys = ["tenant"];
    const manager =
      where === "inside"
        ? cachingMaterialsManager({
            materialsManager: requiredContextMaterialsManager({ keyring, requiredKeys }),
          })
        : requiredContextMaterialsManager({
            materialsManager: cachingMaterialsManager({ keyring }),
            requiredKeys,
          });
    return { keyring, caching: client(manager) };
  }

  it("leaves the pair out, demands it again, and asks the keyring once for each direction", async () => {
    const { keyring, caching } = setUp();
    for (let i = 0; i < 3; i++) {
      const { ciphertext } = await caching.encrypt(TEXT, call({ tenant: "t1", open: "yes" }));
      expect(inspectMessage(ciphertext).encryptionContext).toEqual({ open: "yes" });
      const opened = await caching.decrypt(ciphertext, call({ tenant: "t1" }));
      expect(opened.plaintext).toEqual(TEXT);
      expect(opened.encryptionContext).toEqual({ tenant: "t1", open: "yes" });
    }
    expect(keyring.calls).toEqual(["wrap", "unwrap"]);
  });

  it("refuses hits that do not name the pair, or name another value", async () => {
    const { caching } = setUp();
    const { ciphertext } = await caching.encrypt(TEXT, call({ tenant: "t1" }));
    await caching.decrypt(ciphertext, call({ tenant: "t1" }));
    await failure(caching.encrypt(TEXT, call({})), "ERR_ENCRYPTION_CONTEXT");
    await failure(caching.decrypt(ciphertext), "ERR_ENCRYPTION_CONTEXT");
    await failure(caching.decrypt(ciphertext, call({ tenant: "t2" })), "ERR_NO_DATA_KEY");
    await caching.decrypt(ciphertext, call({ tenant: "t1" }));
  });

  it("gives another value of the pair a data key of its own", async () => {
    const { keyring, caching } = setUp();
    for (const tenant of ["t1", "t2", "t1", "t2"]) {
      const { ciphertext } = await caching.encrypt(TEXT, call({ tenant }));
      await caching.decrypt(ciphertext, call({ tenant }));
    }
    expect(keyring.calls).toEqual(["wrap", "unwrap", "wrap", "unwrap"]);
  });
});

it("managers with other demands may share a cache: neither is served what the other asked for", async () => {
  const keyring = watched(aes());
  const shared = cachingMaterialsManager({ keyring });
  const demanding = client(
    requiredContextMaterialsManager({ materialsManager: shared, requiredKeys: ["tenant"] }),
  );
  const lax = client(shared);
  const pairs = call({ tenant: "t1" });
  const hidden = await demanding.encrypt(TEXT, pairs);
  const open = await lax.encrypt(TEXT, pairs);
  expect(inspectMessage(hidden.ciphertext).encryptionContext).toEqual({});
  expect(inspectMessage(open.ciphertext).encryptionContext).toEqual({ tenant: "t1" });
  for (const { ciphertext } of [hidden, open]) await demanding.decrypt(ciphertext, pairs);
  await failure(lax.decrypt(hidden.ciphertext), "ERR_NO_DATA_KEY");
  expect(keyring.calls.filter((name) => name === "wrap").length).toBe(2);
});
