import { describe, expect, it } from "vitest";
import {
  cachingMaterialsManager,
  inspectObject,
  type KeyfoldEvent,
  type Keyring,
  openObject,
  requiredContextMaterialsManager,
  sealObject,
} from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { aesObjectKey, readObject, writeObject } from "../support/independent-object.ts";
import { aes, clear, KEY, watched } from "../support/keyrings.ts";
import { check, someContext } from "../support/property.ts";

const RESERVED = "aws:x-amz-cek-alg";
const PAIRS = { tenant: "t1", É: "ü" };

/** Wraps as KMS would, in the clear; `watched` tells whether it was asked. */
function kms(): ReturnType<typeof watched> {
  const wrap: Keyring["wrap"] = (dataKey, { encryptionContext }) => {
    contexts.push(encryptionContext);
    const ciphertext = new Uint8Array(dataKey);
    return [{ providerId: "S3Keyring", providerInfo: utf8("kms+context"), ciphertext }];
  };
  return watched(clear("S3Keyring", { objectWrap: "kms+context", wrap }));
}
const contexts: Readonly<Record<string, string>>[] = [];

/** An object under `kms+context` by another writer. */
const written = (stored?: Record<string, string>) =>
  writeObject(utf8("x"), { code: "12", wrap: (dataKey) => dataKey, unwrap: (edk) => edk }, stored);

describe("under kms+context", () => {
  it("the keyring gets the caller's pairs and the content algorithm, and both are stored", async () => {
    const { metadata, body } = await sealObject(utf8("x"), { keyring: kms(), encryptionContext: PAIRS });
    expect(contexts.at(-1)).toEqual({ ...PAIRS, [RESERVED]: "115" });
    expect(metadata["x-amz-t"]).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(metadata["x-amz-t"]!)).toEqual({ ...PAIRS, [RESERVED]: "115" });
    expect(metadata).not.toHaveProperty("x-amz-m");
    expect(inspectObject(metadata)).toMatchObject({ wrap: "kms+context", encryptionContext: PAIRS });
    const opened = await openObject({ metadata, body }, { keyring: kms(), encryptionContext: PAIRS });
    expect(opened).toEqual({ plaintext: utf8("x"), encryptionContext: PAIRS });
    expect(readObject(metadata, body, { code: "12", wrap: (k) => k, unwrap: (k) => k })).toEqual(utf8("x"));
  });

  it.each<[string, Record<string, string> | undefined]>([
    ["none", undefined],
    ["a subset", { tenant: "t1" }],
    ["a superset", { ...PAIRS, more: "" }],
    ["another value", { ...PAIRS, tenant: "t2" }],
    ["another key", { Tenant: "t1", É: "ü" }],
    ["as many others", { a: "1", b: "2" }],
  ])("%s is not exactly the writer's: refused before the keyring is asked", async (_, encryptionContext) => {
    const object = await sealObject(utf8("x"), { keyring: kms(), encryptionContext: PAIRS });
    const keyring = kms();
    const options = { keyring, ...(encryptionContext && { encryptionContext }) };
    await failure(openObject(object, options), "ERR_ENCRYPTION_CONTEXT");
    expect(keyring.calls).toEqual([]);
  });

  it("none written is read with none", async () => {
    const object = await sealObject(utf8("x"), { keyring: kms() });
    expect((await openObject(object, { keyring: kms() })).encryptionContext).toEqual({});
    await failure(
      openObject(object, { keyring: kms(), encryptionContext: { a: "b" } }),
      "ERR_ENCRYPTION_CONTEXT",
    );
  });

  it("the key id that older writers stored among the pairs is not the caller's to name", async () => {
    const object = written({ ...PAIRS, [RESERVED]: "115", kms_cmk_id: "arn" });
    const opened = await openObject(object, { keyring: kms(), encryptionContext: PAIRS });
    expect(opened.encryptionContext).toEqual(PAIRS);
  });

  it.each<[string, Record<string, string> | undefined]>([
    ["missing with all pairs", undefined],
    ["missing", PAIRS],
    ["of another algorithm", { ...PAIRS, [RESERVED]: "AES/GCM/NoPadding" }],
    ["of a suite that is like it", { ...PAIRS, [RESERVED]: "116" }],
    ["inherited", JSON.parse(`{"__proto__": "x", "tenant": "t1"}`)],
  ])("the reserved pair %s is refused before the keyring is asked", async (_, stored) => {
    const keyring = kms();
    const error = await failure(
      openObject(written(stored), { keyring, encryptionContext: PAIRS }),
      "ERR_ENCRYPTION_CONTEXT",
    );
    expect(error.message).toMatch(/content algorithm/);
    expect(keyring.calls).toEqual([]);
  });

  it("the reserved pair is not the caller's to write or to name", async () => {
    const keyring = kms();
    const encryptionContext = { [RESERVED]: "115" };
    const error = await failure(
      sealObject(utf8("x"), { keyring, encryptionContext }),
      "ERR_ENCRYPTION_CONTEXT",
    );
    expect(error).toMatchObject({ key: RESERVED });
    expect(keyring.calls).toEqual([]);
    const object = await sealObject(utf8("x"), { keyring });
    await failure(openObject(object, { keyring, encryptionContext }), "ERR_ENCRYPTION_CONTEXT");
  });

  it("any pairs come back", () =>
    check(
      someContext().filter((pairs) => !("kms_cmk_id" in pairs) && !(RESERVED in pairs)),
      async (encryptionContext) => {
        const object = await sealObject(utf8(""), { keyring: kms(), encryptionContext });
        const opened = await openObject(object, { keyring: kms(), encryptionContext });
        expect(Object.entries(opened.encryptionContext).sort()).toEqual(
          Object.entries(encryptionContext).sort(),
        );
      },
      50,
    ));
});

