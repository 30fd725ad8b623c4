import { describe, expect, it } from "vitest";
import { hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { createEncryptionClient, multiKeyring, openObject, sealObject } from "../../src/index.ts";
import { suiteById } from "../../src/suites/table.ts";
import { contexts } from "../peers/contexts.ts";
import { messageSuites, policyFor } from "../peers/suites.ts";
import { counting, flipped, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { unwrapUnderBranchKey, wrapUnderBranchKey } from "../support/independent-branch-key.ts";
import { aes, clear } from "../support/keyrings.ts";
import { memoryKeyStore, messageRequest, open, seal, TEXT, unwrapping } from "./branch-keys.ts";

const byLocale = (a: string, b: string): number => a.localeCompare(b);

function setUp(id = "tenant-1") {
  const keyStore = memoryKeyStore();
  const key = keyStore.rotate(id);
  return { keyStore, key, keyring: hierarchicalKeyring({ keyStore, branchKeyId: id }) };
}

describe("the wire layout", () => {
  const cases = messageSuites.flatMap(({ id }) =>
    Object.entries(contexts).map(([name, context]) => ({ id, name, context })),
  );

  it.each(cases)(
    "of suite $id with $name is what an independent implementation reads and writes",
    async (of) => {
      const { keyring, key } = setUp("branch key ü𝄞");
      const request = messageRequest(of.context, of.id);
      const dataKey = counting(request.keyLength, 1);
      const [edk, ...others] = await keyring.wrap!(dataKey, request);
      expect(others).toEqual([]);
      expect(edk).toMatchObject({ providerId: "aws-kms-hierarchy", providerInfo: utf8(key.id) });
      expect(edk!.ciphertext).toHaveLength(16 + 12 + 16 + request.keyLength + 16);
      expect(unwrapUnderBranchKey(key.key, edk!, of.context)).toEqual({ dataKey, version: key.version });

      const theirs = wrapUnderBranchKey(key, dataKey, of.context);
      expect(await unwrapping(keyring, [theirs], request)).toEqual({ dataKey, notes: [], causes: [] });
    },
  );

  it("has another salt and IV each time", async () => {
    const { keyring } = setUp();
    const wrap = async () => (await keyring.wrap!(counting(32, 1), messageRequest()))[0]!.ciphertext;
    const [a, b] = [await wrap(), await wrap()];
    expect(a.subarray(0, 16)).not.toEqual(b.subarray(0, 16));
    expect(a.subarray(16, 28)).not.toEqual(b.subarray(16, 28));
  });

  it("sorted by locale is read, and never written", async () => {
    const { keyring, key } = setUp();
    const context = contexts["mixed-case and non-ASCII keys"]!;
    const dataKey = counting(32, 1);
    const theirs = wrapUnderBranchKey(key, dataKey, context, byLocale);
    expect((await unwrapping(keyring, [theirs], messageRequest(context))).dataKey).toEqual(dataKey);
    const [ours] = await keyring.wrap!(dataKey, messageRequest(context));
    expect(() => unwrapUnderBranchKey(key.key, ours!, context, byLocale)).toThrow();
  });

  it("goes through whole messages, of every suite", async () => {
    const { keyring } = setUp();
    for (const { id: suite } of messageSuites) {
      const client = createEncryptionClient({ keyring, suite, commitmentPolicy: policyFor(suite) });
      const { ciphertext } = await client.encrypt(TEXT, { encryptionContext: { tenant: "t1" } });
      expect((await client.decrypt(ciphertext)).plaintext, String(suite)).toEqual(TEXT);
    }
  });
});

describe("what is not opened", () => {
  it("of another keyring is skipped, of another branch key too, by both names", async () => {
    const { keyring } = setUp();
    const [strange] = await aes().wrap!(counting(32, 1), messageRequest());
    const { keyring: other } = setUp("tenant-2");
    const [foreign] = await other.wrap!(counting(32, 1), messageRequest());
    const { keyring: binary } = setUp();
    const [unreadable] = await binary.wrap!(counting(32, 1), messageRequest());
    const edks = [strange!, foreign!, { ...unreadable!, providerInfo: Uint8Array.of(0xff) }];
    const { notes, dataKey } = await unwrapping(keyring, edks, messageRequest());
    expect(dataKey).toBeUndefined();
    expect(notes).toEqual([
      "skipped: not wrapped under a branch key",
      'skipped: wrapped under branch key "tenant-2", not "tenant-1"',
      'skipped: wrapped under branch key of another kind, not "tenant-1"',
    ]);
  });

  it.each([0, 1, 15, 16, 43, 44, 59, 60, 75, 91, 93, 200])(
    "with %i bytes is noted, and asks nobody",
    async (length) => {
      const { keyring, keyStore, key } = setUp();
      const edk = { ...wrapUnderBranchKey(key, counting(32, 1), {}), ciphertext: new Uint8Array(length) };
      const { notes } = await unwrapping(keyring, [edk], messageRequest());
      expect(notes).toEqual([`failed: it has ${length} bytes; 92 are needed`]);
      expect(keyStore.calls).toEqual([]);
    },
  );

  it("with any bit changed, or another context, is noted", async () => {
    const { keyring, key } = setUp();
    const edk = wrapUnderBranchKey(key, counting(32, 1), { tenant: "t1" });
    for (let bit = 0; bit < 8 * edk.ciphertext.length; bit += 7) {
      const altered = { ...edk, ciphertext: flipped(edk.ciphertext, bit) };
      const { dataKey, notes } = await unwrapping(keyring, [altered], messageRequest({ tenant: "t1" }));
      expect(dataKey, `bit ${bit}`).toBeUndefined();
      expect(notes[0]).toMatch(/^failed: (does not open|Branch key "tenant-1": it is not there)/);
    }
    const { notes } = await unwrapping(keyring, [edk], messageRequest({ tenant: "t2" }));
    expect(notes).toEqual(["failed: does not open: another context, or altered bytes"]);
  });

  it("under another version of the same key is noted: the version is bound", async () => {
    const { keyring, keyStore, key } = setUp();
    const next = keyStore.rotate(key.id);
    // The same bytes under both versions: then nothing but the AAD tells them apart.
    next.key.set(key.key);
    const edk = wrapUnderBranchKey(key, counting(32, 1), {});
    const moved = new Uint8Array(edk.ciphertext);
    moved.set(wrapUnderBranchKey(next, counting(32, 1), {}).ciphertext.subarray(28, 44), 28);
    const { notes } = await unwrapping(keyring, [{ ...edk, ciphertext: moved }], messageRequest());
    expect(notes).toEqual(["failed: does not open: another context, or altered bytes"]);
  });

  it("does not keep one that opens from being found", async () => {
    const { keyring, key } = setUp();
    const bad = { ...wrapUnderBranchKey(key, counting(32, 1), {}), ciphertext: new Uint8Array(92) };
    const good = wrapUnderBranchKey(key, counting(32, 9), {});
    const { dataKey, notes } = await unwrapping(keyring, [bad, good], messageRequest());
    expect(dataKey).toEqual(counting(32, 9));
    expect(notes).toHaveLength(1);
  });
});

describe("rotation", () => {
  it("keeps old messages readable, and tells which to write anew", async () => {
    const { keyring, keyStore } = setUp();
    const client = createEncryptionClient({ keyring });
    const before = await seal(keyring);
    expect(await client.needsReencryption(before)).toBe(false);
    keyStore.rotate("tenant-1");
    keyring.clear();
    const after = await seal(keyring);
    expect((await open(keyring, before)).plaintext).toEqual(TEXT);
    expect((await open(keyring, after)).plaintext).toEqual(TEXT);
    expect(await client.needsReencryption(before)).toBe(true);
    expect(await client.needsReencryption(after)).toBe(false);
    const { ciphertext } = await client.reencrypt(before);
    expect(await client.needsReencryption(ciphertext)).toBe(false);
  });

  it("asks for the version of a message alone", async () => {
    const { keyring, keyStore } = setUp();
    const before = await seal(keyring);
    keyStore.rotate("tenant-1");
    const reader = hierarchicalKeyring({ keyStore, branchKeyId: "tenant-1" });
    keyStore.calls.splice(0);
    await open(reader, before);
    expect(keyStore.calls).toEqual(["version", "unwrap"]);
  });

  it("is no matter of messages of another keyring, of two keys or of another branch key", async () => {
    const { keyring, keyStore } = setUp();
    const client = createEncryptionClient({ keyring });
    const { keyring: other } = setUp("tenant-2");
    const two = createEncryptionClient({
      keyring: multiKeyring({ generator: keyring, children: [clear()] }),
    });
    const strangers = [
      await seal(other),
      (await two.encrypt(TEXT)).ciphertext,
      (await createEncryptionClient({ keyring: clear() }).encrypt(TEXT)).ciphertext,
    ];
    keyStore.calls.splice(0);
    for (const ciphertext of strangers) expect(await client.needsReencryption(ciphertext)).toBe(true);
    expect(keyStore.calls).toEqual([]);
  });
});

describe("a branch key for each tenant", () => {
  const keyring = () =>
    hierarchicalKeyring({
      keyStore: memoryKeyStore("key-t1", "key-t2"),
      branchKeyIdFrom: ({ tenant }) => (tenant === undefined ? (undefined as never) : `key-${tenant}`),
    });

  it("is chosen by the context, in both directions", async () => {
    const ring = keyring();
    for (const tenant of ["t1", "t2"]) {
      const ciphertext = await seal(ring, { tenant });
      const { plaintext, message } = await open(ring, ciphertext);
      expect(plaintext).toEqual(TEXT);
      expect(message.wrappingKeys).toEqual([{ providerId: "aws-kms-hierarchy", name: `key-${tenant}` }]);
    }
    expect(ring.stats()).toMatchObject({ entries: 2, misses: 2 });
  });

  it("that cannot be told is misuse when writing, and a reason when reading", async () => {
    const ring = keyring();
    const { message } = await failure(seal(ring), "ERR_INVALID_ARGUMENT");
    expect(message).toContain("branchKeyIdFrom must answer a non-empty string");
    const { keyring: fixed } = setUp();
    const error = await failure(open(ring, await seal(fixed)), "ERR_NO_DATA_KEY");
    expect(error.message).toContain("failed: hierarchicalKeyring: branchKeyIdFrom must answer");
    // Another keyring beside it still opens the message.
    const both = multiKeyring({ children: [ring, fixed] });
    const { plaintext } = await createEncryptionClient({ keyring: both }).decrypt(await seal(fixed));
    expect(plaintext).toEqual(TEXT);
  });

  it("by a function that throws fails typed when writing, and is a reason when reading", async () => {
    const cause = new Error("no such tenant");
    const ring = hierarchicalKeyring({
      keyStore: memoryKeyStore("k"),
      branchKeyIdFrom() {
        throw cause;
      },
    });
    expect((await failure(seal(ring), "ERR_KEYRING")).cause).toBe(cause);
    const { keyring: fixed } = setUp();
    const error = await failure(open(ring, await seal(fixed)), "ERR_NO_DATA_KEY");
    expect(error.message).toContain("failed: no such tenant");
    expect(error.cause).toBe(cause);
  });
});

describe("S3 objects", () => {
  it("are not written", async () => {
    const { keyring } = setUp();
    await failure(sealObject(TEXT, { keyring }), "ERR_INVALID_ARGUMENT");
    const request = {
      ...messageRequest(),
      purpose: { kind: "object", suite: suiteById(0x0073, "object") },
    } as const;
    await failure(() => keyring.wrap!(counting(32, 1), request), "ERR_KEYRING");
  });

  it("are skipped with a reason, whatever they say", async () => {
    const { keyring, key } = setUp();
    const object = await sealObject(TEXT, { keyring: aes() });
    const { message } = await failure(openObject(object, { keyring }), "ERR_NO_DATA_KEY");
    expect(message).toContain("skipped: not wrapped under a branch key");
    const request = {
      ...messageRequest(),
      purpose: { kind: "object", suite: suiteById(0x0073, "object") },
    } as const;
    const { notes } = await unwrapping(keyring, [wrapUnderBranchKey(key, counting(32, 1), {})], request);
    expect(notes).toEqual(["skipped: not wrapped under a branch key"]);
  });
});

it("wraps secrets that wrap other keys as it wraps data keys", async () => {
  const { keyring, key } = setUp();
  const request = { purpose: { kind: "key" }, keyLength: 32, encryptionContext: { mailbox: "a" } } as const;
  const [edk] = await keyring.wrap!(counting(32, 1), request);
  expect(unwrapUnderBranchKey(key.key, edk!, { mailbox: "a" }).dataKey).toEqual(counting(32, 1));
  expect((await unwrapping(keyring, [edk!], request)).dataKey).toEqual(counting(32, 1));
});
