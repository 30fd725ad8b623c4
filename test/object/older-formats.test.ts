import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import { inspectObject, type Keyring, type ObjectOptions, openObject } from "../../src/index.ts";
import { counting, toHex, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { clear, watched } from "../support/keyrings.ts";
import * as older from "./older.ts";
import { ALL, ALLOW, aes, bound, KEY, kms, PAIRS, pair, rsa } from "./older-keyrings.ts";

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
