import { describe, expect, it } from "vitest";
import { createEncryptionClient } from "../../src/index.ts";
import { failure } from "../support/failure.ts";
import { deferred, settled } from "../support/virtual.ts";
import { MAIL, MINUTE, open, organization, seal } from "./helpers.ts";

const down = () => {
  throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
};

describe("a store that is down", () => {
  it("is a typed error with its cause, at every call, and changes nothing", async () => {
    const of = organization();
    const { mailboxes, store } = of;
    await mailboxes.create("alice");
    const message = await seal(mailboxes, "alice");
    const before = new Map(store.records);
    mailboxes.clear();
    store.before = down;
    const calls: (() => Promise<unknown>)[] = [
      () => seal(mailboxes, "alice"),
      () => mailboxes.create("bob"),
      () => mailboxes.rotate("alice"),
      () => mailboxes.inspect("alice"),
      () => mailboxes.rewrap("alice", { to: of.other }),
      () => mailboxes.rewrapAll({ to: of.other }),
      () => mailboxes.destroy("alice", { confirmId: "alice" }),
      () => open(mailboxes, "alice", message),
    ];
    for (const call of calls) {
      const error = await failure(call, "ERR_STORE");
      expect(error).toMatchObject({ name: "StoreError", store: "test store", transient: true });
      expect(error.message).toMatch(/^test store: (get|list).*connect ECONNREFUSED.*may be made again/);
      expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
    }
    expect(store.records).toEqual(before);
    store.before = () => undefined;
    expect(await open(mailboxes, "alice", message)).toEqual(MAIL);
  });

  it("is no outage for mailboxes whose key is in memory, until the period ends", async () => {
    const { mailboxes, store, clocks } = organization();
    await mailboxes.create("alice");
    const message = await seal(mailboxes, "alice");
    store.before = down;
    clocks.advance(MINUTE - 1);
    expect(await open(mailboxes, "alice", message)).toEqual(MAIL);
    await seal(mailboxes, "alice");
    clocks.advance(1);
    await failure(seal(mailboxes, "alice"), "ERR_STORE");
  });

  it("between reading and writing loses nothing: the same call may be made again", async () => {
    const { mailboxes, store, process } = organization();
    await mailboxes.create("alice");
    const message = await seal(mailboxes, "alice");
    store.before = (operation) => (operation === "replace" ? down() : undefined);
    await failure(mailboxes.rotate("alice"), "ERR_STORE");
    await failure(mailboxes.create("bob"), "ERR_STORE");
    await failure(mailboxes.destroy("alice", { confirmId: "alice" }), "ERR_STORE");
    store.before = () => undefined;
    expect((await mailboxes.inspect("alice"))!.versions.length).toBe(1);
    expect(await open(process(), "alice", message)).toEqual(MAIL);
    await mailboxes.create("bob");
    await mailboxes.rotate("alice");
    expect(await open(process(), "alice", message)).toEqual(MAIL);
  });

  it("that wrote and then failed leaves a mailbox that reads", async () => {
    // The reply is lost: whether it wrote is not known.
    const { mailboxes, store, process } = organization();
    await mailboxes.create("alice");
    const message = await seal(mailboxes, "alice");
    const { replace } = store;
    store.replace = async (...args) => {
      await replace.apply(store, args);
      return down();
    };
    await failure(mailboxes.rotate("alice"), "ERR_STORE");
    store.replace = replace;
    expect((await mailboxes.inspect("alice"))!.versions.length).toBe(2);
    const elsewhere = process();
    expect(await open(elsewhere, "alice", message)).toEqual(MAIL);
    expect(await open(mailboxes, "alice", await seal(elsewhere, "alice"))).toEqual(MAIL);
  });
});

