import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import {
  inspectObject,
  type Keyring,
  multiKeyring,
  type ObjectOptions,
  openObject,
  rawAesKeyring,
  rawRsaKeyring,
} from "../../src/index.ts";
import { counting, random, toHex, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { clear, watched } from "../support/keyrings.ts";
import { itWith } from "../support/padding.ts";
import { rsaPair } from "../support/rsa.ts";
import * as older from "./older.ts";

const KEY = counting(32, 9);
const pair = rsaPair();
const keys = { publicKey: pair.publicForms.JWK, privateKey: pair.privateForms.JWK };
const aes = (key = KEY, more = {}) => rawAesKeyring({ namespace: "ns", name: "aes", key, ...more });
const rsa = (more = {}) =>
  rawRsaKeyring({ namespace: "ns", name: "rsa", padding: "oaep-sha1", ...keys, ...more });
/** KMS that wraps in clear. */
const kms = () =>
  clear("S3Keyring", {
    unwrap: ([edk]) => ({ dataKey: new Uint8Array(edk!.ciphertext), opened: edk! }),
  });
const PAIRS = { tenant: "t1" };
const bound = (cek: "gcm" | "cbc") => ({ ...PAIRS, "aws:x-amz-cek-alg": older.CEK[cek] });

const ALL: ObjectOptions["legacy"] = { wrappingAlgorithms: true, unauthenticatedModes: true };
const ALLOW = "require-encrypt-allow-decrypt";

interface Case {
  readonly name: string;
  readonly legacy: boolean;
  readonly implied?: boolean;
  /** What the web backend lacks for it. */
  readonly needs?: string;
  readonly wrap: older.OlderWrap;
  readonly keyring: Keyring;
  readonly pairs?: (cek: "gcm" | "cbc") => Record<string, string>;
  readonly context?: Record<string, string>;
}

const CASES: readonly Case[] = [
  {
    name: "kms+context",
    legacy: false,
    wrap: older.kms(),
    keyring: kms(),
    pairs: bound,
    context: PAIRS,
  },
  { name: "kms", legacy: true, wrap: older.kms("kms"), keyring: kms(), pairs: () => ({ kms_cmk_id: "arn" }) },
  ...[16, 24, 32].flatMap((length): Case[] => {
    const key = counting(length, 9);
    return [
      { name: `AES/GCM ${8 * length}`, legacy: false, wrap: older.aesGcm(key), keyring: aes(key) },
      { name: `AESWrap ${8 * length}`, legacy: true, wrap: older.aesWrap(key), keyring: aes(key) },
      {
        name: `AES ${8 * length}`,
        legacy: true,
        implied: true,
        wrap: older.aesImplied(key),
        keyring: aes(key),
      },
    ];
  }),
  { name: "RSA-OAEP-SHA1", legacy: false, wrap: older.rsaFramed(pair.publicKey), keyring: rsa() },
  ...(["sha1", "sha256"] as const).map((hash) => ({
    name: `RSA/ECB/OAEPWithSHA-256AndMGF1Padding, MGF1 with ${hash}`,
    legacy: true,
    needs: "RSA-OAEP with SHA-256 and MGF1 with SHA-1",
    wrap: older.rsaOaep(pair.publicKey, hash),
    keyring: rsa(),
  })),
  {
    name: "RSA",
    legacy: true,
    implied: true,
    needs: "RSA pkcs1",
    wrap: older.rsaImplied(pair.publicKey),
    keyring: rsa(),
  },
];

describe.each(CASES)("$name", ({ legacy, implied, needs, wrap, keyring, pairs, context = {} }) => {
  const contents = implied ? (["cbc"] as const) : (["gcm", "cbc"] as const);
  describe.each(contents)("%s", (content) => {
    const format = implied ? "V1" : "V2";
    const write = (plaintext: Uint8Array) =>
      older.writeOlder(plaintext, { format, content, wrap, ...(pairs && { pairs: pairs(content) }) });
    const options: ObjectOptions = {
      keyring,
      commitmentPolicy: ALLOW,
      legacy: ALL,
      encryptionContext: context,
    };

    if (needs !== undefined && backend.name === "web") {
      it("is refused by its name: this runtime has no such RSA", async () => {
        const error = await failure(openObject(write(utf8("x")), options), "ERR_UNSUPPORTED");
        expect(error).toMatchObject({ capability: needs });
      });
      return;
    }

    it.each([0, 1, 15, 16, 17, 1000])("%d bytes", async (length) => {
      const plaintext = counting(length);
      const opened = await openObject(write(plaintext), options);
      expect(toHex(opened.plaintext)).toBe(toHex(plaintext));
      expect(opened.encryptionContext).toEqual(context);
    });

    it("needs the policy and the options that it needs, before any key is asked for", async () => {
      const object = write(utf8("text"));
      const spy = watched(keyring);
      const policies = [undefined, "require-encrypt-require-decrypt"] as const;
      for (const commitmentPolicy of policies) {
        const strict = { ...options, keyring: spy, ...(commitmentPolicy && { commitmentPolicy }) };
        if (commitmentPolicy === undefined) delete (strict as { commitmentPolicy?: string }).commitmentPolicy;
        await failure(openObject(object, strict), "ERR_COMMITMENT_POLICY");
      }
      const closed = [
        ...(legacy ? [{ unauthenticatedModes: true }, { ...ALL, wrappingAlgorithms: 1 as never }] : []),
        ...(content === "cbc"
          ? [{ wrappingAlgorithms: true }, { ...ALL, unauthenticatedModes: "yes" as never }]
          : []),
        ...(legacy || content === "cbc" ? [undefined, {}] : []),
      ];
      for (const switches of closed) {
        const { legacy: _, ...rest } = options;
        const error = await failure(
          openObject(object, { ...rest, keyring: spy, ...(switches && { legacy: switches }) }),
          "ERR_S3_LEGACY",
        );
        expect(error.message).toMatch(/wrappingAlgorithms|unauthenticatedModes/);
      }
      expect(spy.calls).toEqual([]);
      for (const commitmentPolicy of [ALLOW, "forbid-encrypt-allow-decrypt"] as const) {
        const enough = { wrappingAlgorithms: legacy, unauthenticatedModes: content === "cbc" };
        const opened = await openObject(object, { ...options, commitmentPolicy, legacy: enough });
        expect(opened.plaintext).toEqual(utf8("text"));
      }
    });

    it("shows what it is without a key", () => {
      const facts = inspectObject(write(utf8("x")).metadata);
      const name = wrap.name ?? (content === "cbc" && keyring.name.includes("RSA") ? "RSA" : "AES");
      expect(facts).toMatchObject({ format, wrap: name, suite: { id: content === "gcm" ? 0x72 : 0x70 } });
    });
  });
});

describe("keyrings themselves", () => {
  it("open older wraps only where the request brings their ciphers", async () => {
    const { objectCiphers } = await import("#crypto");
    const { suiteById } = await import("../../src/suites/table.ts");
    const { parseMetadata } = await import("../../src/object/metadata.ts");
    const suite = suiteById(0x0070, "object");
    for (const { legacy, implied, needs, wrap, keyring } of CASES) {
      if (!legacy || wrap.name === "kms" || (needs !== undefined && backend.name === "web")) continue;
      const format = implied ? "V1" : "V2";
      const { metadata, dataKey } = older.writeOlder(utf8("x"), { format, content: "cbc", wrap });
      const { edk } = parseMetadata(metadata);
      const notes: string[] = [];
      const note = (_: unknown, status: string) => void notes.push(status);
      const ask = (purpose: object) =>
        keyring.unwrap!([edk], { purpose, keyLength: 32, encryptionContext: {}, note } as never);
      expect(await ask({ kind: "object", suite })).toBeNull();
      expect(await ask({ kind: "key" })).toBeNull();
      expect(notes).toEqual(["skipped", "skipped"]);
      expect(await ask({ kind: "object", suite, legacy: objectCiphers })).toEqual({ dataKey, opened: edk });
    }
  });

  it("never write an older wrap, nor say that one is current", async () => {
    const { suiteById } = await import("../../src/suites/table.ts");
    const { parseMetadata } = await import("../../src/object/metadata.ts");
    const suite = suiteById(0x0072, "object");
    const request = { purpose: { kind: "object", suite }, keyLength: 32, encryptionContext: {} } as const;
    for (const keyring of [aes(), rsa()]) {
      const wrap = keyring.name.includes("AES") ? older.aesWrap(KEY) : older.rsaOaep(pair.publicKey, "sha1");
      const { metadata } = older.writeOlder(utf8("x"), { format: "V2", content: "gcm", wrap });
      expect(await keyring.isCurrent!([parseMetadata(metadata).edk], request)).toBe(false);
    }
  });

  it("open a key that V2 wrapped for one content algorithm under no other", async () => {
    for (const [wrap, keyring] of [
      [older.aesGcm(KEY), aes()],
      [older.rsaFramed(pair.publicKey), rsa()],
    ] as const) {
      const swapped = { ...wrap, wrap: (dataKey: Uint8Array) => wrap.wrap(dataKey, older.CEK.cbc) };
      const object = older.writeOlder(utf8("x"), { format: "V2", content: "gcm", wrap: swapped });
      const options = { keyring, commitmentPolicy: ALLOW, legacy: ALL } as const;
      await failure(openObject(object, options), "ERR_NO_DATA_KEY");
    }
    const { metadata, body } = older.writeOlder(utf8("x"), {
      format: "V2",
      content: "gcm",
      wrap: older.kms(),
      pairs: bound("cbc"),
    });
    const keyring = watched(kms());
    const options = { keyring, commitmentPolicy: ALLOW, legacy: ALL, encryptionContext: PAIRS } as const;
    await failure(openObject({ metadata, body }, options), "ERR_ENCRYPTION_CONTEXT");
    expect(keyring.calls).toEqual([]);
  });
});

describe("the pairs of older KMS wraps", () => {
  const { metadata, body } = older.writeOlder(utf8("x"), {
    format: "V2",
    content: "gcm",
    wrap: older.kms("kms"),
    pairs: { kms_cmk_id: "arn", "aws:ses:message-id": "m1" },
  });
  const options = { commitmentPolicy: ALLOW, legacy: { wrappingAlgorithms: true } } as const;

  it("go to KMS whole, and come back without the key's id", async () => {
    const contexts: unknown[] = [];
    const unwrap: Keyring["unwrap"] = ([edk], { encryptionContext }) => {
      contexts.push(encryptionContext);
      return { dataKey: new Uint8Array(edk!.ciphertext), opened: edk! };
    };
    const keyring = clear("S3Keyring", { unwrap });
    for (const encryptionContext of [{}, { "aws:ses:message-id": "m1" }]) {
      const opened = await openObject({ metadata, body }, { keyring, encryptionContext, ...options });
      expect(opened).toEqual({ plaintext: utf8("x"), encryptionContext: { "aws:ses:message-id": "m1" } });
    }
    const stored = { kms_cmk_id: "arn", "aws:ses:message-id": "m1" };
    expect(contexts).toEqual([stored, stored]);
  });

  it.each([{ "aws:ses:message-id": "m2" }, { other: "pair" }, { "aws:ses:message-id": "m1", other: "" }])(
    "are compared with those that are named: %o",
    async (encryptionContext) => {
      const keyring = watched(kms());
      const act = openObject({ metadata, body }, { keyring, encryptionContext, ...options } as ObjectOptions);
      await failure(act, "ERR_ENCRYPTION_CONTEXT");
      expect(keyring.calls).toEqual([]);
    },
  );
});

describe("what is wrong with CBC", () => {
  const options = { keyring: aes(), commitmentPolicy: ALLOW, legacy: ALL } as const;
  const [dataKey, iv] = [random(32), random(16)];
  const around = (body: Uint8Array) => {
    const { metadata } = older.writeOlder(utf8("x"), {
      format: "V2",
      content: "cbc",
      wrap: older.aesWrap(KEY),
      dataKey,
    });
    return { metadata: { ...metadata, "x-amz-iv": Buffer.from(iv).toString("base64") }, body };
  };

  it("looks alike, and like a tag that does not fit", async () => {
    const padded = (last: readonly number[]) => {
      const block = new Uint8Array(16).fill(7);
      block.set(last, 16 - last.length);
      return older.cbcSeal(dataKey, iv, block, false);
    };
    const good = older.cbcSeal(dataKey, iv, utf8("text"));
    const bodies = [
      new Uint8Array(0),
      good.subarray(0, 15),
      new Uint8Array(17),
      padded([0]),
      padded([17]),
      padded([255]),
      padded([1, 2]),
      padded([4, 3, 3]),
      padded(new Array(15).fill(16)),
    ];
    const errors = await Promise.all(
      bodies.map((body) => failure(openObject(around(body), options), "ERR_AUTHENTICATION")),
    );
    const gcm = older.writeOlder(utf8("x"), { format: "V2", content: "gcm", wrap: older.aesGcm(KEY) });
    const flippedTag = { ...gcm, body: gcm.body.map((byte, i) => (i === 3 ? byte ^ 1 : byte)) };
    errors.push(await failure(openObject(flippedTag, options), "ERR_AUTHENTICATION"));
    expect(new Set(errors.map(({ message }) => message)).size).toBe(1);
    expect(errors.map(({ cause }) => cause).every((cause) => cause === undefined)).toBe(true);
    expect((await openObject(around(good), options)).plaintext).toEqual(utf8("text"));
  });

  itWith(
    "pkcs1",
    "under RSA of format V1 looks like a wrong key: it opens to another key, and never fails by itself",
    async () => {
      const { metadata, body } = older.writeOlder(utf8("text"), {
        format: "V1",
        content: "cbc",
        wrap: older.rsaImplied(pair.publicKey),
      });
      const opts = { keyring: rsa(), commitmentPolicy: ALLOW, legacy: ALL } as const;
      const wrapped = Buffer.from(metadata["x-amz-key"]!, "base64");
      const messages = new Set<string>();
      for (let i = 1; i < 12; i++) {
        const altered = Uint8Array.from(wrapped);
        altered[20 * i]! ^= 1;
        const object = {
          metadata: { ...metadata, "x-amz-key": Buffer.from(altered).toString("base64") },
          body,
        };
        // A padding that fits by chance, once in 256: then other bytes come out.
        const outcome = await openObject(object, opts).catch((error) => error);
        if (!(outcome instanceof Error)) expect(outcome.plaintext).not.toEqual(utf8("text"));
        else messages.add(`${(outcome as { code?: string } & Error).code} ${outcome.message}`);
      }
      expect([...messages]).toEqual([expect.stringMatching(/^ERR_AUTHENTICATION /)]);
    },
  );
});

describe("the label of format V1", () => {
  const label = { key: "2014" };
  const write = (pairs: Record<string, string>, key: Uint8Array) =>
    older.writeOlder(utf8("text"), { format: "V1", content: "cbc", wrap: older.aesImplied(key), pairs });
  const options = { commitmentPolicy: ALLOW, legacy: ALL } as const;

  it("tells wrapping keys apart, where a keyring has one", async () => {
    const other = counting(32, 40);
    const keyring = multiKeyring({
      generator: aes(KEY, { materialsDescription: { key: "2015" } }),
      children: [aes(other, { materialsDescription: label })],
    });
    const opened = await openObject(write(label, other), { keyring, ...options });
    expect(opened.plaintext).toEqual(utf8("text"));
    const error = await failure(
      openObject(write({ key: "2013" }, KEY), { keyring, ...options }),
      "ERR_NO_DATA_KEY",
    );
    expect(error.message).toMatch(/skipped: of another materials description/);
    expect((await openObject(write({ key: "2013" }, KEY), { keyring: aes(), ...options })).plaintext).toEqual(
      utf8("text"),
    );
  });

  itWith("pkcs1", "tells RSA keys apart too, of which each opens everything to something", async () => {
    const stranger = rsaPair();
    const keyring = multiKeyring({
      children: [
        rsa({
          publicKey: stranger.publicForms.JWK,
          privateKey: stranger.privateForms.JWK,
          materialsDescription: { key: "2015" },
        }),
        rsa({ materialsDescription: label }),
      ],
    });
    const object = older.writeOlder(utf8("text"), {
      format: "V1",
      content: "cbc",
      wrap: older.rsaImplied(pair.publicKey),
      pairs: label,
    });
    expect((await openObject(object, { keyring, ...options })).plaintext).toEqual(utf8("text"));
  });

  it("is not compared where the wrap tells by itself", async () => {
    const keyring = aes(KEY, { materialsDescription: { key: "2015" } });
    for (const wrap of [older.aesGcm(KEY), older.aesWrap(KEY)]) {
      const object = older.writeOlder(utf8("text"), { format: "V2", content: "gcm", wrap, pairs: label });
      expect((await openObject(object, { keyring, ...options })).plaintext).toEqual(utf8("text"));
    }
  });
});
