import { describe, expect, it } from "vitest";
import {
  cachingMaterialsManager,
  createEncryptionClient,
  type Keyring,
  KmsError,
  type MaterialsManager,
} from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { defaultMaterialsManager } from "../../src/materials/default.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { gatedKeyring, numberOf } from "../support/gated.ts";
import { clear } from "../support/keyrings.ts";
import { settled, VirtualClocks } from "../support/virtual.ts";

const TEXT = utf8("text");

function setUp() {
  const keyring = gatedKeyring();
  const clocks = new VirtualClocks();
  const materialsManager = cachingMaterialsManager({ keyring, clocks, reusePeriodSeconds: 60 });
  const client = createEncryptionClient({ materialsManager });
  return { keyring, clocks, materialsManager, client };
}

describe("an abort", () => {
  it("of one caller leaves the others; of all ends the work, and the next caller begins anew", async () => {
    const { keyring, client } = setUp();
    const controllers = [new AbortController(), new AbortController()];
    const waits = controllers.map(({ signal }) => outcome(client.encrypt(TEXT, { signal })));
    await settled();
    controllers[0]!.abort(new Error("first"));
    await settled();
    expect(keyring.pending[0]!.signal!.aborted).toBe(false);
    const joiner = client.encrypt(TEXT);
    await settled();
    controllers[1]!.abort(new Error("second"));
    expect((await Promise.all(waits)).map(String)).toEqual(["Error: first", "Error: second"]);
    expect(keyring.calls.generate).toBe(1);
    keyring.pending[0]!.answer();
    await joiner;

    const other = { encryptionContext: { c: "other" } };
    const all = [new AbortController(), new AbortController()];
    const gone = all.map(({ signal }) => outcome(client.encrypt(TEXT, { signal, ...other })));
    await settled();
    const { signal } = keyring.pending[0]!;
    for (const controller of all) controller.abort("gone");
    expect(await Promise.all(gone)).toEqual(["gone", "gone"]);
    expect(signal!.aborted).toBe(true);
    const next = client.encrypt(TEXT, other);
    await settled();
    expect(keyring.calls.generate).toBe(3);
    keyring.pending[0]!.answer();
    await next;
  });

  it("between the reply and its use is the caller's own, and leaves no key behind", async () => {
    const { keyring, client, materialsManager } = setUp();
    const controller = new AbortController();
    const gone = outcome(client.encrypt(TEXT, { signal: controller.signal }));
    const stays = client.encrypt(TEXT);
    await settled();
    keyring.pending[0]!.answer();
    controller.abort("gone");
    expect(await gone).toBe("gone");
    await stays;
    materialsManager.dispose();
    expect(keyring.handed.map((dataKey) => numberOf(dataKey))).toEqual([0]);
  });

  it("of a message with a key of its own reaches the keyring itself", async () => {
    const keyring = gatedKeyring();
    const materialsManager = cachingMaterialsManager({ keyring, maxBytes: 1 });
    const controller = new AbortController();
    const client = createEncryptionClient({ materialsManager });
    const gone = outcome(client.encrypt(TEXT, { signal: controller.signal }));
    await settled();
    expect(keyring.pending[0]!.signal).toBe(controller.signal);
    controller.abort("gone");
    expect(await gone).toBe("gone");
  });
});

