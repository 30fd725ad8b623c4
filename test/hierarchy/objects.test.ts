import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  cachingMaterialsManager,
  type EncryptedDataKey,
  type EncryptionContext,
  inspectObject,
  type Keyring,
  multiKeyring,
  type ObjectOptions,
  openObject,
  rawAesKeyring,
  rawRsaKeyring,
  type SealedObject,
  sealObject,
} from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aesObjectKey, readObject, writeObject } from "../support/independent-object.ts";
import { check, someBytes, someContext } from "../support/property.ts";
import { rsaPair } from "../support/rsa.ts";
import { MAIL, organization } from "./helpers.ts";

const PAIRS = { "aws:s3:arn": "arn:aws:s3:::mail/inbox/1", É: "ü" };
const V2 = { commitmentPolicy: "forbid-encrypt-allow-decrypt" } as const;
const FORMATS = [
  { format: "V3", policy: {}, field: "x-amz-m", edk: "x-amz-3" },
  { format: "V2", policy: V2, field: "x-amz-matdesc", edk: "x-amz-key-v2" },
] as const;

/** An organisation in which alice has a mailbox. */
async function alice(kind: "symmetric" | "asymmetric" = "symmetric") {
  const of = organization();
  const { version } = await of.mailboxes.create("alice", { kind });
  return { ...of, version, keyring: of.mailboxes.keyring("alice") };
}

/** Why an object does not open. */
const refusal = async (object: SealedObject, options: ObjectOptions) => {
  const error = await failure(openObject(object, options), "ERR_NO_DATA_KEY");
  return (error as unknown as { reasons: { status: string; reason: string }[] }).reasons[0]!;
};

