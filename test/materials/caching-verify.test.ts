import { describe, expect, it } from "vitest";
import {
  cachingMaterialsManager,
  createEncryptionClient,
  type EncryptedDataKey,
  type Keyring,
  multiKeyring,
} from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { random, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aes, clear } from "../support/keyrings.ts";

const TEXT = utf8("text");
const ALIAS = "alias/orders";

const verifying = (keyring: Keyring) => {
  const materialsManager = cachingMaterialsManager({ keyring, verifyNewKeys: true });
  return { materialsManager, client: createEncryptionClient({ materialsManager }) };
};

/** A local KMS with a key that has an alias, and another key; and what was asked of it, by key id. */
function setUp() {
  const kms = createLocalKms();
  const a = kms.createKey({ aliases: [ALIAS] });
  const b = kms.createKey();
  const asked = () =>
    kms.events.map(({ eventName, requestParameters }) => {
      const { keyId }: { keyId?: unknown } = requestParameters ?? {};
      return `${eventName} ${keyId}`;
    });
  return { kms, a, b, asked };
}

describe("a new data key that is verified", () => {
  it("is opened once, as the whole list of keys, the generator's first", async () => {
    const { kms, a, b, asked } = setUp();
    const inner = kmsKeyring({ client: kms.client, keyId: a.arn, additionalKeyIds: [b.arn] });
    const lists: (readonly EncryptedDataKey[])[] = [];
    const keyring: Keyring = {
      ...inner,
      unwrap(edks, request) {
        expect(request.verifying).toBe(true);
        lists.push(edks);
        return inner.unwrap!(edks, request);
      },
    };
    const { client } = verifying(keyring);
    const { message } = await client.encrypt(TEXT, { encryptionContext: { tenant: "t1" } });
    for (let i = 0; i < 3; i++) await client.encrypt(TEXT, { encryptionContext: { tenant: "t1" } });
    expect(lists).toEqual([message.encryptedDataKeys]);
    expect(asked()).toEqual([`GenerateDataKey ${a.arn}`, `Encrypt ${b.arn}`, `Decrypt ${a.arn}`]);
  });

  it.each([
    ["its name", ALIAS],
    ["its ARN", `arn:aws:kms:us-east-1:111122223333:${ALIAS}`],
  ])("under an alias by %s is opened by the key ARN of the reply", async (_, keyId) => {
    const { kms, a, asked } = setUp();
    const keyring = kmsKeyring({ client: kms.client, keyId });
    const { client } = verifying(keyring);
    const { ciphertext } = await client.encrypt(TEXT);
    expect(asked()).toEqual([`GenerateDataKey ${keyId}`, `Decrypt ${a.arn}`]);
    const reader = createEncryptionClient({ keyring: kmsKeyring({ client: kms.client, keyId: a.arn }) });
    expect((await reader.decrypt(ciphertext)).plaintext).toEqual(TEXT);
  });

  it("under an alias opens no message of others all the same", async () => {
    const { kms, a } = setUp();
    const other = createEncryptionClient({ keyring: kmsKeyring({ client: kms.client, keyId: a.arn }) });
    const { ciphertext } = await other.encrypt(TEXT);
    const { client } = verifying(kmsKeyring({ client: kms.client, keyId: ALIAS }));
    const error = await failure(client.decrypt(ciphertext), "ERR_NO_DATA_KEY");
    expect(error.message).toMatch(/names aliases only, which write/);
  });

  it("under an alias among several keyrings is verified as well", async () => {
    const { kms, a, asked } = setUp();
    const keyring = multiKeyring({
      generator: kmsKeyring({ client: kms.client, keyId: ALIAS }),
      children: [aes()],
    });
    await verifying(keyring).client.encrypt(TEXT);
    expect(asked()).toEqual([`GenerateDataKey ${ALIAS}`, `Decrypt ${a.arn}`]);
  });

  it("of a signed message, with required pairs or without, opens", async () => {
    const { materialsManager } = verifying(aes());
    const client = createEncryptionClient({ materialsManager, suite: 0x0578 });
    const { ciphertext } = await client.encrypt(TEXT, { encryptionContext: { tenant: "t1" } });
    expect((await client.decrypt(ciphertext)).plaintext).toEqual(TEXT);
  });

  it("is verified also where it serves one message only", async () => {
    const { kms, a, asked } = setUp();
    const materialsManager = cachingMaterialsManager({
      keyring: kmsKeyring({ client: kms.client, keyId: a.arn }),
      verifyNewKeys: true,
      maxBytes: 3,
    });
    await createEncryptionClient({ materialsManager }).encrypt(TEXT);
    const policy = { suite: 0x0078, commitmentPolicy: "forbid-encrypt-allow-decrypt" } as const;
    await createEncryptionClient({ materialsManager, ...policy }).encrypt(TEXT);
    const pair = [`GenerateDataKey ${a.arn}`, `Decrypt ${a.arn}`];
    expect(asked()).toEqual([...pair, ...pair]);
    expect(materialsManager.stats().encrypt).toMatchObject({ entries: 0, misses: 0 });
  });
});

