import { describe, expect, it } from "vitest";
import { copy } from "../../src/bytes/arrays.ts";
import {
  cachingMaterialsManager,
  createEncryptionClient,
  type EncryptedDataKey,
  type MaterialsManager,
  multiKeyring,
} from "../../src/index.ts";
import { defaultMaterialsManager } from "../../src/materials/default.ts";
import { random, utf8 } from "../support/bytes.ts";
import { collectGarbage } from "../support/garbage.ts";
import { aes, clear, watched } from "../support/keyrings.ts";

const TEXT = utf8("text");
const CONTEXT = { encryptionContext: { tenant: "t1" } };

/** Does what it can to spoil an answer. */
function spoil(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0xee);
  else if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) {
      spoil(Reflect.get(value, key));
      Reflect.set(value, key, "spoilt");
    }
    Reflect.set(value, "more", "spoilt");
  }
}

const copyOf = (edks: readonly EncryptedDataKey[]) => structuredClone(edks);

/** A manager that answers a context of its own, which nobody froze. */
function adding(): MaterialsManager {
  const inner = defaultMaterialsManager(aes());
  const more = <T extends { readonly encryptionContext: object }>(request: T) => ({
    ...request,
    encryptionContext: { ...request.encryptionContext, added: "yes" },
  });
  return { ...inner, encryptionMaterials: (request) => inner.encryptionMaterials(more(request)) };
}

describe("a caller who spoils what it was given", () => {
  it.each([
    ["a keyring", () => cachingMaterialsManager({ keyring: aes() })],
    ["another manager", () => cachingMaterialsManager({ materialsManager: adding() })],
  ])("spoils no other caller's messages and facts (%s)", async (_, make) => {
    const materialsManager = make();
    const client = createEncryptionClient({ materialsManager });
    const fresh = createEncryptionClient({ keyring: aes() });
    const first = await client.encrypt(TEXT, CONTEXT);
    const expected = {
      context: { ...first.message.encryptionContext },
      edks: copyOf(first.message.encryptedDataKeys),
      keys: first.message.wrappingKeys,
    };
    const kept = copy(first.ciphertext);
    spoil(first.message.encryptedDataKeys);
    spoil(first.message.encryptionContext);
    spoil(first.ciphertext);
    const second = await client.encrypt(TEXT, CONTEXT);
    expect(second.message.encryptionContext).toEqual(expected.context);
    expect(second.message.encryptedDataKeys).toEqual(expected.edks);
    expect(second.message.wrappingKeys).toEqual(expected.keys);
    for (let i = 0; i < 3; i++) {
      const mine = copy(kept);
      const opened = await client.decrypt(mine);
      expect(opened.opened).toEqual(expected.edks[0]);
      expect(opened.encryptionContext).toEqual(expected.context);
      expect(opened.message.encryptedDataKeys).toEqual(expected.edks);
      for (const part of [opened.opened, opened.encryptionContext, opened.message.encryptedDataKeys]) {
        spoil(part);
      }
      spoil(mine);
    }
    expect((await fresh.decrypt(second.ciphertext)).plaintext).toEqual(TEXT);
    expect((await fresh.decrypt(kept)).plaintext).toEqual(TEXT);
  });

  it("spoils no other caller's `opened`, whichever object the keyring answers", async () => {
    const inner = clear();
    const keyring = clear("clear", {
      unwrap: async (edks, request) => {
        const unwrapped = await inner.unwrap!(edks, request);
        return unwrapped && { ...unwrapped, opened: structuredClone(unwrapped.opened) };
      },
    });
    const client = createEncryptionClient({ materialsManager: cachingMaterialsManager({ keyring }) });
    const { ciphertext, message } = await client.encrypt(TEXT);
    const [edk] = copyOf(message.encryptedDataKeys);
    for (let i = 0; i < 3; i++) {
      const { opened } = await client.decrypt(ciphertext);
      expect(opened).toEqual(edk);
      spoil(opened);
    }
  });

  it("spoils no data key by changing the context that it passed", async () => {
    const keyring = watched(aes());
    const client = createEncryptionClient({ materialsManager: cachingMaterialsManager({ keyring }) });
    const encryptionContext = { tenant: "t1" };
    const sealing = client.encrypt(TEXT, { encryptionContext });
    Object.assign(encryptionContext, { tenant: "t2" });
    await sealing;
    await client.encrypt(TEXT, { encryptionContext });
    await client.encrypt(TEXT, CONTEXT);
    expect(keyring.calls).toEqual(["wrap", "wrap"]);
  });
});

it("`opened` is one of the message's own encrypted data keys, on hits too", async () => {
  const keyring = multiKeyring({ children: [aes("a"), aes("b")] });
  const sealed = await createEncryptionClient({ keyring }).encrypt(TEXT);
  const materialsManager = cachingMaterialsManager({ keyring: aes("b") });
  const client = createEncryptionClient({ materialsManager });
  for (let i = 0; i < 3; i++) {
    const { opened, message } = await client.decrypt(copy(sealed.ciphertext));
    expect(message.encryptedDataKeys.indexOf(opened)).toBe(1);
  }
});

it("an opened data key does not keep the message in memory by which it came", async () => {
  const materialsManager = cachingMaterialsManager({ keyring: aes() });
  const client = createEncryptionClient({ materialsManager });
  const { ciphertext } = await client.encrypt(random(100_000));
  const open = async () => {
    const mine = copy(ciphertext);
    await client.decrypt(mine);
    return new WeakRef(mine.buffer);
  };
  const message = await open();
  for (let i = 0; i < 20 && message.deref() !== undefined; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collectGarbage();
  }
  expect(materialsManager.stats().decrypt.entries).toBe(1);
  expect(message.deref()).toBe(undefined);
});
