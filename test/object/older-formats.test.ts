import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import { inspectObject, type Keyring, type ObjectOptions, openObject } from "../../src/index.ts";
import { counting, random, toHex, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aesV1, rsaV1, type V1Wrap } from "../support/independent-object-v1.ts";
import {
  aesGcmV2,
  aesWrapV2,
  kmsContextV2,
  kmsV2,
  rsaOaepSha1V2,
  rsaOaepSha256V2,
  type V2Wrap,
} from "../support/independent-object-v2.ts";
import { clear, watched } from "../support/keyrings.ts";
import {
  ALL,
  ALLOW,
  aes,
  CBC,
  GCM,
  KEY,
  kms,
  kmsInClear,
  PAIRS,
  pair,
  rsa,
  writeOlder,
} from "./older-keyrings.ts";

interface Case {
  readonly name: string;
  readonly legacy: boolean;
  /** What the web backend lacks for it. */
  readonly needs?: string;
  readonly wrap: V1Wrap | V2Wrap;
  readonly keyring: Keyring;
  readonly pairs?: Record<string, string>;
  readonly context?: Record<string, string>;
}

const CASES: readonly Case[] = [
  {
    name: "kms+context",
    legacy: false,
    wrap: kmsContextV2(kmsInClear),
    keyring: kms(),
    pairs: PAIRS,
    context: PAIRS,
  },
  { name: "kms", legacy: true, wrap: kmsV2(kmsInClear), keyring: kms(), pairs: { kms_cmk_id: "arn" } },
  ...[16, 24, 32].flatMap((length): Case[] => {
    const key = counting(length, 9);
    return [
      { name: `AES/GCM ${8 * length}`, legacy: false, wrap: aesGcmV2(key), keyring: aes(key) },
      { name: `AESWrap ${8 * length}`, legacy: true, wrap: aesWrapV2(key), keyring: aes(key) },
      { name: `AES ${8 * length}`, legacy: true, wrap: aesV1(key), keyring: aes(key) },
    ];
  }),
  { name: "RSA-OAEP-SHA1", legacy: false, wrap: rsaOaepSha1V2(pair), keyring: rsa() },
  ...(["sha1", "sha256"] as const).map((hash) => ({
    name: `RSA/ECB/OAEPWithSHA-256AndMGF1Padding, MGF1 with ${hash}`,
    legacy: true,
    needs: "RSA-OAEP with SHA-256 and MGF1 with SHA-1",
    wrap: rsaOaepSha256V2(pair, hash),
    keyring: rsa(),
  })),
  { name: "RSA", legacy: true, needs: "RSA pkcs1", wrap: rsaV1(pair), keyring: rsa() },
];