describe("a new data key that does not open to itself", () => {
  const mismatched = () => {
    const handed: Uint8Array[] = [];
    let writes = 0;
    const hand = (dataKey: Uint8Array) => handed[handed.push(dataKey) - 1]!;
    const keyring = clear("vault", {
      generate() {
        writes++;
        const dataKey = hand(random(32));
        return {
          dataKey,
          encryptedDataKeys: [
            { providerId: "vault", providerInfo: new Uint8Array(0), ciphertext: new Uint8Array(dataKey) },
          ],
        };
      },
      unwrap: (edks) => ({ dataKey: hand(random(32)), opened: edks[0]! }),
    });
    return { keyring, handed, writes: () => writes };
  };

  it("is a typed error, is wiped and not kept: the next call asks anew", async () => {
    const { keyring, handed, writes } = mismatched();
    const { client, materialsManager } = verifying(keyring);
    for (let i = 1; i <= 3; i++) {
      const error = await failure(client.encrypt(TEXT), "ERR_KEYRING");
      expect(error.message).toMatch(/checked before its first use, and opened to another key/);
      expect(writes()).toBe(i);
    }
    expect(handed.length).toBe(6);
    for (const dataKey of handed) expect(dataKey).toEqual(new Uint8Array(32));
    expect(materialsManager.stats().encrypt).toMatchObject({ entries: 0, inFlight: 0, misses: 3 });
  });

  it("would have been used without verification", async () => {
    const materialsManager = cachingMaterialsManager({ keyring: mismatched().keyring });
    await createEncryptionClient({ materialsManager }).encrypt(TEXT);
  });

  it.each([
    ["opens to nothing", () => null, "ERR_NO_DATA_KEY"],
    [
      "opens to a key of another length",
      (edk: EncryptedDataKey) => ({ dataKey: random(16), opened: edk }),
      "ERR_KEYRING",
    ],
    [
      "opens to zeros",
      (edk: EncryptedDataKey) => ({ dataKey: new Uint8Array(32), opened: edk }),
      "ERR_KEYRING",
    ],
  ] as const)("is not used where it %s", async (_, unwrap, code) => {
    const made: Uint8Array[] = [];
    const inner = clear();
    const wrap: Keyring["wrap"] = (dataKey, request) => {
      made.push(dataKey);
      return inner.wrap!(dataKey, request);
    };
    const { client, materialsManager } = verifying({ ...inner, wrap, unwrap: ([edk]) => unwrap(edk!) });
    await failure(client.encrypt(TEXT), code);
    expect(made).toEqual([new Uint8Array(32)]);
    expect(materialsManager.stats().encrypt.entries).toBe(0);
  });

  it("is not used where KMS refuses to open it", async () => {
    const { kms, a, asked } = setUp();
    kms.faults.add({ operation: "Decrypt", fault: { error: "AccessDeniedException" } });
    const { client } = verifying(kmsKeyring({ client: kms.client, keyId: a.arn }));
    for (let i = 0; i < 2; i++) await failure(client.encrypt(TEXT), "ERR_NO_DATA_KEY");
    const pair = [`GenerateDataKey ${a.arn}`, `Decrypt ${a.arn}`];
    expect(asked()).toEqual([...pair, ...pair]);
  });
});

describe("a keyring that only writes", () => {
  const { unwrap: _, ...writing } = clear();

  it.each([
    ["alone", writing],
    ["as all members of a multi keyring", multiKeyring({ generator: writing, children: [writing] })],
  ])("cannot verify (%s): a TypeError that names the option", async (_, keyring) => {
    const error = await failure(() => verifying(keyring), "ERR_INVALID_ARGUMENT");
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/verifyNewKeys needs a keyring that reads/);
    cachingMaterialsManager({ keyring, verifyNewKeys: false });
  });

  it("may write without: a principal with kms:GenerateDataKey alone", async () => {
    const { kms, a, asked } = setUp();
    kms.faults.add({ operation: "Decrypt", principal: "writer", fault: { error: "AccessDeniedException" } });
    const keyring = kmsKeyring({ client: kms.clientAs("writer"), keyId: a.arn });
    const materialsManager = cachingMaterialsManager({ keyring });
    const { ciphertext } = await createEncryptionClient({ materialsManager }).encrypt(TEXT);
    expect(asked()).toEqual([`GenerateDataKey ${a.arn}`]);
    const reader = createEncryptionClient({ keyring: kmsKeyring({ client: kms.client, keyId: a.arn }) });
    expect((await reader.decrypt(ciphertext)).plaintext).toEqual(TEXT);
  });
});
