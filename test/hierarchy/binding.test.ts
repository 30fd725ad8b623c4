import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/bytes/utf8.ts";
import type { MailboxKind } from "../../src/hierarchy/mailbox-record.ts";
import {
  createEncryptionClient,
  type EncryptedDataKey,
  type Keyring,
  multiKeyring,
  rawAesKeyring,
} from "../../src/index.ts";
import { failure } from "../support/failure.ts";
import { MAIL, type Organization, open, organization, seal } from "./helpers.ts";

const KINDS: readonly MailboxKind[] = ["symmetric", "asymmetric"];

/** A keyring that hands on its encrypted data keys as `change` has them. */
const changing = (keyring: Keyring, change: (edk: EncryptedDataKey) => EncryptedDataKey): Keyring => ({
  name: "changing",
  async wrap(dataKey, request) {
    return (await keyring.wrap!(dataKey, request)).map(change);
  },
});

const sealWith = async (keyring: Keyring, encryptionContext = {}) =>
  (await createEncryptionClient({ keyring }).encrypt(MAIL, { encryptionContext })).ciphertext;

const renamed = (name: string) => (edk: EncryptedDataKey) => ({ ...edk, providerInfo: utf8(name) });

const refusal = async (of: Organization, id: string, message: Uint8Array) =>
  failure(open(of.mailboxes, id, message), "ERR_NO_DATA_KEY");