describe.each(FORMATS)(
  "an object of format $format in a symmetric mailbox",
  ({ format, policy, field, edk }) => {
    const labelOf = ({ metadata }: SealedObject) => JSON.parse(metadata[field]!) as Record<string, string>;
    const relabelled = ({ metadata, body }: SealedObject, label: Record<string, unknown>) => ({
      metadata: { ...metadata, [field]: JSON.stringify(label) },
      body,
    });

    it("opens again, and shows whose it is", async () => {
      const { keyring, version } = await alice();
      const sealed = await sealObject(MAIL, { keyring, encryptionContext: PAIRS, ...policy });
      const opened = await openObject(sealed, { keyring, encryptionContext: PAIRS, ...policy });
      expect(opened).toEqual({ plaintext: MAIL, encryptionContext: PAIRS });
      const { materialsDescription, ...facts } = inspectObject(sealed.metadata);
      expect(facts).toMatchObject({ format, wrap: "AES/GCM", encryptionContext: {} });
      expect(materialsDescription).toEqual({
        "keyfold-mailbox": "alice",
        "keyfold-mailbox-version": version,
        "keyfold-mailbox-salt": expect.stringMatching(/^[A-Za-z0-9+/]{22}==$/),
      });
      expect(Buffer.from(sealed.metadata[edk]!, "base64").length).toBe(60);
      // The pairs bind, and are not stored.
      expect(JSON.stringify(sealed.metadata)).not.toContain("arn:aws:s3");
    });

    it("opens with the pairs of any context", async () => {
      const { keyring } = await alice();
      const names = (pairs: EncryptionContext) => ["aws:x-amz-cek-alg", "kms_cmk_id"].some((n) => n in pairs);
      await check(
        someContext().filter((pairs) => !names(pairs)),
        async (encryptionContext) => {
          const options = { keyring, encryptionContext, ...policy };
          const opened = await openObject(await sealObject(MAIL, options), options);
          expect(opened.plaintext).toEqual(MAIL);
        },
        30,
      );
    });

    it.each<[string, EncryptionContext]>([
      ["none", {}],
      ["one missing", { "aws:s3:arn": PAIRS["aws:s3:arn"] }],
      ["one changed", { ...PAIRS, "aws:s3:arn": "arn:aws:s3:::mail/inbox/2" }],
      ["one more", { ...PAIRS, more: "" }],
    ])("does not open with other pairs: %s", async (_, encryptionContext) => {
      const { keyring } = await alice();
      const sealed = await sealObject(MAIL, { keyring, encryptionContext: PAIRS, ...policy });
      const { status, reason } = await refusal(sealed, { keyring, encryptionContext, ...policy });
      expect(status).toBe("failed");
      expect(reason).toMatch(/does not open under mailbox key alice\/.*: another context, or altered bytes/);
    });

    it("opens by its own label alone", async () => {
      const { keyring, mailboxes, version } = await alice();
      const bob = await mailboxes.create("bob");
      const [one, two] = [
        await sealObject(MAIL, { keyring, ...policy }),
        await sealObject(MAIL, { keyring, ...policy }),
      ];
      const label = labelOf(one);
      const { "keyfold-mailbox-salt": salt } = labelOf(two);
      const { version: next } = await mailboxes.rotate("alice");
      for (const [changed, reader] of [
        [{ ...label, "keyfold-mailbox-salt": salt }, keyring],
        [{ ...label, "keyfold-mailbox-version": next }, keyring],
        [
          { ...label, "keyfold-mailbox": "bob", "keyfold-mailbox-version": bob.version },
          mailboxes.keyring("bob"),
        ],
      ] as const) {
        const { status, reason } = await refusal(relabelled(one, changed), { keyring: reader, ...policy });
        expect({ status, reason }).toMatchObject({
          status: "failed",
          reason: expect.stringMatching(/does not open/),
        });
      }
      const lost = relabelled(one, { ...label, "keyfold-mailbox-version": `00000000${version.slice(8)}` });
      expect((await refusal(lost, { keyring, ...policy })).reason).toMatch(/has no key of version 00000000/);
      const more = relabelled(one, { ...label, other: "pair" });
      expect((await openObject(more, { keyring, ...policy })).plaintext).toEqual(MAIL);
    });

    it("is skipped, with the reason, if its label is none of a mailbox, or another's", async () => {
      const { keyring, mailboxes } = await alice();
      await mailboxes.create("bob");
      const sealed = await sealObject(MAIL, { keyring, ...policy });
      const label = labelOf(sealed);
      const salt = (value: string) => ({ ...label, "keyfold-mailbox-salt": value });
      const version = (value: string) => ({ ...label, "keyfold-mailbox-version": value });
      const without = Object.keys(label).map((name) =>
        Object.fromEntries(Object.entries(label).filter(([key]) => key !== name)),
      );
      for (const bad of [
        {},
        ...without,
        salt(""),
        salt("%"),
        salt(Buffer.alloc(15).toString("base64")),
        salt(Buffer.alloc(17).toString("base64")),
        version(""),
        version("current"),
        version(label["keyfold-mailbox-version"]!.toUpperCase().replace(/^./, "A")),
      ]) {
        expect(await refusal(relabelled(sealed, bad), { keyring, ...policy })).toMatchObject({
          status: "skipped",
          reason: "its label names no mailbox, version and salt",
        });
      }
      expect(await refusal(sealed, { keyring: mailboxes.keyring("bob"), ...policy })).toMatchObject({
        status: "skipped",
        reason: 'wrapped under mailbox "alice", not "bob"',
      });
    });

    it("is opened by no other bits of its wrapped key, nor at another length", async () => {
      const { keyring } = await alice();
      const { metadata, body } = await sealObject(MAIL, { keyring, ...policy });
      const bytes = Buffer.from(metadata[edk]!, "base64");
      const as = (changed: Uint8Array) => ({
        metadata: { ...metadata, [edk]: Buffer.from(changed).toString("base64") },
        body,
      });
      for (let bit = 0; bit < 8 * bytes.length; bit += 7) {
        const altered = Uint8Array.from(bytes);
        altered[bit >> 3]! ^= 1 << (bit & 7);
        expect((await refusal(as(altered), { keyring, ...policy })).status, `bit ${bit}`).toBe("failed");
      }
      for (const length of [1, 11, 12, 28, 59])
        await refusal(as(bytes.subarray(0, length)), { keyring, ...policy });
      await refusal(as(Buffer.concat([bytes, Buffer.alloc(1)])), { keyring, ...policy });
    });

    it("stays readable after a change of the key, and of its kind", async () => {
      const { keyring, mailboxes } = await alice();
      const sealed = await sealObject(MAIL, { keyring, ...policy });
      for (const kind of ["symmetric", "asymmetric", "symmetric"] as const) {
        await mailboxes.rotate("alice", { kind });
        expect((await openObject(sealed, { keyring, ...policy })).plaintext).toEqual(MAIL);
      }
      const later = await sealObject(MAIL, { keyring, ...policy });
      expect(labelOf(later)["keyfold-mailbox-version"]).not.toBe(labelOf(sealed)["keyfold-mailbox-version"]);
    });

    it("is lost with its mailbox", async () => {
      const { keyring, mailboxes } = await alice();
      const sealed = await sealObject(MAIL, { keyring, ...policy });
      await mailboxes.destroy("alice", { confirmId: "alice" });
      const error = await failure(openObject(sealed, { keyring, ...policy }), "ERR_NO_DATA_KEY");
      expect(error.cause).toMatchObject({ code: "ERR_HIERARCHY_UNKNOWN", keyId: "alice" });
      await failure(sealObject(MAIL, { keyring, ...policy }), "ERR_HIERARCHY_UNKNOWN");
    });

    it("may be found by the context", async () => {
      const { mailboxes } = await alice();
      await mailboxes.create("bob");
      const keyring = mailboxes.keyring(({ mailbox }) => mailbox!);
      for (const mailbox of ["alice", "bob"]) {
        const options = { keyring, encryptionContext: { mailbox }, ...policy };
        const sealed = await sealObject(MAIL, options);
        expect(labelOf(sealed)["keyfold-mailbox"]).toBe(mailbox);
        expect((await openObject(sealed, options)).plaintext).toEqual(MAIL);
        const other = { mailbox: mailbox === "alice" ? "bob" : "alice" };
        expect((await refusal(sealed, { ...options, encryptionContext: other })).status).toBe("skipped");
      }
    });
  },
);

