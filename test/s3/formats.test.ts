// What other writers stored, of every format and wrap, through the S3 client.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CommitmentPolicy, type Keyring, rawRsaKeyring } from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";
import {
  aesObjectKey,
  rsaObjectKey,
  type WrittenObject,
  writeKmsObject,
  writeObject,
} from "../support/independent-object.ts";
import { aesV1, kmsV1, rsaV1, writeObjectV1 } from "../support/independent-object-v1.ts";
import {
  aesGcmV2,
  aesWrapV2,
  kmsContextV2,
  kmsV2,
  rsaOaepSha1V2,
  rsaOaepSha256V2,
  type V2Wrap,
  writeObjectV2,
} from "../support/independent-object-v2.ts";
import { splitObject } from "../support/instruction-file.ts";
import { aes, KEY, watched } from "../support/keyrings.ts";
import { rsaPair } from "../support/rsa.ts";
import { get, head, refused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => at.forget());

const TEXT = utf8("42 pears, and some more than two blocks of AES hold");
const pair = rsaPair();
const rsa = () =>
  rawRsaKeyring({
    namespace: "n",
    name: "k",
    padding: "oaep-sha1",
    publicKey: pair.publicForms["PEM SPKI"],
    privateKey: pair.privateForms["PEM PKCS#8"],
  });
const CBC = "AES/CBC/PKCS5Padding" as const;
const { KEYFOLD_BACKEND } = process.env;
const onWeb = KEYFOLD_BACKEND === "web";

interface Kind {
  readonly name: string;
  readonly write: () => Promise<WrittenObject>;
  readonly keyring: () => Keyring;
  readonly wrap: string;
  readonly format: "V1" | "V2" | "V3";
  readonly legacyWrap?: boolean;
  readonly cbc?: boolean;
  /** The web has no cipher for it. */
  readonly nodeOnly?: boolean;
}

const v2 = (how: () => V2Wrap, kind: Omit<Kind, "name" | "write" | "format">): Kind[] =>
  (["AES/GCM/NoPadding", CBC] as const).map((content) => ({
    name: `V2 ${kind.wrap}, ${content}`,
    write: () => writeObjectV2(TEXT, how(), { content }),
    format: "V2",
    ...kind,
    ...(content === CBC && { cbc: true }),
  }));

const OAEP = "RSA/ECB/OAEPWithSHA-256AndMGF1Padding";
const old = { format: "V1", legacyWrap: true, cbc: true } as const;
const KINDS: Kind[] = [
  {
    name: "V3 AES",
    format: "V3",
    wrap: "AES/GCM",
    keyring: aes,
    write: async () => writeObject(TEXT, aesObjectKey(KEY)),
  },
  {
    name: "V3 RSA",
    format: "V3",
    wrap: "RSA-OAEP-SHA1",
    keyring: rsa,
    write: async () => writeObject(TEXT, rsaObjectKey(pair)),
  },
  {
    name: "V3 KMS",
    format: "V3",
    wrap: "kms+context",
    keyring: () => at.keyring,
    write: () => writeKmsObject(TEXT, at.byHand),
  },
  ...v2(() => aesGcmV2(KEY), { wrap: "AES/GCM", keyring: aes }),
  ...v2(() => rsaOaepSha1V2(pair), { wrap: "RSA-OAEP-SHA1", keyring: rsa }),
  ...v2(() => kmsContextV2(at.byHand), { wrap: "kms+context", keyring: () => at.keyring }),
  ...v2(() => kmsV2(at.byHand), { wrap: "kms", keyring: () => at.keyring, legacyWrap: true }),
  ...v2(() => aesWrapV2(KEY), { wrap: "AESWrap", keyring: aes, legacyWrap: true }),
  ...v2(() => rsaOaepSha256V2(pair), { wrap: OAEP, keyring: rsa, legacyWrap: true, nodeOnly: true }),
  { ...old, name: "V1 AES", wrap: "AES", keyring: aes, write: () => writeObjectV1(TEXT, aesV1(KEY)) },
  {
    ...old,
    name: "V1 RSA",
    wrap: "RSA",
    keyring: rsa,
    nodeOnly: true,
    write: () => writeObjectV1(TEXT, rsaV1(pair)),
  },
];

const allow: { commitmentPolicy: CommitmentPolicy } = { commitmentPolicy: "require-encrypt-allow-decrypt" };
const legacy = (wrappingAlgorithms: boolean, unauthenticatedModes: boolean) => ({
  legacy: { wrappingAlgorithms, unauthenticatedModes },
});
/** The keyring, and nothing of it may have been asked. */
const unasked = (kind: Kind) => {
  const keyring = watched(kind.keyring());
  return { keyring, check: () => expect([keyring.calls, at.kms.events]).toEqual([[], []]) };
};