describe("a failure", () => {
  it("of KMS reaches every waiter as its own error, with all that it knows; and is not cached", async () => {
    const kms = createLocalKms();
    const keyring = kmsKeyring({ client: kms.client, keyId: kms.createKey().arn });
    const client = createEncryptionClient({ materialsManager: cachingMaterialsManager({ keyring }) });
    const fault = kms.faults.add({ operation: "GenerateDataKey", fault: { error: "ThrottlingException" } });
    const waits = Array.from({ length: 50 }, () =>
      failure<KmsError>(client.encrypt(TEXT), "ERR_KMS_THROTTLED"),
    );
    const errors = await Promise.all(waits);
    expect(new Set(errors).size).toBe(50);
    expect(fault.hits).toBe(1);
    const [{ message, stack, remedy, requestId }] = errors as [KmsError];
    for (const error of errors) {
      expect(error).toBeInstanceOf(KmsError);
      expect(error).toMatchObject({ message, stack, remedy, requestId, transient: true });
    }
    fault.remove();
    await client.encrypt(TEXT);
    expect(kms.events.length).toBe(2);
  });

  it.each([["a string"], [undefined], [{ code: "EVAULT" }]])(
    "of a keyring that rejects with %j is a typed error for each",
    async (reason) => {
      const generate = async () => {
        throw reason;
      };
      const materialsManager = cachingMaterialsManager({ keyring: { ...clear(), generate } });
      const client = createEncryptionClient({ materialsManager });
      const errors = await Promise.all([1, 2, 3].map(() => failure(client.encrypt(TEXT), "ERR_KEYRING")));
      expect(new Set(errors).size).toBe(3);
      for (const { cause } of errors) expect(cause).toBe(reason);
    },
  );

  it("of a keyring that throws at once is each caller's own", async () => {
    let calls = 0;
    const thrower: Keyring = {
      name: "vault",
      wrap() {
        throw new Error(`call ${++calls}`);
      },
    };
    const client = createEncryptionClient({
      materialsManager: cachingMaterialsManager({ keyring: thrower }),
    });
    const errors = await Promise.all([1, 2, 3].map(() => failure(client.encrypt(TEXT), "ERR_KEYRING")));
    expect(errors.map(({ cause }) => String(cause))).toEqual([
      "Error: call 1",
      "Error: call 2",
      "Error: call 3",
    ]);
  });

  it("of another manager by a DOMException reaches all who wait", async () => {
    const inner = defaultMaterialsManager(clear());
    const slow: MaterialsManager = {
      ...inner,
      async encryptionMaterials() {
        throw new DOMException("It took too long.", "TimeoutError");
      },
    };
    const client = createEncryptionClient({
      materialsManager: cachingMaterialsManager({ materialsManager: slow }),
    });
    const errors = await Promise.all([1, 2, 3].map(() => outcome(client.encrypt(TEXT))));
    expect(errors.map((error) => (error as DOMException).name)).toEqual(Array(3).fill("TimeoutError"));
  });

  it("by a data key of zeros from another manager is a typed error, and nothing is kept", async () => {
    const inner = defaultMaterialsManager(clear());
    const zeroing: MaterialsManager = {
      ...inner,
      async encryptionMaterials(request) {
        const materials = await inner.encryptionMaterials(request);
        materials.dataKey.bytes.fill(0);
        return materials;
      },
      async decryptionMaterials(request) {
        const materials = await inner.decryptionMaterials(request);
        materials.dataKey.bytes.fill(0);
        return materials;
      },
    };
    const { ciphertext } = await createEncryptionClient({ keyring: clear() }).encrypt(TEXT);
    const materialsManager = cachingMaterialsManager({ materialsManager: zeroing });
    const client = createEncryptionClient({ materialsManager });
    for (const act of [client.encrypt(TEXT), client.decrypt(ciphertext)]) {
      expect((await failure(act, "ERR_KEYRING")).message).toMatch(/data key of zeros/);
    }
    const { encrypt, decrypt } = materialsManager.stats();
    expect([encrypt.entries, decrypt.entries]).toEqual([0, 0]);
  });
});

describe("a key that expires on its way", () => {
  it("is asked for once more, and then is a typed error; the next call begins anew", async () => {
    const { keyring, clocks, client } = setUp();
    const waits = [1, 2].map(() => failure(client.encrypt(TEXT), "ERR_KEYRING"));
    await settled();
    for (let i = 0; i < 2; i++) {
      clocks.sleep(60_000);
      keyring.pending[0]!.answer();
      await settled();
    }
    for (const { message } of await Promise.all(waits)) {
      expect(message).toMatch(/caching materials manager: a key took longer to arrive/);
    }
    expect(keyring.calls.generate).toBe(2);
    const next = client.encrypt(TEXT);
    await settled();
    clocks.advance(59_999);
    keyring.pending[0]!.answer();
    await next;
    expect(keyring.handed.slice(0, 2).map((dataKey) => numberOf(dataKey))).toEqual([0, 0]);
  });
});
