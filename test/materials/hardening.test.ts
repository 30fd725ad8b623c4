// What once went through, or was asked for too late.
import { describe, expect, it } from "vitest";
import {
  createEncryptionClient,
  type Keyring,
  type MaterialsManager,
  multiKeyring,
  requiredContextMaterialsManager,
  sealObject,
} from "../../src/index.ts";
import { parseContext, serializeContext } from "../../src/message/context.ts";
import { suiteById } from "../../src/suites/table.ts";
import { random } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aes, clear } from "../support/keyrings.ts";

const PLAINTEXT = random(10);

/** A keyring that counts how often it is asked to write. */
function counting(): { keyring: Keyring; calls: () => number } {
  const inner = aes();
  let calls = 0;
  const wrap: Keyring["wrap"] = (dataKey, request) => {
    calls++;
    return inner.wrap!(dataKey, request);
  };
  return { keyring: { ...inner, wrap }, calls: () => calls };
}

describe("a context over 65,535 bytes", () => {
  const long = { a: "x".repeat(40_000), b: "y".repeat(40_000) };

  it("is refused before a key is asked for", async () => {
    const { keyring, calls } = counting();
    const client = createEncryptionClient({ keyring });
    await failure(client.encrypt(PLAINTEXT, { encryptionContext: long }), "ERR_ENCRYPTION_CONTEXT");
    expect(calls()).toBe(0);
  });

  it("is refused as a whole, also where half of it is not stored", async () => {
    const { keyring, calls } = counting();
    const materialsManager = requiredContextMaterialsManager({ keyring, requiredKeys: ["a"] });
    const client = createEncryptionClient({ materialsManager });
    await failure(client.encrypt(PLAINTEXT, { encryptionContext: long }), "ERR_ENCRYPTION_CONTEXT");
    expect(calls()).toBe(0);
  });
});

it("wipes an opened data key when the keyring does not say which one it opened", async () => {
  const { ciphertext } = await createEncryptionClient({ keyring: aes() }).encrypt(PLAINTEXT);
  const dataKey = random(32);
  const broken: Keyring = { name: "broken", unwrap: () => ({ dataKey, opened: undefined as never }) };
  await failure(createEncryptionClient({ keyring: broken }).decrypt(ciphertext), "ERR_KEYRING");
  expect(dataKey).toEqual(new Uint8Array(32));
});

it("goes on to the next child of a multi keyring when one answers undefined", async () => {
  const { ciphertext } = await createEncryptionClient({ keyring: aes() }).encrypt(PLAINTEXT);
  const silent: Keyring = { name: "silent", unwrap: () => undefined as never };
  const client = createEncryptionClient({ keyring: multiKeyring({ children: [silent, aes()] }) });
  expect((await client.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
});

it("refuses a materials manager that lacks a method", async () => {
  const materialsManager = { encryptionMaterials() {} } as never;
  await failure(() => createEncryptionClient({ materialsManager }), "ERR_INVALID_ARGUMENT");
});

it.each(["kms_cmk_id", "aws:x-amz-cek-alg"])(
  "does not write objects with the reserved pair %s",
  async (key) => {
    const keyring: Keyring = { ...aes(), objectWrap: "kms+context" };
    const options = { keyring, encryptionContext: { [key]: "x" } };
    expect(await failure(sealObject(PLAINTEXT, options), "ERR_ENCRYPTION_CONTEXT")).toMatchObject({ key });
  },
);

it("refuses a header with a reserved pair that means nothing", async () => {
  const bytes = serializeContext({ "aws-crypto-something": "x" });
  await failure(() => parseContext(bytes, 0, bytes.length), "ERR_MESSAGE_FORMAT");
});

it("compares the expected context with what a manager answers, whatever that manager did", async () => {
  const client = createEncryptionClient({ keyring: aes() });
  const { ciphertext } = await client.encrypt(PLAINTEXT, { encryptionContext: { tenant: "t1" } });
  const inner = requiredContextMaterialsManager({ keyring: aes(), requiredKeys: ["tenant"] });
  const careless: MaterialsManager = {
    ...inner,
    decryptionMaterials: (request) =>
      inner.decryptionMaterials({ ...request, expectedContext: { tenant: "t1" } }),
  };
  const reader = createEncryptionClient({ materialsManager: careless });
  const expected = { encryptionContext: { tenant: "t2" } };
  expect(await failure(reader.decrypt(ciphertext, expected), "ERR_ENCRYPTION_CONTEXT")).toMatchObject({
    key: "tenant",
  });
});

describe("a manager that answers for another suite than it was asked for", () => {
  const lax = requiredContextMaterialsManager({ keyring: aes(), requiredKeys: ["tenant"] });
  const call = { encryptionContext: { tenant: "t1" } };
  const weak = suiteById(0x0178, "message");

  it("cannot write past the commitment policy", async () => {
    const materialsManager: MaterialsManager = {
      ...lax,
      encryptionMaterials: (request) => lax.encryptionMaterials({ ...request, suite: weak }),
    };
    const client = createEncryptionClient({ materialsManager });
    expect(await failure(client.encrypt(PLAINTEXT, call), "ERR_COMMITMENT_POLICY")).toMatchObject({
      suiteId: 0x0178,
    });
  });

  it("cannot have a message written under a suite of objects", async () => {
    const suite = suiteById(0x0073, "object");
    // A raw key would refuse the pairs by itself.
    const open = requiredContextMaterialsManager({ keyring: clear(), requiredKeys: ["tenant"] });
    const materialsManager: MaterialsManager = {
      ...open,
      encryptionMaterials: (request) => open.encryptionMaterials({ ...request, suite }),
    };
    const writer = createEncryptionClient({ materialsManager });
    expect(await failure(writer.encrypt(PLAINTEXT, call), "ERR_ALGORITHM_SUITE")).toMatchObject({
      suiteId: 0x0073,
    });
  });

  it("cannot have a message read under it", async () => {
    const { ciphertext } = await createEncryptionClient({ materialsManager: lax }).encrypt(PLAINTEXT, call);
    const materialsManager: MaterialsManager = {
      ...lax,
      decryptionMaterials: async (request) => ({ ...(await lax.decryptionMaterials(request)), suite: weak }),
    };
    const reader = createEncryptionClient({ materialsManager });
    expect(await failure(reader.decrypt(ciphertext, call), "ERR_ALGORITHM_SUITE")).toMatchObject({
      suiteId: 0x0178,
    });
  });
});