describe("under a raw key", () => {
  it("naming pairs is refused, both ways, before the keyring is asked", async () => {
    const keyring = { ...watched(aes()), objectWrap: "AES/GCM" as const };
    for (const act of [
      sealObject(utf8("x"), { keyring, encryptionContext: PAIRS }),
      openObject(writeObject(utf8("x"), aesObjectKey(KEY)), { keyring, encryptionContext: PAIRS }),
    ]) {
      const error = await failure(act, "ERR_ENCRYPTION_CONTEXT");
      expect(error).toMatchObject({ key: "tenant" });
      expect(error.message).toMatch(/raw key bind no encryption context/);
    }
    expect(keyring.calls).toEqual([]);
  });

  it("a context in its metadata binds nothing, and is not shown", async () => {
    const { metadata, body } = writeObject(utf8("x"), aesObjectKey(KEY));
    const altered = { ...metadata, "x-amz-t": JSON.stringify(PAIRS) };
    expect(inspectObject(altered).encryptionContext).toEqual({});
    const opened = await openObject({ metadata: altered, body }, { keyring: aes() });
    expect(opened.encryptionContext).toEqual({});
  });
});

describe("options", () => {
  const object = writeObject(utf8("x"), aesObjectKey(KEY));
  const both = [
    (options: unknown) => sealObject(utf8("x"), options as { keyring: Keyring }),
    (options: unknown) => openObject(object, options as { keyring: Keyring }),
  ];
  it.each<[RegExp, unknown]>([
    [/options object/, undefined],
    [/options object/, null],
    [/either keyring or materialsManager/, {}],
    [/keyring/, { keyring: null }],
    [/keyring/, { keyring: "aes" }],
    [/materialsManager/, { materialsManager: {} }],
    [/commitmentPolicy/, { keyring: aes(), commitmentPolicy: "none" }],
    [/observer/, { keyring: aes(), observer: {} }],
    [/signal/, { keyring: aes(), signal: {} }],
    [/signal/, { keyring: aes(), signal: null }],
  ])("%s", async (named, options) => {
    for (const act of both)
      expect((await failure(act(options), "ERR_INVALID_ARGUMENT")).message).toMatch(named);
  });

  it("bytes are due", async () => {
    for (const value of [
      "text",
      undefined,
      null,
      5,
      [1, 2],
      new ArrayBuffer(4),
      new DataView(new ArrayBuffer(4)),
    ]) {
      await failure(sealObject(value as never, { keyring: aes() }), "ERR_INVALID_ARGUMENT");
    }
    for (const value of [undefined, null, {}]) {
      await failure(openObject(value as never, { keyring: aes() }), "ERR_INVALID_ARGUMENT");
    }
  });

  it("a policy that forbids commitment writes format V2, and reads all", async () => {
    const keyring = kms();
    const commitmentPolicy = "forbid-encrypt-allow-decrypt";
    const sealed = await sealObject(utf8("x"), { keyring, commitmentPolicy });
    expect(inspectObject(sealed.metadata)).toMatchObject({ format: "V2", suite: { id: 0x0072 } });
    const opened = await openObject(object, { keyring: aes(), commitmentPolicy });
    expect(opened.plaintext).toEqual(utf8("x"));
  });

  it("a manager that reuses data keys writes V3 alone, which derives a key for each object", async () => {
    const keyring = { ...watched(aes()), objectWrap: "AES/GCM" as const };
    const materialsManager = cachingMaterialsManager({ keyring, reusePeriodSeconds: 60 });
    const commitmentPolicy = "forbid-encrypt-allow-decrypt";
    const error = await failure(
      sealObject(utf8("x"), { materialsManager, commitmentPolicy }),
      "ERR_INVALID_ARGUMENT",
    );
    expect(error.message).toMatch(/no data key may be reused/);
    expect(keyring.calls).toEqual([]);
    const sealed = await Promise.all([1, 2].map(() => sealObject(utf8("x"), { materialsManager })));
    expect(sealed[0]!.metadata["x-amz-3"]).toBe(sealed[1]!.metadata["x-amz-3"]);
    expect(sealed[0]!.metadata["x-amz-i"]).not.toBe(sealed[1]!.metadata["x-amz-i"]);
    materialsManager.dispose();
  });

  it("a manager that requires context cannot write objects, where all pairs are stored", async () => {
    const materialsManager = requiredContextMaterialsManager({ keyring: kms(), requiredKeys: ["tenant"] });
    await failure(
      sealObject(utf8("x"), { materialsManager, encryptionContext: PAIRS }),
      "ERR_INVALID_ARGUMENT",
    );
  });

  it("an abort is answered with its own reason", async () => {
    const reason = new Error("no longer");
    const signal = AbortSignal.abort(reason);
    for (const act of both) expect(await outcome(act({ keyring: aes(), signal }))).toBe(reason);
  });

  it("the observer hears of each, in numbers alone", async () => {
    const events: KeyfoldEvent[] = [];
    const observer = (event: KeyfoldEvent) => {
      events.push(event);
      throw new Error("harmless");
    };
    const sealed = await sealObject(utf8("twelve bytes"), { keyring: aes(), observer });
    await openObject(sealed, { keyring: aes(), observer });
    const numbers = { format: "object", suiteId: 0x0073, plaintextBytes: 12, ciphertextBytes: 28 };
    expect(events).toEqual([
      { type: "encrypted", ...numbers },
      { type: "decrypted", ...numbers },
    ]);
  });
});