describe("a store that is slow", () => {
  it("is waited for, and each caller leaves by its own signal", async () => {
    const { mailboxes, store } = organization();
    await mailboxes.create("alice");
    const gate = deferred<void>();
    store.before = () => gate.promise;
    const client = createEncryptionClient({ keyring: mailboxes.keyring("alice") });
    const controller = new AbortController();
    const leaver = client.encrypt(MAIL, { signal: controller.signal });
    const stayer = client.encrypt(MAIL);
    await settled();
    const reason = new Error("no time");
    controller.abort(reason);
    await expect(leaver).rejects.toBe(reason);
    gate.resolve();
    await stayer;
  });

  it("so slow that what it answers is too old is asked again, and is an error if it stays so", async () => {
    const { mailboxes, store, clocks } = organization();
    await mailboxes.create("alice");
    let slow = 1;
    store.before = () => {
      if (slow-- > 0) clocks.advance(MINUTE);
    };
    await seal(mailboxes, "alice");
    mailboxes.clear();
    slow = 100;
    const error = await failure(seal(mailboxes, "alice"), "ERR_KEYRING");
    expect(error.message).toMatch(/took longer to arrive than it may be used, twice/);
  });

  it("ends the call whose signal is aborted", async () => {
    const { mailboxes, store } = organization();
    await mailboxes.create("alice");
    const reason = new Error("no time");
    const calls = [
      (signal: AbortSignal) => mailboxes.create("bob", { signal }),
      (signal: AbortSignal) => mailboxes.rotate("alice", { signal }),
      (signal: AbortSignal) => mailboxes.inspect("alice", { signal }),
      (signal: AbortSignal) => mailboxes.destroy("alice", { confirmId: "alice", signal }),
    ];
    for (const call of calls) {
      await expect(call(AbortSignal.abort(reason))).rejects.toBe(reason);
      const controller = new AbortController();
      store.before = () => {
        controller.abort(reason);
        throw new Error("aborted by its signal");
      };
      await expect(call(controller.signal)).rejects.toBe(reason);
      store.before = () => undefined;
    }
    expect([...store.records.keys()]).toEqual(["alice"]);
  });
});

describe("a conditional write that is lost", () => {
  it("is tried again on what the other writer wrote, without asking KMS again", async () => {
    const { mailboxes, store, process, asked } = organization();
    await mailboxes.create("alice");
    const elsewhere = process();
    asked();
    let races = 3;
    store.before = async (operation) => {
      if (operation !== "replace" || races-- <= 0) return;
      store.before = () => undefined;
      await elsewhere.rotate("alice");
      store.before = again;
    };
    const again = store.before;
    const { version } = await mailboxes.rotate("alice");
    const { versions, current } = (await mailboxes.inspect("alice"))!;
    expect(versions.length).toBe(5);
    expect(current.version).toBe(version);
    expect(asked()).toEqual(Array(4).fill("Encrypt"));
  });
});

describe("KMS", () => {
  it.each([
    ["AccessDeniedException", "ERR_KMS_ACCESS_DENIED"],
    ["DisabledException", "ERR_KMS_KEY_DISABLED"],
    ["ThrottlingException", "ERR_KMS_THROTTLED"],
  ] as const)("that says %s makes no mailbox, and leaves the old ones be", async (error, code) => {
    const { mailboxes, store, kms } = organization();
    await mailboxes.create("alice");
    kms.faults.add({ operation: "Encrypt", fault: { error } });
    await failure(mailboxes.create("bob"), code);
    await failure(mailboxes.create("old", { kind: "asymmetric" }), code);
    await failure(mailboxes.rotate("alice"), code);
    expect([...store.records.keys()]).toEqual(["alice"]);
    expect((await mailboxes.inspect("alice"))!.versions.length).toBe(1);
    await seal(mailboxes, "alice");
  });

  it("that refuses to open says why and what to do, of sealing and of opening", async () => {
    const { mailboxes, kms } = organization();
    await mailboxes.create("alice");
    const message = await seal(mailboxes, "alice");
    mailboxes.clear();
    kms.faults.add({ operation: "Decrypt", fault: { error: "AccessDeniedException" } });
    const sealing = await failure(seal(mailboxes, "alice"), "ERR_HIERARCHY_UNWRAP");
    const opening = await failure(open(mailboxes, "alice", message), "ERR_NO_DATA_KEY");
    for (const { message } of [sealing, opening]) {
      expect(message).toMatch(
        /Mailbox "alice".*kms:Decrypt with arn:aws:kms:.*Allow the caller this operation/s,
      );
    }
    expect(opening.cause).toMatchObject({ code: "ERR_HIERARCHY_UNWRAP", keyId: "alice" });
  });
});
