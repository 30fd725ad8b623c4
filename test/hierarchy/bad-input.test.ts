import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createMailboxKeys } from "../../src/hierarchy/index.ts";
import { rawAesKeyring, rawRsaKeyring } from "../../src/index.ts";
import { failure, textOf } from "../support/failure.ts";
import { MAIL, open, organization, seal, TestStore } from "./helpers.ts";

const key = new Uint8Array(32).fill(1);
const raw = rawAesKeyring({ namespace: "n", name: "k", key });

describe("createMailboxKeys refuses", () => {
  const good = { organization: raw, store: new TestStore() };
  it.each<[string, unknown, RegExp]>([
    ["no options", undefined, /an options object is needed/],
    ["no organization", { store: good.store }, /organization must be a keyring that unwraps/],
    ["an organization that only writes", { ...good, organization: { name: "w", wrap() {} } }, /that unwraps/],
    [
      "other organizations that are none",
      { ...good, otherOrganizations: [{}] },
      /each of otherOrganizations/,
    ],
    ["other organizations that are no array", { ...good, otherOrganizations: raw }, /must be an array/],
    ["no store", { organization: raw }, /store must be a MailboxStore/],
    ["a store without list", { ...good, store: { name: "s", get() {}, replace() {} } }, /store must be/],
    ["a bindMailbox that is no boolean", { ...good, bindMailbox: 1 }, /bindMailbox must be true or false/],
    [
      "a period of nothing",
      { ...good, reusePeriodSeconds: 0 },
      /reusePeriodSeconds must be .* from 1 to 86400/,
    ],
    ["a period of two days", { ...good, reusePeriodSeconds: 172_800 }, /reusePeriodSeconds/],
    ["no capacity", { ...good, capacity: 0 }, /capacity/],
    ["an observer that is no function", { ...good, observer: {} }, /observer must be a function/],
    ["clocks that tell no time", { ...good, clocks: {} }, /clocks must have/],
    [
      "a context that holds keyfold's own pairs",
      { ...good, encryptionContext: { "keyfold:mailbox-id": "alice" } },
      /must not hold "keyfold:mailbox-id"/,
    ],
  ])("%s", async (_, options, message) => {
    const error = await failure<TypeError>(() => createMailboxKeys(options as never), "ERR_INVALID_ARGUMENT");
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
  });

  it("a context that cannot be bound", async () => {
    const options = { ...good, encryptionContext: { a: 1 } as never };
    await failure(() => createMailboxKeys(options), "ERR_ENCRYPTION_CONTEXT");
  });
});

describe("ids", () => {
  const bad = ["", "x".repeat(1025), "é".repeat(513), "\ud800", 1, null, undefined, {}];
  it.each(bad)("%j is no id of a mailbox", async (id) => {
    const { mailboxes, store } = organization();
    const calls: ((id: never) => unknown)[] = [
      mailboxes.create,
      mailboxes.keyring,
      mailboxes.inspect,
      mailboxes.rotate,
      (id) => mailboxes.rewrap(id, { to: raw }),
      (id) => mailboxes.destroy(id, { confirmId: id }),
    ];
    for (const call of calls) {
      const error = await failure<TypeError>(async () => call(id as never), "ERR_INVALID_ARGUMENT");
      expect(error.message).toMatch(/a mailbox id must be a non-empty string .* of at most 1024 bytes/);
    }
    expect(store.calls).toEqual([]);
  });

  const odd = [
    "../../etc/passwd",
    "a/b",
    "a\\b",
    "..",
    "__proto__",
    "📬",
    "a\0b",
    " ",
    "x".repeat(1024),
    "alice@example.com",
  ];
  it.each(odd)("%j is one", async (id) => {
    const { mailboxes } = organization();
    await mailboxes.create(id);
    expect(await open(mailboxes, id, await seal(mailboxes, id))).toEqual(MAIL);
  });

  it.each([{ kind: "Symmetric" }, { kind: null }, { kind: 1 }])("%j is no kind", async (options) => {
    const { mailboxes } = organization();
    await mailboxes.create("alice");
    for (const call of [
      mailboxes.create("bob", options as never),
      mailboxes.rotate("alice", options as never),
    ]) {
      expect((await failure(call, "ERR_INVALID_ARGUMENT")).message).toMatch(/kind must be "symmetric" or/);
    }
  });

  it.each(["x", [1], {}])("%j are no fingerprints", async (publicKeyFingerprints) => {
    const { mailboxes } = organization();
    const options = { publicKeyFingerprints } as never;
    await failure(() => mailboxes.keyring("alice", options), "ERR_INVALID_ARGUMENT");
  });
});

