import { describe, expect, it } from "vitest";
import { createEncryptionClient } from "../../src/index.ts";
import { failure } from "../support/failure.ts";
import { deferred, settled } from "../support/virtual.ts";
import { MAIL, open, organization, seal } from "./helpers.ts";

describe("1,000 at once in one mailbox", () => {
  it.each(["symmetric", "asymmetric"] as const)(
    "(%s) read cold: one KMS call, one store read",
    async (kind) => {
      const { mailboxes, process, asked, store } = organization();
      await mailboxes.create("alice", { kind });
      const message = await seal(mailboxes, "alice");
      asked();
      store.calls.length = 0;
      const cold = process();
      const client = createEncryptionClient({ keyring: cold.keyring("alice") });
      const opened = await Promise.all(Array.from({ length: 1000 }, () => client.decrypt(message)));
      expect(opened.every(({ plaintext }) => plaintext.length === MAIL.length)).toBe(true);
      expect(asked()).toEqual(["Decrypt"]);
      expect(store.calls).toEqual(["get alice"]);
    },
  );

  it("write and read cold, both: one KMS call, one store read", async () => {
    const { mailboxes, process, asked, store } = organization();
    await mailboxes.create("alice");
    const message = await seal(mailboxes, "alice");
    asked();
    store.calls.length = 0;
    const cold = process();
    const client = createEncryptionClient({ keyring: cold.keyring("alice") });
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) => (i % 2 ? client.decrypt(message) : client.encrypt(MAIL))),
    );
    expect(asked()).toEqual(["Decrypt"]);
    expect(store.calls).toEqual(["get alice"]);
  });

  it("all settle in one tick, with room for one mailbox: no key is wiped under a user's feet", async () => {
    const { mailboxes, process, store } = organization();
    const ids = Array.from({ length: 25 }, (_, i) => `m${i}`);
    for (const id of ids) await mailboxes.create(id);
    const crowded = process({ capacity: 1 });
    const gate = deferred<void>();
    store.before = () => gate.promise;
    const sealed = ids.flatMap((id) => Array.from({ length: 40 }, () => seal(crowded, id)));
    await settled();
    gate.resolve();
    const messages = await Promise.all(sealed);
    for (const [i, message] of messages.entries()) {
      expect(await open(mailboxes, ids[Math.floor(i / 40)]!, message)).toEqual(MAIL);
    }
  });

  it("one leaves, the others stay; a failure reaches each as an error of its own, and is not kept", async () => {
    const { mailboxes, kms, asked } = organization();
    await mailboxes.create("alice");
    asked();
    kms.faults.add({ operation: "Decrypt", times: 1, fault: { delayMs: 30 } });
    const controller = new AbortController();
    const client = createEncryptionClient({ keyring: mailboxes.keyring("alice") });
    const leaver = client.encrypt(MAIL, { signal: controller.signal });
    const stayers = Array.from({ length: 10 }, () => client.encrypt(MAIL));
    const reason = new Error("gone");
    setTimeout(() => controller.abort(reason), 5);
    await expect(leaver).rejects.toBe(reason);
    await Promise.all(stayers);
    expect(asked()).toEqual(["Decrypt"]);

    mailboxes.clear();
    kms.faults.add({ operation: "Decrypt", times: 1, fault: { error: "KMSInternalException" } });
    const failures = await Promise.all(
      Array.from({ length: 10 }, () => failure(client.encrypt(MAIL), "ERR_KMS_INTERNAL")),
    );
    expect(new Set(failures).size).toBe(10);
    await client.encrypt(MAIL);
    expect(asked()).toEqual(["Decrypt", "Decrypt"]);
  });
});
