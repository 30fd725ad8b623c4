import { describe, expect, it } from "vitest";
import { createEncryptionClient } from "../../src/index.ts";
import { ARN_A } from "../kms/helpers.ts";
import { MAIL, MINUTE, ORGANIZATION, open, organization, seal } from "./helpers.ts";

// WorkMail's flows, step by step, as KMS's audit log shows them.

describe("creating a mailbox", () => {
  it.each(["symmetric", "asymmetric"] as const)(
    "(%s) is one Encrypt, with the context and without the key in the log",
    async (kind) => {
      const { mailboxes, kms } = organization();
      const { version } = await mailboxes.create("alice", { kind });
      expect(kms.events).toMatchObject([
        {
          eventName: "Encrypt",
          requestParameters: {
            keyId: ARN_A,
            encryptionContext: {
              ...ORGANIZATION,
              "keyfold:mailbox-id": "alice",
              "keyfold:mailbox-version": version,
            },
          },
          responseElements: null,
          resources: [{ ARN: ARN_A }],
        },
      ]);
      const shown = Object.keys(kms.events[0]!.requestParameters ?? {});
      expect(shown.sort()).toEqual(["encryptionAlgorithm", "encryptionContext", "keyId"]);
    },
  );

  it("leaves the cache cold", async () => {
    const { mailboxes, asked } = organization();
    await mailboxes.create("alice");
    expect(mailboxes.stats().entries).toBe(0);
    asked();
    await seal(mailboxes, "alice");
    expect(asked()).toEqual(["Decrypt"]);
  });
});

describe("a symmetric mailbox", () => {
  it("asks for one Decrypt a minute, however many messages are added and read", async () => {
    const { mailboxes, asked, clocks, store } = organization();
    await mailboxes.create("alice");
    asked();
    store.calls.length = 0;
    const messages: Uint8Array[] = [];
    for (let second = 0; second < 60; second++) {
      const message = await seal(mailboxes, "alice", { n: String(second) });
      messages.push(message);
      expect(await open(mailboxes, "alice", message)).toEqual(MAIL);
      clocks.advance(999);
    }
    expect(asked()).toEqual(["Decrypt"]);
    expect(store.calls).toEqual(["get alice"]);
    clocks.advance(60);
    for (const message of messages) expect(await open(mailboxes, "alice", message)).toEqual(MAIL);
    await seal(mailboxes, "alice");
    expect(asked()).toEqual(["Decrypt"]);
    expect(store.calls).toEqual(["get alice", "get alice"]);
  });

  it("gives every message its own data key, and its own wrapping key", async () => {
    const { mailboxes } = organization();
    await mailboxes.create("alice");
    const client = createEncryptionClient({ keyring: mailboxes.keyring("alice") });
    const edks = await Promise.all(
      Array.from({ length: 20 }, async () => (await client.encrypt(MAIL)).message.encryptedDataKeys[0]!),
    );
    const salts = new Set(edks.map(({ ciphertext }) => ciphertext.subarray(0, 16).join()));
    const wrapped = new Set(edks.map(({ ciphertext }) => ciphertext.subarray(28).join()));
    expect([salts.size, wrapped.size]).toEqual([20, 20]);
    expect(edks[0]!.ciphertext.length).toBe(16 + 12 + 32 + 16);
  });
});

describe("an asymmetric mailbox", () => {
  it("asks KMS nothing when a message is added, and for one Decrypt a minute to read", async () => {
    const { mailboxes, asked, clocks } = organization();
    await mailboxes.create("old", { kind: "asymmetric" });
    asked();
    const messages = [await seal(mailboxes, "old"), await seal(mailboxes, "old", { a: "b" })];
    expect(asked()).toEqual([]);
    for (const message of messages) expect(await open(mailboxes, "old", message)).toEqual(MAIL);
    expect(asked()).toEqual(["Decrypt"]);
    clocks.advance(MINUTE);
    for (const message of messages) expect(await open(mailboxes, "old", message)).toEqual(MAIL);
    expect(asked()).toEqual(["Decrypt"]);
  });

  it("and a symmetric one stand side by side, and one becomes the other by rotation", async () => {
    const { mailboxes } = organization();
    await mailboxes.create("old", { kind: "asymmetric" });
    await mailboxes.create("new");
    const first = await seal(mailboxes, "old");
    const beside = await seal(mailboxes, "new");
    expect((await mailboxes.rotate("old", { kind: "symmetric" })).kind).toBe("symmetric");
    expect((await mailboxes.rotate("new", { kind: "asymmetric" })).kind).toBe("asymmetric");
    const second = await seal(mailboxes, "old");
    for (const message of [first, second]) expect(await open(mailboxes, "old", message)).toEqual(MAIL);
    for (const message of [beside, await seal(mailboxes, "new")]) {
      expect(await open(mailboxes, "new", message)).toEqual(MAIL);
    }
  });
});