describe("an unknown mailbox", () => {
  it("is named, whatever it is asked for", async () => {
    const { mailboxes, store, asked } = organization();
    await mailboxes.create("alice");
    const message = await seal(mailboxes, "alice");
    store.records.clear();
    mailboxes.clear();
    asked();
    const calls = [
      seal(mailboxes, "alice"),
      mailboxes.rotate("alice"),
      mailboxes.rewrap("alice", { to: raw }),
      mailboxes.destroy("alice", { confirmId: "alice" }),
    ];
    for (const call of calls) {
      const error = await failure(call, "ERR_HIERARCHY_UNKNOWN");
      expect(error).toMatchObject({ level: "mailbox", keyId: "alice" });
      expect(error.message).toMatch(/^Mailbox "alice": the store test store has no such mailbox/);
    }
    const error = await failure(open(mailboxes, "alice", message), "ERR_NO_DATA_KEY");
    expect(error.message).toMatch(/Mailbox "alice": the store test store has no such mailbox/);
    expect(asked()).toEqual([]);
  });
});

describe("a store that answers garbage", () => {
  type Version = Record<string, unknown>;
  const records: [string, (record: { versions: Version[] } & Record<string, unknown>) => unknown][] = [
    ["null", () => null],
    ["a list", () => []],
    ["a number", () => 7],
    ["another format", (record) => ({ ...record, format: 2 })],
    ["no format", ({ format: _, ...record }) => record],
    ["another id", (record) => ({ ...record, id: "bob" })],
    ["no versions", (record) => ({ ...record, versions: [] })],
    ["versions that are no list", (record) => ({ ...record, versions: {} })],
    ["a version that is none", (record) => ({ ...record, versions: [null] })],
    ["a version twice", ({ versions, ...record }) => ({ ...record, versions: [...versions, ...versions] })],
  ];
  const versions: [string, (version: Version) => unknown][] = [
    ["a version id that is no UUID", (version) => ({ ...version, version: "1" })],
    ["an unknown kind", (version) => ({ ...version, kind: "hybrid" })],
    ["no date", (version) => ({ ...version, createdAt: "yesterday" })],
    ["a date that is no text", (version) => ({ ...version, createdAt: 1 })],
    ["no wrapped keys", (version) => ({ ...version, wrapped: [] })],
    ["wrapped keys that are none", (version) => ({ ...version, wrapped: ["x"] })],
    [
      "wrapped keys that are no base64",
      (version) => ({ ...version, wrapped: [{ providerId: "aws-kms", providerInfo: "", ciphertext: "*" }] }),
    ],
    [
      "a provider that is no text",
      (version) => ({ ...version, wrapped: [{ providerId: 1, providerInfo: "", ciphertext: "" }] }),
    ],
    ["an asymmetric version without a key pair", (version) => ({ ...version, kind: "asymmetric" })],
    [
      "a public key that is no base64",
      (version) => ({ ...version, kind: "asymmetric", publicKey: "*", sealedPrivateKey: "" }),
    ],
  ];
  const cases = [
    ...records,
    ...versions.map(([what, change]): (typeof records)[number] => [
      what,
      ({ versions: [version], ...record }) => ({ ...record, versions: [change(version!)] }),
    ]),
  ];

  it.each(cases)("%s", async (_, change) => {
    const { mailboxes, store, asked } = organization();
    await mailboxes.create("alice");
    const before = JSON.parse(store.records.get("alice")!);
    const garbage = JSON.stringify(change(structuredClone(before)));
    store.records.set("alice", garbage);
    asked();
    const error = await failure(seal(mailboxes, "alice"), "ERR_HIERARCHY_RECORD");
    expect(error.message).toMatch(/^Mailbox "alice": what the store holds .* restore it from a backup/);
    await failure(mailboxes.rotate("alice"), "ERR_HIERARCHY_RECORD");
    await failure(mailboxes.inspect("alice"), "ERR_HIERARCHY_RECORD");
    await failure(mailboxes.rewrap("alice", { to: raw }), "ERR_HIERARCHY_RECORD");
    expect(asked()).toEqual([]);
    expect(store.records.get("alice")).toBe(garbage);
    // What cannot be read can still be destroyed.
    await mailboxes.destroy("alice", { confirmId: "alice" });
  });

  it.each(["", "{", "<xml/>", "\0"])("%j", async (text) => {
    const { mailboxes, store } = organization();
    store.records.set("alice", text);
    const error = await failure(seal(mailboxes, "alice"), "ERR_HIERARCHY_RECORD");
    expect(error.message).toMatch(/is not JSON/);
  });

  it.each([undefined, 1, {}, new Uint8Array(1)])("%o in place of a record", async (answer) => {
    const { process, store } = organization();
    const mailboxes = process({
      store: { name: "odd", get: async () => answer as never, replace: store.replace, list: store.list },
    });
    const error = await failure(seal(mailboxes, "alice"), "ERR_HIERARCHY_RECORD");
    expect(error.message).toMatch(/the store odd is not a MailboxStore: its get\(\) answered neither/);
  });

  it.each([undefined, 1, null, "true"])("%o in place of whether it wrote", async (answer) => {
    const { process } = organization();
    const store = {
      name: "odd",
      get: async () => null,
      replace: async () => answer as never,
      async *list() {},
    };
    const error = await failure(process({ store }).create("alice"), "ERR_HIERARCHY_RECORD");
    expect(error.message).toMatch(/its replace\(\) answered neither true nor false/);
  });

  it("other text than it was given", async () => {
    const { process, store, mailboxes } = organization();
    await mailboxes.create("alice");
    let n = 0;
    const forgetful = {
      name: "forgetful",
      get: async (id: string) => `${(await store.get(id))!.slice(0, -1)}, "n": ${n++}}`,
      replace: (id: string, before: string | null, after: string | null) => store.replace(id, before, after),
      list: () => store.list({ segment: 0, totalSegments: 1 }),
    };
    const error = await failure(process({ store: forgetful }).rotate("alice"), "ERR_HIERARCHY_CONFLICT");
    expect(error).toMatchObject({ keyId: "alice" });
    expect(error.message).toMatch(/100 times in a row. Nothing was written/);
  });
});

