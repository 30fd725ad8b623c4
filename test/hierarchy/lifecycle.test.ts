import { describe, expect, it } from "vitest";
import type { MailboxKind } from "../../src/hierarchy/mailbox-record.ts";
import { failure } from "../support/failure.ts";
import { MAIL, MINUTE, open, organization, seal } from "./helpers.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe.each<MailboxKind>(["symmetric", "asymmetric"])("a mailbox (%s)", (kind) => {
  it("tells what it is, without asking for its keys", async () => {
    const { mailboxes, asked, clocks } = organization();
    expect(await mailboxes.inspect("alice")).toBeNull();
    const created = await mailboxes.create("alice", { kind });
    clocks.advance(MINUTE);
    const rotated = await mailboxes.rotate("alice");
    asked();
    const facts = await mailboxes.inspect("alice");
    expect(facts).toEqual({ mailboxId: "alice", current: rotated, versions: [created, rotated] });
    expect(asked()).toEqual([]);
    expect(created).toMatchObject({ mailboxId: "alice", kind, createdAt: new Date(1_700_000_000_000) });
    expect(rotated.createdAt).toEqual(new Date(1_700_000_060_000));
    expect([created.version, rotated.version]).toEqual([
      expect.stringMatching(UUID),
      expect.stringMatching(UUID),
    ]);
    const fingerprints = new Set([created.publicKeyFingerprint, rotated.publicKeyFingerprint]);
    expect(fingerprints).toEqual(
      kind === "symmetric" ? new Set([null]) : expect.objectContaining({ size: 2 }),
    );
  });

  it("is rotated: the new key writes at once, all older ones go on reading", async () => {
    const { mailboxes, store } = organization();
    const versions = [(await mailboxes.create("alice", { kind })).version];
    const messages = [await seal(mailboxes, "alice")];
    for (let i = 0; i < 3; i++) {
      versions.push((await mailboxes.rotate("alice")).version);
      messages.push(await seal(mailboxes, "alice"));
    }
    for (const [i, message] of messages.entries()) {
      expect(await open(mailboxes, "alice", message)).toEqual(MAIL);
      expect(new TextDecoder("latin1").decode(message)).toContain(`alice/${versions[i]}`);
    }
    expect(JSON.parse(store.records.get("alice")!).versions.length).toBe(4);
  });

  it("rotated by another process writes under the new key within a minute, and its new messages open at once", async () => {
    const { mailboxes, process, clocks } = organization();
    const first = await mailboxes.create("alice", { kind });
    const elsewhere = process();
    await seal(mailboxes, "alice");
    const second = await elsewhere.rotate("alice");
    const message = await seal(elsewhere, "alice");
    expect(await open(mailboxes, "alice", message)).toEqual(MAIL);
    const name = async () => new TextDecoder("latin1").decode(await seal(mailboxes, "alice"));
    expect(await name()).toContain(first.version);
    clocks.advance(MINUTE);
    expect(await name()).toContain(second.version);
  });

  it("rotated by many at once loses no version", async () => {
    const { mailboxes, process } = organization();
    await mailboxes.create("alice", { kind: "symmetric" });
    const processes = Array.from({ length: 20 }, () => process());
    const made = await Promise.all(processes.map((one) => one.rotate("alice")));
    const { versions } = (await mailboxes.inspect("alice"))!;
    expect(versions.length).toBe(21);
    for (const { version } of made) expect(versions.map((one) => one.version)).toContain(version);
  });

  it("created by two at once is created once", async () => {
    const { mailboxes, process } = organization();
    const results = await Promise.allSettled(
      [mailboxes, process()].map((one) => one.create("alice", { kind })),
    );
    const [lost] = results.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
    expect(results.filter(({ status }) => status === "fulfilled").length).toBe(1);
    expect(lost!.reason).toMatchObject({ code: "ERR_HIERARCHY_EXISTS", keyId: "alice" });
    const again = await failure(mailboxes.create("alice"), "ERR_HIERARCHY_EXISTS");
    expect(again.message).toMatch(/rotate\(\) gives it a new key; destroy\(\) it first/);
  });

  it("is destroyed: its messages are unreadable for good, here at once and elsewhere within a minute", async () => {
    const { mailboxes, process, clocks, store } = organization();
    await mailboxes.create("alice", { kind });
    const message = await seal(mailboxes, "alice");
    const elsewhere = process();
    expect(await open(elsewhere, "alice", message)).toEqual(MAIL);
    expect(await open(mailboxes, "alice", message)).toEqual(MAIL);
    await mailboxes.destroy("alice", { confirmId: "alice" });
    expect(store.records.size).toBe(0);
    expect(mailboxes.stats().entries).toBe(0);
    const error = await failure(open(mailboxes, "alice", message), "ERR_NO_DATA_KEY");
    expect(error.cause).toMatchObject({ code: "ERR_HIERARCHY_UNKNOWN", keyId: "alice" });
    expect(await open(elsewhere, "alice", message)).toEqual(MAIL);
    clocks.advance(MINUTE);
    await failure(open(elsewhere, "alice", message), "ERR_NO_DATA_KEY");
    await failure(seal(mailboxes, "alice"), "ERR_HIERARCHY_UNKNOWN");
    await failure(mailboxes.rotate("alice"), "ERR_HIERARCHY_UNKNOWN");
    await failure(mailboxes.destroy("alice", { confirmId: "alice" }), "ERR_HIERARCHY_UNKNOWN");
    await mailboxes.create("alice", { kind });
    const gone = await failure(open(mailboxes, "alice", message), "ERR_NO_DATA_KEY");
    expect(gone.message).toMatch(/destroyed and created anew/);
  });

  it("is not destroyed unless its id is said twice", async () => {
    const { mailboxes, store } = organization();
    await mailboxes.create("alice", { kind });
    for (const options of [{}, { confirmId: "bob" }, { confirmId: "Alice" }, undefined, "alice"]) {
      const error = await failure<TypeError>(
        mailboxes.destroy("alice", options as never),
        "ERR_INVALID_ARGUMENT",
      );
      expect(error.message).toMatch(/destroy/);
    }
    expect(store.records.size).toBe(1);
  });

  it("destroyed while its key is on its way serves who waits, and is not kept", async () => {
    const { mailboxes, kms } = organization();
    await mailboxes.create("alice", { kind: "symmetric" });
    kms.faults.add({ operation: "Decrypt", times: 1, fault: { delayMs: 30 } });
    const sealing = seal(mailboxes, "alice");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await mailboxes.destroy("alice", { confirmId: "alice" });
    await sealing;
    expect(mailboxes.stats().entries).toBe(0);
    await failure(seal(mailboxes, "alice"), "ERR_HIERARCHY_UNKNOWN");
  });
});