describe.each(KINDS)("a message key of a mailbox (%s)", (kind) => {
  it("does not open in another mailbox, whatever name it is given", async () => {
    const of = organization();
    await of.mailboxes.create("alice", { kind });
    const { version } = await of.mailboxes.create("bob", { kind });
    const plain = await seal(of.mailboxes, "alice");
    expect((await refusal(of, "bob", plain)).message).toMatch(/wrapped under mailbox "alice", not "bob"/);
    const moved = await sealWith(changing(of.mailboxes.keyring("alice"), renamed(`bob/${version}`)));
    expect((await refusal(of, "bob", moved)).message).toMatch(/does not open under mailbox key bob\//);
  });

  it("does not open under another version of its mailbox", async () => {
    const of = organization();
    const first = await of.mailboxes.create("alice", { kind });
    const second = await of.mailboxes.rotate("alice");
    const moved = await sealWith(changing(of.mailboxes.keyring("alice"), renamed(`alice/${first.version}`)));
    expect((await refusal(of, "alice", moved)).message).toMatch(`mailbox key alice/${first.version}`);
    const unknown = second.version.replace(/^......../, "00000000");
    const lost = await sealWith(changing(of.mailboxes.keyring("alice"), renamed(`alice/${unknown}`)));
    const error = await failure(open(of.mailboxes, "alice", lost), "ERR_NO_DATA_KEY");
    expect(error.cause).toMatchObject({ code: "ERR_HIERARCHY_UNKNOWN", keyId: "alice" });
  });

  it("does not open under another context", async () => {
    const of = organization();
    await of.mailboxes.create("alice", { kind });
    const request = { purpose: { kind: "key" }, keyLength: 32, encryptionContext: { a: "1" } } as const;
    const dataKey = new Uint8Array(32).fill(5);
    const keyring = of.mailboxes.keyring("alice");
    const edks = await keyring.wrap!(dataKey, request);
    const notes: string[] = [];
    const note = (_: EncryptedDataKey, status: string) => void notes.push(status);
    const opened = await keyring.unwrap!(edks, { ...request, note });
    expect(opened).toEqual({ dataKey, opened: edks[0] });
    for (const encryptionContext of [{}, { a: "2" }, { a: "1", b: "" }]) {
      expect(await keyring.unwrap!(edks, { ...request, encryptionContext, note })).toBeNull();
    }
    expect(notes).toEqual(["failed", "failed", "failed"]);
  });

  it("is not opened if any of its bits is another one, nor at any other length", async () => {
    const of = organization();
    await of.mailboxes.create("alice", { kind });
    const keyring = of.mailboxes.keyring("alice");
    const request = { purpose: { kind: "key" }, keyLength: 32, encryptionContext: {}, note() {} } as const;
    const [edk] = await keyring.wrap!(new Uint8Array(32).fill(5), request);
    const { ciphertext } = edk!;
    const step = kind === "symmetric" ? 1 : 41;
    for (let bit = 0; bit < 8 * ciphertext.length; bit += step) {
      const altered = Uint8Array.from(ciphertext);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(await keyring.unwrap!([{ ...edk!, ciphertext: altered }], request), `bit ${bit}`).toBeNull();
    }
    for (let length = 0; length < ciphertext.length; length += step) {
      const cut = { ...edk!, ciphertext: ciphertext.subarray(0, length) };
      expect(await keyring.unwrap!([cut], request), `${length} bytes`).toBeNull();
    }
    expect(await keyring.unwrap!([edk!], { ...request, keyLength: 32 })).not.toBeNull();
  });

  it("of one kind does not open as one of the other kind", async () => {
    const of = organization();
    await of.mailboxes.create("alice", { kind });
    const other = kind === "symmetric" ? "keyfold-mailbox-rsa" : "keyfold-mailbox";
    const swapped = changing(of.mailboxes.keyring("alice"), (edk) => ({ ...edk, providerId: other }));
    expect((await refusal(of, "alice", await sealWith(swapped))).message).toMatch(/does not open/);
  });

  it("names mailbox and version, for whoever inspects the message", async () => {
    const of = organization();
    const { version } = await of.mailboxes.create("alice/inbox", { kind });
    const client = createEncryptionClient({ keyring: of.mailboxes.keyring("alice/inbox") });
    const { ciphertext, message } = await client.encrypt(MAIL);
    const providerId = kind === "symmetric" ? "keyfold-mailbox" : "keyfold-mailbox-rsa";
    expect(message.wrappingKeys).toEqual([{ providerId, name: `alice/inbox/${version}` }]);
    expect((await client.decrypt(ciphertext)).plaintext).toEqual(MAIL);
  });
});

describe("a keyring of mailboxes", () => {
  it("finds the mailbox in the encryption context, for each message", async () => {
    const { mailboxes } = organization();
    for (const id of ["alice", "bob"]) await mailboxes.create(id);
    const keyring = mailboxes.keyring(({ mailbox }) => mailbox!);
    const client = createEncryptionClient({ keyring });
    for (const mailbox of ["alice", "bob"]) {
      const { ciphertext, message } = await client.encrypt(MAIL, { encryptionContext: { mailbox } });
      expect(message.wrappingKeys[0]!.name).toMatch(new RegExp(`^${mailbox}/`));
      expect((await client.decrypt(ciphertext)).plaintext).toEqual(MAIL);
      expect(await open(mailboxes, mailbox, ciphertext)).toEqual(MAIL);
    }
    const error = await failure<TypeError>(client.encrypt(MAIL), "ERR_INVALID_ARGUMENT");
    expect(error.message).toMatch(/a mailbox id must be a non-empty string/);
    // A message that names no mailbox, or by which the function fails, is one for another keyring.
    const nameless = await seal(mailboxes, "alice");
    const picky = mailboxes.keyring(({ mailbox }) => {
      if (mailbox === undefined) throw new Error("no mailbox in it");
      return mailbox;
    });
    for (const [reader, reason] of [
      [keyring, /a mailbox id must be/],
      [picky, /no mailbox in it/],
    ] as const) {
      const alone = createEncryptionClient({ keyring: reader });
      expect((await failure(alone.decrypt(nameless), "ERR_NO_DATA_KEY")).message).toMatch(reason);
      const both = multiKeyring({ children: [reader, mailboxes.keyring("alice")] });
      expect((await createEncryptionClient({ keyring: both }).decrypt(nameless)).plaintext).toEqual(MAIL);
    }
  });

  it("skips what other keyrings wrapped, and says so", async () => {
    const { mailboxes } = organization();
    await mailboxes.create("alice");
    const raw = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(1) });
    const names = ["", "/", "alice", "alice/", "alice/not-a-uuid", `/${"0".repeat(36)}`];
    const others = names.map((name) => changing(raw, () => edkOf(name)));
    for (const keyring of [raw, ...others]) {
      const error = await failure(open(mailboxes, "alice", await sealWith(keyring)), "ERR_NO_DATA_KEY");
      expect(error.message).toMatch(/skipped: not wrapped under a mailbox key/);
    }
  });

  it("tells whether a message was sealed under the key that writes today", async () => {
    const { mailboxes } = organization();
    await mailboxes.create("alice");
    await mailboxes.create("bob");
    const client = createEncryptionClient({ keyring: mailboxes.keyring("alice") });
    const { ciphertext } = await client.encrypt(MAIL);
    expect(await client.needsReencryption(ciphertext)).toBe(false);
    await mailboxes.rotate("alice");
    expect(await client.needsReencryption(ciphertext)).toBe(true);
    const renewed = await client.reencrypt(ciphertext);
    expect(await client.needsReencryption(renewed.ciphertext)).toBe(false);
    expect((await client.decrypt(renewed.ciphertext)).plaintext).toEqual(MAIL);
    expect(await client.needsReencryption(await seal(mailboxes, "bob"))).toBe(true);
  });
});