describe("an asymmetric mailbox", () => {
  it("does not write objects, and says what to do", async () => {
    const { keyring, mailboxes } = await alice("asymmetric");
    const error = await failure(sealObject(MAIL, { keyring }), "ERR_KEYRING");
    expect(error.message).toMatch(/S3 objects need a symmetric mailbox, and "alice" is asymmetric/);
    expect(error.message).toMatch(/rotate\(id, \{ kind: "symmetric" \}\)/);
    await mailboxes.rotate("alice", { kind: "symmetric" });
    expect((await openObject(await sealObject(MAIL, { keyring }), { keyring })).plaintext).toEqual(MAIL);
  });

  it("does not open an object whose label names its asymmetric version", async () => {
    const { keyring, mailboxes } = await alice();
    const { metadata, body } = await sealObject(MAIL, { keyring });
    const { version } = await mailboxes.rotate("alice", { kind: "asymmetric" });
    const label = { ...JSON.parse(metadata["x-amz-m"]!), "keyfold-mailbox-version": version };
    const moved = { metadata: { ...metadata, "x-amz-m": JSON.stringify(label) }, body };
    expect(await refusal(moved, { keyring })).toMatchObject({ status: "failed" });
  });
});

it("an object's data key is current while its mailbox's key is, and is for objects alone", async () => {
  const { keyring, mailboxes } = await alice();
  await mailboxes.create("bob");
  const suite = (await import("../../src/suites/table.ts")).suiteById(0x0073, "object");
  const request = { purpose: { kind: "object", suite }, keyLength: 32, encryptionContext: {} } as const;
  const message = { ...request, purpose: { kind: "key" } } as const;
  const dataKey = new Uint8Array(32).fill(5);
  const edks = await keyring.wrap!(dataKey, request);
  const messageEdks = await keyring.wrap!(dataKey, message);
  // Of another length it is none of an object's.
  const long = await keyring.wrap!(new Uint8Array(48), request);
  expect(await keyring.unwrap!(long, { ...request, note() {} })).toBeNull();
  const current = async (reader: Keyring, of: readonly EncryptedDataKey[]) => [
    await reader.isCurrent!(of, request),
    await reader.isCurrent!(of, message),
  ];
  expect(await current(keyring, edks)).toEqual([true, false]);
  expect(await current(keyring, messageEdks)).toEqual([false, true]);
  expect(await current(keyring, [])).toEqual([false, false]);
  expect(await current(keyring, [...edks, ...edks])).toEqual([false, false]);
  expect(await current(mailboxes.keyring("bob"), edks)).toEqual([false, false]);
  await mailboxes.rotate("alice");
  expect(await current(keyring, edks)).toEqual([false, false]);
  await mailboxes.rotate("alice", { kind: "asymmetric" });
  expect(await current(keyring, edks)).toEqual([false, false]);
  // A message's data key does not open as an object's, nor an object's as a message's.
  const note = () => {};
  expect(await keyring.unwrap!(edks, { ...message, note })).toBeNull();
  expect(await keyring.unwrap!(messageEdks, { ...request, note })).toBeNull();
  expect(await keyring.unwrap!(edks, { ...request, note })).toEqual({ dataKey, opened: edks[0] });
});