describe.each(KINDS)("$name", (kind) => {
  const { wrap, format, legacyWrap = false, cbc = false } = kind;
  const place = async (key: string) => {
    const written = await kind.write();
    await at.place(key, written);
    const { metadata, body, instruction } = splitObject(written);
    await at.place(`${key}-beside`, { metadata, body });
    await at.place(`${key}-beside.instruction`, instruction);
    at.forget();
  };

  it("opens where policy and options allow all of it, beside an instruction file too", async () => {
    await place("k");
    for (const key of ["k", "k-beside"]) {
      const client = at.client({ keyring: kind.keyring(), ...allow, ...legacy(legacyWrap, cbc) });
      if (kind.nodeOnly === true && onWeb) {
        await refused(get(client, key), "ERR_UNSUPPORTED", key);
        continue;
      }
      const reply = await get(client, key);
      expect(await reply.Body!.transformToByteArray()).toEqual(TEXT);
      expect(reply.ContentLength).toBe(TEXT.length);
      expect(reply.encryption).toMatchObject({
        format,
        wrap,
        verified: !cbc,
        plaintextLength: TEXT.length,
        instructionFile: key === "k-beside",
      });
    }
  });

  it("does not open by default before V3: no key is asked for", async () => {
    await place("k");
    for (const key of ["k", "k-beside"]) {
      const { keyring, check } = unasked(kind);
      const client = at.client({ keyring, ...legacy(true, true) });
      if (format === "V3") expect((await get(client, key)).ContentLength).toBe(TEXT.length);
      else {
        await refused(get(client, key), "ERR_COMMITMENT_POLICY", key);
        check();
      }
    }
  });

  it("does not open without each of the legacy options that it needs: no key is asked for", async () => {
    await place("k");
    const lacking = [
      ...(legacyWrap ? [legacy(false, true)] : []),
      ...(cbc ? [legacy(true, false)] : []),
      ...(legacyWrap || cbc ? [legacy(false, false), {}] : []),
    ];
    for (const options of lacking) {
      for (const key of ["k", "k-beside"]) {
        const { keyring, check } = unasked(kind);
        await refused(get(at.client({ keyring, ...allow, ...options }), key), "ERR_S3_LEGACY", key);
        check();
      }
    }
  });

  it("shows its head without a key", async () => {
    await place("k");
    const { keyring, check } = unasked(kind);
    const { encryption } = await head(at.client({ keyring }), "k");
    expect(encryption).toMatchObject({ format, wrap, verified: false });
    expect(encryption!.plaintextLength).toBe(cbc ? undefined : TEXT.length);
    check();
  });

  it("does not open under another key, nor altered", async () => {
    await place("k");
    const { metadata, body } = await at.stored("k");
    const options = { ...allow, ...legacy(legacyWrap, cbc) };
    if (kind.nodeOnly === true && onWeb) return;
    if (!cbc) {
      const altered = Uint8Array.from(body, (byte, i) => (i === 3 ? byte ^ 1 : byte));
      await at.place("k", { metadata: { ...metadata }, body: altered });
      await refused(get(at.client({ keyring: kind.keyring(), ...options }), "k"), "ERR_AUTHENTICATION", "k");
    }
    await at.place("k", { metadata: { ...metadata }, body: body.slice(0, body.length - 1) });
    await refused(get(at.client({ keyring: kind.keyring(), ...options }), "k"), "ERR_AUTHENTICATION", "k");
  });
});

it("kms with a caller's pairs compares them with what is stored", async () => {
  const pairs = { "aws:ses:message-id": "m", kms_cmk_id: "arn" };
  await at.place("ses", await writeObjectV2(TEXT, kmsV2(at.byHand), { pairs }));
  const client = at.client({ ...allow, ...legacy(true, false) });
  const { encryption } = await get(client, "ses");
  expect(encryption!.encryptionContext).toEqual({ "aws:ses:message-id": "m" });
  await get(client, "ses", {}, { encryptionContext: { "aws:ses:message-id": "m" } });
  at.forget();
  const other = { encryptionContext: { "aws:ses:message-id": "n" } };
  await refused(get(client, "ses", {}, other), "ERR_ENCRYPTION_CONTEXT", "ses");
  expect(at.kms.events).toEqual([]);
});

it("kms in V1 does not read as anything else", async () => {
  // Format V1 names no wrap: what KMS wrapped is taken for RSA or AES.
  await at.place("v1", await writeObjectV1(TEXT, kmsV1(at.byHand)));
  await refused(get(at.client({ ...allow, ...legacy(true, true) }), "v1"), "ERR_NO_DATA_KEY", "v1");
});
