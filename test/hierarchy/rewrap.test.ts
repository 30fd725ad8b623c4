import { describe, expect, it } from "vitest";
import type { RewrapProgress } from "../../src/hierarchy/index.ts";
import { multiKeyring, rawAesKeyring } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { ALIAS_A, ARN_B } from "../kms/helpers.ts";
import { failure } from "../support/failure.ts";
import { MAIL, MINUTE, type Organization, open, organization, seal } from "./helpers.ts";

/** Mailboxes of two versions each, and a message of each version. */
async function inUse(of: Organization, count: number): Promise<[string, Uint8Array][]> {
  const messages: [string, Uint8Array][] = [];
  for (let i = 0; i < count; i++) {
    const id = `m${i}`;
    await of.mailboxes.create(id, { kind: i % 4 === 3 ? "asymmetric" : "symmetric" });
    messages.push([id, await seal(of.mailboxes, id)]);
    await of.mailboxes.rotate(id, { kind: "symmetric" });
    messages.push([id, await seal(of.mailboxes, id)]);
  }
  of.asked();
  return messages;
}

/** The ends of the ARNs under which all versions are wrapped. */
const keysIn = ({ store }: Organization): string[] =>
  [...store.records.values()].flatMap((text) =>
    (JSON.parse(text) as { versions: { wrapped: [{ providerInfo: string }] }[] }).versions.map(
      ({ wrapped }) => atob(wrapped[0].providerInfo).slice(-12),
    ),
  );