describe("together with others", () => {
  const raw = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(1) });

  it("one data key serves many objects under a caching manager", async () => {
    const { keyring } = await alice();
    const materialsManager = cachingMaterialsManager({ keyring, reusePeriodSeconds: 60 });
    const options = { materialsManager, encryptionContext: PAIRS };
    const sealed = await Promise.all([1, 2, 3].map((i) => sealObject(utf8(`mail ${i}`), options)));
    expect(new Set(sealed.map(({ metadata }) => metadata["x-amz-3"])).size).toBe(1);
    for (const [i, object] of sealed.entries()) {
      expect((await openObject(object, { keyring, encryptionContext: PAIRS })).plaintext).toEqual(
        utf8(`mail ${i + 1}`),
      );
      expect((await openObject(object, options)).plaintext).toEqual(utf8(`mail ${i + 1}`));
    }
    await failure(openObject(sealed[0]!, { materialsManager }), "ERR_NO_DATA_KEY");
    const other = await sealObject(MAIL, { materialsManager });
    expect(other.metadata["x-amz-3"]).not.toBe(sealed[0]!.metadata["x-amz-3"]);
    materialsManager.dispose();
  });

  it("a raw key beside it opens nothing for which pairs were named", async () => {
    const { keyring } = await alice();
    const both = multiKeyring({ children: [raw, keyring] });
    const sealed = await sealObject(MAIL, { keyring, encryptionContext: PAIRS });
    expect((await openObject(sealed, { keyring: both, encryptionContext: PAIRS })).plaintext).toEqual(MAIL);
    const plain = await sealObject(MAIL, { keyring: raw });
    expect((await openObject(plain, { keyring: both })).plaintext).toEqual(MAIL);
    const { status, reason } = await refusal(plain, { keyring: both, encryptionContext: PAIRS });
    expect(status).toBe("skipped");
    expect(reason).toMatch(/raw keys bind no encryption context in S3 objects/);
    // A raw key that writes, beside a mailbox that only reads, seals nothing for pairs.
    const { wrap: _, objectWrap: __, ...reader } = keyring;
    const pair = rsaPair();
    const rsa = rawRsaKeyring({
      namespace: "n",
      name: "k",
      padding: "oaep-sha1",
      publicKey: pair.publicForms.JWK,
    });
    for (const generator of [raw, rsa]) {
      const mixed = multiKeyring({ generator, children: [reader] });
      expect((await openObject(sealed, { keyring: mixed, encryptionContext: PAIRS })).plaintext).toEqual(
        MAIL,
      );
      const error = await failure(
        sealObject(MAIL, { keyring: mixed, encryptionContext: PAIRS }),
        "ERR_ENCRYPTION_CONTEXT",
      );
      expect(error.message).toMatch(/raw keys bind no encryption context in S3 objects/);
      await sealObject(MAIL, { keyring: mixed });
    }
    // Two that write are too many for an object.
    await failure(sealObject(MAIL, { keyring: both }), "ERR_INVALID_ARGUMENT");
  });
});

describe("the format", () => {
  const field = (text: string) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
  };
  const contextBytes = (context: EncryptionContext) => {
    const keys = Object.keys(context).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    if (keys.length === 0) return Buffer.alloc(0);
    const pairs = keys.flatMap((key) => [field(key), field(context[key]!)]);
    return Buffer.concat([Buffer.from([keys.length >> 8, keys.length & 255]), ...pairs]);
  };

  /** An organisation that wraps nothing, so that the test sees mailbox secrets. */
  const glass: Keyring = {
    name: "glass",
    wrap: (dataKey) => [
      { providerId: "glass", providerInfo: new Uint8Array(0), ciphertext: Uint8Array.from(dataKey) },
    ],
    unwrap: ([edk]) => ({ dataKey: Uint8Array.from(edk!.ciphertext), opened: edk! }),
  };

  it("is that of a raw AES key, which HMAC derives: any reader opens by it, and any writer writes", async () => {
    const of = organization({ organization: glass });
    const { version } = await of.mailboxes.create("älice/📬");
    const keyring = of.mailboxes.keyring("älice/📬");
    const secret = Buffer.from(
      JSON.parse(of.store.records.get("älice/📬")!).versions[0].wrapped[0].ciphertext,
      "base64",
    );
    const derived = (salt: Buffer, context: EncryptionContext) =>
      createHmac("sha256", secret)
        .update(Buffer.from([0, 0, 0, 1]))
        .update("keyfold-mailbox-object\0")
        .update(salt)
        .update(field("älice/📬"))
        .update(Buffer.from(version.replaceAll("-", ""), "hex"))
        .update(contextBytes(context))
        .update(Buffer.from([0, 0, 1, 0]))
        .digest();
    await check(
      someBytes(100),
      async (plaintext) => {
        const options = { keyring, encryptionContext: PAIRS };
        const { metadata, body } = await sealObject(plaintext, options);
        expect(metadata["x-amz-m"]).toMatch(/^[\x20-\x7e]+$/);
        const label = JSON.parse(metadata["x-amz-m"]!);
        const key = derived(Buffer.from(label["keyfold-mailbox-salt"], "base64"), PAIRS);
        expect(readObject(metadata, body, aesObjectKey(key))).toEqual(plaintext);
        const raw = rawAesKeyring({ namespace: "any", name: "key", key });
        expect((await openObject({ metadata, body }, { keyring: raw })).plaintext).toEqual(plaintext);

        const salt = Buffer.alloc(16, 3);
        const written = writeObject(plaintext, aesObjectKey(derived(salt, PAIRS)), {
          ...label,
          "keyfold-mailbox-salt": salt.toString("base64"),
        });
        expect((await openObject(written, options)).plaintext).toEqual(plaintext);
      },
      20,
    );
  });
});