it("mailboxes that were disposed of serve no more, and say so", async () => {
  const { mailboxes } = organization();
  await mailboxes.create("alice");
  const message = await seal(mailboxes, "alice");
  mailboxes.dispose();
  for (const use of [() => seal(mailboxes, "alice"), () => open(mailboxes, "alice", message)]) {
    const error = await failure<TypeError>(use, "ERR_INVALID_ARGUMENT");
    expect(error.message).toMatch(/mailbox keys .* disposed of/);
  }
});

describe("public keys that are pinned", () => {
  it("are sealed for, and no others", async () => {
    const { mailboxes, store, process } = organization();
    const { publicKeyFingerprint } = await mailboxes.create("old", { kind: "asymmetric" });
    const sealFor = (...publicKeyFingerprints: string[]) =>
      process().keyring("old", { publicKeyFingerprints }).wrap!(new Uint8Array(32).fill(1), {
        purpose: { kind: "key" },
        keyLength: 32,
        encryptionContext: {},
      });
    await sealFor(publicKeyFingerprint!);
    await sealFor("another", publicKeyFingerprint!);
    const error = await failure(async () => sealFor("another"), "ERR_HIERARCHY_RECORD");
    expect(error.message).toMatch(/^Mailbox "old": .*none of the pinned ones, and nothing was sealed for it/);

    // A hostile store puts another mailbox's public key there: the pin notices before, the reader after.
    await mailboxes.create("eve", { kind: "asymmetric" });
    const [old, eve] = ["old", "eve"].map((id) => JSON.parse(store.records.get(id)!));
    old.versions[0].publicKey = eve.versions[0].publicKey;
    store.records.set("old", JSON.stringify(old));
    await failure(async () => sealFor(publicKeyFingerprint!), "ERR_HIERARCHY_RECORD");
    const duped = process();
    const message = await seal(duped, "old");
    const noticed = await failure(open(duped, "old", message), "ERR_NO_DATA_KEY");
    expect(noticed.cause).toMatchObject({ code: "ERR_HIERARCHY_RECORD", keyId: "old" });
    expect(noticed.message).toMatch(/was not made with the public key that stands beside it/);
  });
});