describe("an asymmetric mailbox", () => {
  const record = async () => {
    const of = organization();
    await of.mailboxes.create("old", { kind: "asymmetric" });
    const message = await seal(of.mailboxes, "old");
    of.mailboxes.clear();
    const stored = JSON.parse(of.store.records.get("old")!);
    const save = (change: object) =>
      of.store.records.set(
        "old",
        JSON.stringify({ ...stored, versions: [{ ...stored.versions[0], ...change }] }),
      );
    return { ...of, message, stored: stored.versions[0], save };
  };
  const spki = (bits: number) =>
    generateKeyPairSync("rsa", { modulusLength: bits }).publicKey.export({ type: "spki", format: "der" });

  it.each([
    ["is no key", Buffer.from("no key")],
    ["is too short", spki(512)],
    [
      "is that of a curve",
      generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "der" }),
    ],
    ["is empty", Buffer.alloc(0)],
  ])("whose public key %s names the mailbox", async (_, publicKey) => {
    const { mailboxes, save } = await record();
    save({ publicKey: publicKey.toString("base64") });
    const error = await failure(seal(mailboxes, "old"), "ERR_HIERARCHY_RECORD");
    expect(error.message).toMatch(/^Mailbox "old": its public key .* is damaged/);
  });

  it("whose private key does not match, is cut short or altered names the mailbox, never a key", async () => {
    const { mailboxes, save, stored, message } = await record();
    const sealed = Buffer.from(stored.sealedPrivateKey, "base64");
    const altered = Buffer.from(sealed);
    altered[40]! ^= 1;
    const changes = [
      { publicKey: spki(2048).toString("base64") },
      { sealedPrivateKey: altered.toString("base64") },
      { sealedPrivateKey: sealed.subarray(0, 20).toString("base64") },
      { sealedPrivateKey: sealed.subarray(0, 200).toString("base64") },
      { sealedPrivateKey: "" },
    ];
    for (const change of changes) {
      save(change);
      mailboxes.clear();
      const error = await failure(open(mailboxes, "old", message), "ERR_NO_DATA_KEY");
      expect(error.cause).toMatchObject({ code: "ERR_HIERARCHY_RECORD", keyId: "old", level: "mailbox" });
      expect(textOf(error)).not.toContain(stored.sealedPrivateKey.slice(0, 40));
    }
    // As a symmetric one it has another key than it is asked for.
    save({ kind: "symmetric" });
    mailboxes.clear();
    const error = await failure(open(mailboxes, "old", message), "ERR_NO_DATA_KEY");
    expect(error.message).toMatch(/does not open under mailbox key old\//);
  });
});