describe.each(CASES)("$name", ({ legacy, needs, wrap, keyring, pairs = {}, context = {} }) => {
  const contents = "name" in wrap ? ([GCM, CBC] as const) : ([CBC] as const);
  describe.each(contents)("%s", (content) => {
    const write = (plaintext: Uint8Array) => writeOlder(plaintext, wrap, { content, pairs });
    const options: ObjectOptions = {
      keyring,
      commitmentPolicy: ALLOW,
      legacy: ALL,
      encryptionContext: context,
    };

    if (needs !== undefined && backend.name === "web") {
      it("is refused by its name: this runtime has no such RSA", async () => {
        const error = await failure(openObject(await write(utf8("x")), options), "ERR_UNSUPPORTED");
        expect(error).toMatchObject({ capability: needs });
      });
      return;
    }

    it.each([0, 1, 15, 16, 17, 1000])("%d bytes", async (length) => {
      const plaintext = counting(length);
      const opened = await openObject(await write(plaintext), options);
      expect(toHex(opened.plaintext)).toBe(toHex(plaintext));
      expect(opened.encryptionContext).toEqual(context);
    });

    it("needs the policy and the options that it needs, before any key is asked for", async () => {
      const object = await write(utf8("text"));
      const spy = watched(keyring);
      const policies = [undefined, "require-encrypt-require-decrypt"] as const;
      for (const commitmentPolicy of policies) {
        const strict = { ...options, keyring: spy, ...(commitmentPolicy && { commitmentPolicy }) };
        if (commitmentPolicy === undefined) delete (strict as { commitmentPolicy?: string }).commitmentPolicy;
        await failure(openObject(object, strict), "ERR_COMMITMENT_POLICY");
      }
      const closed = [
        ...(legacy ? [{ unauthenticatedModes: true }, { ...ALL, wrappingAlgorithms: 1 as never }] : []),
        ...(content === CBC
          ? [{ wrappingAlgorithms: true }, { ...ALL, unauthenticatedModes: "yes" as never }]
          : []),
        ...(legacy || content === CBC ? [undefined, {}] : []),
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
        const enough = { wrappingAlgorithms: legacy, unauthenticatedModes: content === CBC };
        const opened = await openObject(object, { ...options, commitmentPolicy, legacy: enough });
        expect(opened.plaintext).toEqual(utf8("text"));
      }
    });

    it("shows what it is without a key", async () => {
      const facts = inspectObject((await write(utf8("x"))).metadata);
      const implied = { format: "V1", wrap: keyring.name.includes("RSA") ? "RSA" : "AES" };
      const named = "name" in wrap ? { format: "V2", wrap: wrap.name } : implied;
      expect(facts).toMatchObject({ ...named, suite: { id: content === GCM ? 0x72 : 0x70 } });
    });
  });
});

describe("keyrings themselves", () => {
  it("open older wraps only where the request brings their ciphers", async () => {
    const { objectCiphers } = await import("#crypto");
    const { suiteById } = await import("../../src/suites/table.ts");
    const { parseMetadata } = await import("../../src/object/metadata.ts");
    const suite = suiteById(0x0070, "object");
    for (const { name, legacy, needs, wrap, keyring } of CASES) {
      if (!legacy || name === "kms" || (needs !== undefined && backend.name === "web")) continue;
      const dataKey = random(32);
      const { metadata } = await writeOlder(utf8("x"), wrap, { content: CBC, dataKey });
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
      const wrap = keyring.name.includes("AES") ? aesWrapV2(KEY) : rsaOaepSha256V2(pair);
      const { metadata } = await writeOlder(utf8("x"), wrap, { content: GCM });
      expect(await keyring.isCurrent!([parseMetadata(metadata).edk], request)).toBe(false);
    }
  });

  it("open a key that V2 wrapped for one content algorithm under no other", async () => {
    for (const [wrap, keyring] of [
      [aesGcmV2(KEY), aes()],
      [rsaOaepSha1V2(pair), rsa()],
    ] as const) {
      const swapped: V2Wrap = { ...wrap, wrap: (dataKey, _, stored) => wrap.wrap(dataKey, CBC, stored) };
      const object = await writeOlder(utf8("x"), swapped, { content: GCM });
      const options = { keyring, commitmentPolicy: ALLOW, legacy: ALL } as const;
      await failure(openObject(object, options), "ERR_NO_DATA_KEY");
    }
    const written = await writeOlder(utf8("x"), kmsContextV2(kmsInClear), { content: CBC, pairs: PAIRS });
    const gcm = await writeOlder(utf8("x"), kmsContextV2(kmsInClear), { content: GCM, pairs: PAIRS });
    const { "x-amz-matdesc": bound } = written.metadata;
    const object = { ...gcm, metadata: { ...gcm.metadata, "x-amz-matdesc": bound! } };
    const keyring = watched(kms());
    const options = { keyring, commitmentPolicy: ALLOW, legacy: ALL, encryptionContext: PAIRS } as const;
    await failure(openObject(object, options), "ERR_ENCRYPTION_CONTEXT");
    expect(keyring.calls).toEqual([]);
  });
});

describe("the pairs of older KMS wraps", async () => {
  const stored = { kms_cmk_id: "arn", "aws:ses:message-id": "m1" };
  const { metadata, body } = await writeOlder(utf8("x"), kmsV2(kmsInClear), { content: GCM, pairs: stored });
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