const edkOf = (name: string): EncryptedDataKey => ({
  providerId: "keyfold-mailbox",
  providerInfo: utf8(name),
  ciphertext: new Uint8Array(76),
});

it("what is sealed while a mailbox changes its kind is sealed by one version alone", async () => {
  const of = organization();
  await of.mailboxes.create("alice", { kind: "symmetric" });
  const before = of.store.records.get("alice")!;
  await of.mailboxes.rotate("alice", { kind: "asymmetric" });
  const after = of.store.records.get("alice")!;
  const get = of.store.get.bind(of.store);
  // The record is read and replaced, and what was kept of it is forgotten a few steps later.
  for (let steps = 0; steps < 24; steps++) {
    const writer = of.process();
    of.store.records.set("alice", before);
    of.store.get = async (id) => {
      const record = await get(id);
      of.store.get = get;
      of.store.records.set("alice", after);
      void (async () => {
        for (let step = 0; step < steps; step++) await null;
        writer.clear();
      })();
      return record;
    };
    const message = await seal(writer, "alice");
    expect(await open(of.process(), "alice", message), `${steps} steps`).toEqual(MAIL);
  }
});

describe("a wrapped mailbox key", () => {
  const swap = ({ store }: Organization, a: string, b: string) => {
    // The wrapped keys change places, ids and versions stay: what a hostile store can do.
    const [x, y] = [a, b].map((id) => JSON.parse(store.records.get(id)!));
    [x.versions[0].wrapped, y.versions[0].wrapped] = [y.versions[0].wrapped, x.versions[0].wrapped];
    store.records.set(a, JSON.stringify(x));
    store.records.set(b, JSON.stringify(y));
  };

  it("does not open in another mailbox's record", async () => {
    const of = organization();
    for (const id of ["alice", "bob"]) await of.mailboxes.create(id);
    swap(of, "alice", "bob");
    const error = await failure(seal(of.mailboxes, "alice"), "ERR_HIERARCHY_UNWRAP");
    expect(error).toMatchObject({ name: "HierarchyError", level: "mailbox", keyId: "alice" });
    expect(error.cause).toMatchObject({ code: "ERR_NO_DATA_KEY" });
  });

  it("opens there with bindMailbox: false, as WorkMail's does: why that is not the default", async () => {
    const of = organization({ bindMailbox: false });
    for (const id of ["alice", "bob"]) await of.mailboxes.create(id);
    const message = await seal(of.mailboxes, "alice");
    swap(of, "alice", "bob");
    of.mailboxes.clear();
    await seal(of.mailboxes, "alice");
    // The swap is noticed at the messages: their data keys are bound to the mailbox key itself.
    expect((await refusal(of, "alice", message)).message).toMatch(/does not open/);
  });

  it("does not open as another version's", async () => {
    const of = organization();
    await of.mailboxes.create("alice");
    await of.mailboxes.rotate("alice");
    const record = JSON.parse(of.store.records.get("alice")!);
    record.versions[1].wrapped = record.versions[0].wrapped;
    of.store.records.set("alice", JSON.stringify(record));
    of.mailboxes.clear();
    await failure(seal(of.mailboxes, "alice"), "ERR_HIERARCHY_UNWRAP");
  });

  it("does not open under another organisation's pairs or key", async () => {
    const of = organization();
    await of.mailboxes.create("alice");
    const stranger = of.process({ encryptionContext: { "aws:workmail:arn": "another" } });
    const error = await failure(seal(stranger, "alice"), "ERR_HIERARCHY_UNWRAP");
    expect(error.message).toMatch(/^Mailbox "alice": .*wrapped by another organization/);
    const elsewhere = of.process({ organization: of.other });
    expect((await failure(seal(elsewhere, "alice"), "ERR_HIERARCHY_UNWRAP")).message).toMatch(
      /which this keyring does not name/,
    );
    const both = of.process({ organization: of.other, otherOrganizations: [of.organization] });
    expect(await open(both, "alice", await seal(of.mailboxes, "alice"))).toEqual(MAIL);
  });
});