describe("rewrap", () => {
  it("moves a mailbox in one step, and changes no message", async () => {
    const of = organization();
    const messages = await inUse(of, 1);
    of.store.calls.length = 0;
    expect(await of.mailboxes.rewrap("m0", { to: of.other })).toBe(true);
    expect(of.store.calls).toEqual(["get m0", "replace m0"]);
    // Each version: opened, wrapped, and opened once before the old one goes.
    expect(of.asked()).toEqual(["Decrypt", "Encrypt", "Decrypt", "Decrypt", "Encrypt", "Decrypt"]);
    expect(new Set(keysIn(of))).toEqual(new Set([ARN_B.slice(-12)]));
    const moved = of.process({ organization: of.other });
    for (const [id, message] of messages) {
      expect(await open(moved, id, message)).toEqual(MAIL);
      expect(await open(of.mailboxes, id, message)).toEqual(MAIL);
    }
    of.clocks.advance(MINUTE);
    for (const [id, message] of messages) expect(await open(of.mailboxes, id, message)).toEqual(MAIL);
  });

  it("does nothing to what is there already", async () => {
    const of = organization();
    await inUse(of, 1);
    await of.mailboxes.rewrap("m0", { to: of.other });
    of.asked();
    expect(await of.mailboxes.rewrap("m0", { to: of.other })).toBe(false);
    expect(of.asked()).toEqual([]);
  });

  it("moves to any keyring, and to several at once", async () => {
    const of = organization();
    const messages = await inUse(of, 2);
    const raw = rawAesKeyring({ namespace: "escrow", name: "2026", key: new Uint8Array(32).fill(9) });
    const to = multiKeyring({ generator: of.other, children: [raw] });
    expect(await of.mailboxes.rewrapAll({ to })).toEqual({ rewrapped: 2, current: 0, failed: [] });
    for (const organization of [of.other, raw]) {
      const process = of.process({ organization });
      for (const [id, message] of messages) expect(await open(process, id, message)).toEqual(MAIL);
    }
    // An alias cannot tell what is current: it is wrapped anew each time.
    const alias = kmsKeyring({ client: of.kms.client, keyId: ALIAS_A });
    const both = multiKeyring({ generator: alias, children: [raw] });
    for (let i = 0; i < 2; i++) expect((await of.mailboxes.rewrapAll({ to: both })).rewrapped).toBe(2);
    for (const [id, message] of messages) expect(await open(of.process(), id, message)).toEqual(MAIL);
  });

  it("is told of, mailbox by mailbox", async () => {
    const of = organization();
    await inUse(of, 5);
    await of.mailboxes.rewrap("m2", { to: of.other });
    const told: RewrapProgress[] = [];
    const summary = await of.mailboxes.rewrapAll({ to: of.other, onProgress: (one) => void told.push(one) });
    expect(summary).toEqual({ rewrapped: 4, current: 1, failed: [] });
    expect(told.map(({ done }) => done)).toEqual([1, 2, 3, 4, 5]);
    expect(new Map(told.map(({ mailboxId, outcome }) => [mailboxId, outcome]))).toEqual(
      new Map(["m0", "m1", "m2", "m3", "m4"].map((id) => [id, id === "m2" ? "current" : "rewrapped"])),
    );
    const events = of.events.filter(({ type }) => type === "mailboxRewrapped");
    expect(events.length).toBe(5);
  });

  it("is shared by workers, segment by segment", async () => {
    const of = organization();
    const messages = await inUse(of, 10);
    const workers = [0, 1, 2].map((segment) =>
      of.process().rewrapAll({ to: of.other, segment, totalSegments: 3, concurrency: 1 }),
    );
    const summaries = await Promise.all(workers);
    expect(summaries.map(({ rewrapped }) => rewrapped)).toEqual([4, 3, 3]);
    const moved = of.process({ organization: of.other });
    for (const [id, message] of messages) expect(await open(moved, id, message)).toEqual(MAIL);
  });

  it("stopped by a KMS that refuses goes on where it was", async () => {
    const of = organization();
    const messages = await inUse(of, 8);
    const denied = { operation: "Encrypt", fault: { error: "AccessDeniedException" } } as const;
    const onProgress = ({ done }: RewrapProgress) => void (done === 3 && of.kms.faults.add(denied));
    const error = await failure(of.mailboxes.rewrapAll({ to: of.other, concurrency: 2, onProgress }));
    expect(error).toMatchObject({ code: "ERR_KMS_ACCESS_DENIED", operation: "Encrypt" });
    const moved = keysIn(of).filter((key) => key === ARN_B.slice(-12)).length;
    expect(moved % 2).toBe(0);
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(16);
    // Half-way: whoever knows both organisations reads everything.
    const both = of.process({ otherOrganizations: [of.other] });
    for (const [id, message] of messages) expect(await open(both, id, message)).toEqual(MAIL);
    of.kms.faults.clear();
    const rest = await of.process().rewrapAll({ to: of.other });
    expect(rest).toMatchObject({ rewrapped: 8 - moved / 2, current: moved / 2 });
    for (const [id, message] of messages) {
      expect(await open(of.process({ organization: of.other }), id, message)).toEqual(MAIL);
    }
  });

  it("stops at once where KMS refuses to open, and does not ask for every mailbox", async () => {
    const of = organization();
    await inUse(of, 6);
    of.kms.faults.add({ operation: "Decrypt", fault: { error: "AccessDeniedException" } });
    const error = await failure(
      of.mailboxes.rewrapAll({ to: of.other, concurrency: 1 }),
      "ERR_HIERARCHY_UNWRAP",
    );
    expect(error.message).toMatch(/Mailbox "m0".*kms:Decrypt/s);
    expect(of.asked()).toEqual(["Decrypt"]);
  });

  it("leaves a mailbox whose own record is at fault, reports it, and goes on", async () => {
    const of = organization();
    await inUse(of, 3);
    of.store.records.set("m1", "{}");
    const stranger = of.process({ encryptionContext: {} });
    await stranger.create("stranger");
    const summary = await of.mailboxes.rewrapAll({ to: of.other });
    expect(summary.rewrapped).toBe(2);
    expect(summary.failed.map(({ code, keyId }) => [keyId, code]).sort()).toEqual([
      ["m1", "ERR_HIERARCHY_RECORD"],
      ["stranger", "ERR_HIERARCHY_UNWRAP"],
    ]);
    expect(of.store.records.get("m1")).toBe("{}");
  });

  it("run twice at once, beside rotations and destructions, loses nothing", async () => {
    const of = organization();
    const messages = await inUse(of, 6);
    const [a, b, c] = [of.process(), of.process(), of.process({ otherOrganizations: [of.other] })];
    const rotated = new Map<string, Uint8Array>();
    await Promise.all([
      a.rewrapAll({ to: of.other }),
      b.rewrapAll({ to: of.other }),
      ...["m0", "m1", "m2"].map(async (id) => {
        await c.rotate(id);
        rotated.set(id, await seal(c, id));
      }),
      c.destroy("m5", { confirmId: "m5" }),
    ]);
    await a.rewrapAll({ to: of.other });
    const moved = of.process({ organization: of.other });
    for (const [id, message] of messages) {
      if (id === "m5") await failure(open(moved, id, message), "ERR_NO_DATA_KEY");
      else expect(await open(moved, id, message)).toEqual(MAIL);
    }
    for (const [id, message] of rotated) expect(await open(moved, id, message)).toEqual(MAIL);
    expect((await moved.inspect("m0"))!.versions.length).toBe(3);
  });

  it("changes nothing if what was wrapped opens to another key, or not at all", async () => {
    const of = organization();
    await inUse(of, 1);
    const before = of.store.records.get("m0");
    const { wrap } = of.other;
    const liar = {
      name: "liar",
      wrap: wrap!,
      unwrap: async () => ({
        dataKey: new Uint8Array(32).fill(3),
        opened: { providerId: "liar", providerInfo: new Uint8Array(0), ciphertext: new Uint8Array(0) },
      }),
    };
    const error = await failure(of.mailboxes.rewrap("m0", { to: liar }), "ERR_KEYRING");
    expect(error.message).toMatch(/opened to another key; nothing was changed/);
    const mute = { name: "mute", wrap: wrap!, unwrap: async () => null };
    await failure(of.mailboxes.rewrap("m0", { to: mute }), "ERR_HIERARCHY_UNWRAP");
    expect(of.store.records.get("m0")).toBe(before);
  });

  it("is stopped by its signal, and by an onProgress that throws", async () => {
    const of = organization();
    await inUse(of, 6);
    const controller = new AbortController();
    const reason = new Error("enough");
    const onProgress = ({ done }: RewrapProgress) => {
      if (done === 2) controller.abort(reason);
    };
    const stopped = of.mailboxes.rewrapAll({
      to: of.other,
      signal: controller.signal,
      concurrency: 1,
      onProgress,
    });
    await expect(stopped).rejects.toBe(reason);
    const throws = of.mailboxes.rewrapAll({
      to: of.other,
      concurrency: 1,
      onProgress() {
        throw reason;
      },
    });
    await expect(throws).rejects.toBe(reason);
    expect(await of.mailboxes.rewrapAll({ to: of.other })).toMatchObject({ rewrapped: 4, current: 2 });
  });

  it.each([
    [{}, /to must be a keyring/],
    [{ to: { name: "reader", unwrap: () => null } }, /to must be a keyring that wraps/],
    [{ to: { name: "writer", wrap: () => [] } }, /to must be a keyring that unwraps/],
    [{ segment: 0 }, /segment and totalSegments belong together/],
    [{ segment: 3, totalSegments: 3 }, /segment must be a whole number from 0 to 2/],
    [{ segment: 0, totalSegments: 0 }, /totalSegments must be/],
    [{ concurrency: 0 }, /concurrency must be/],
    [{ onProgress: 1 }, /onProgress must be a function/],
  ])("refuses %o", async (options, message) => {
    const of = organization();
    const to = Object.keys(options).some((key) => key !== "to") ? { to: of.other } : {};
    const error = await failure<TypeError>(
      of.mailboxes.rewrapAll({ ...to, ...options } as never),
      "ERR_INVALID_ARGUMENT",
    );
    expect(error.message).toMatch(message);
  });
});