describe("an organisation", () => {
  it.each([
    ["raw AES", raw],
    [
      "raw RSA",
      (() => {
        const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        const pem = { publicKey: publicKey.export({ type: "spki", format: "pem" }) as string };
        return rawRsaKeyring({
          namespace: "n",
          name: "k",
          padding: "oaep-sha256",
          ...pem,
          privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
        });
      })(),
    ],
  ])("may be %s, for mailboxes of both kinds", async (_, organizationKeyring) => {
    const { process } = organization();
    const mailboxes = process({ organization: organizationKeyring });
    for (const kind of ["symmetric", "asymmetric"] as const) {
      await mailboxes.create(kind, { kind });
      expect(await open(mailboxes, kind, await seal(mailboxes, kind))).toEqual(MAIL);
    }
  });

  it("may be a mailbox itself: a hierarchy of hierarchies", async () => {
    const { mailboxes, process, asked } = organization();
    await mailboxes.create("department");
    const below = process({ organization: mailboxes.keyring("department"), encryptionContext: {} });
    asked();
    await below.create("alice");
    expect(await open(below, "alice", await seal(below, "alice"))).toEqual(MAIL);
    expect(asked()).toEqual(["Decrypt"]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["a short key", new Uint8Array(16).fill(1), /16 bytes; 32 are needed/],
    ["zeros", new Uint8Array(32), /a data key of zeros/],
  ])("that opens %s is refused", async (_, dataKey, message) => {
    const { process, mailboxes, organization: own } = organization();
    await mailboxes.create("alice");
    const odd = {
      ...own,
      unwrap: async (edks: never) => ({ dataKey: Uint8Array.from(dataKey), opened: edks[0] }),
    };
    const error = await failure(seal(process({ organization: odd }), "alice"), "ERR_KEYRING");
    expect(error.message).toMatch(message);
  });

  it("that cannot wrap reads, and is refused when a mailbox is made", async () => {
    const { process, mailboxes, organization: own } = organization();
    await mailboxes.create("alice");
    const reader = process({ organization: { name: "reader", unwrap: own.unwrap! } });
    expect(await open(reader, "alice", await seal(mailboxes, "alice"))).toEqual(MAIL);
    for (const call of [() => reader.create("bob"), () => reader.rotate("alice")]) {
      expect((await failure(call, "ERR_KEYRING")).message).toMatch(/cannot wrap a given key/);
    }
  });
});
