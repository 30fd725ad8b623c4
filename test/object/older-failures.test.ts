import { describe, expect, it } from "vitest";
import { multiKeyring, openObject } from "../../src/index.ts";
import { aesEncrypt } from "../support/aes-by-hand.ts";
import { counting, random, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aesV1, rsaV1 } from "../support/independent-object-v1.ts";
import { aesGcmV2, aesWrapV2, kmsContextV2 } from "../support/independent-object-v2.ts";
import { watched } from "../support/keyrings.ts";
import { itWith } from "../support/padding.ts";
import { rsaPair } from "../support/rsa.ts";
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

describe("an object under kms+context that somebody calls one of the older kms", async () => {
  const written = await writeOlder(utf8("x"), kmsContextV2(kmsInClear), { content: GCM, pairs: PAIRS });
  const metadata = { ...written.metadata, "x-amz-wrap-alg": "kms" };
  const options = { commitmentPolicy: ALLOW, legacy: ALL } as const;

  it("is held to the pairs and the content algorithm that it binds, before any key is asked for", async () => {
    const keyring = watched(kms());
    const body = new Uint8Array(32);
    const asCbc = {
      ...metadata,
      "x-amz-cek-alg": CBC,
      "x-amz-iv": Buffer.from(random(16)).toString("base64"),
    };
    for (const encryptionContext of [{}, PAIRS]) {
      const act = openObject({ metadata: asCbc, body }, { keyring, encryptionContext, ...options });
      await failure(act, "ERR_ENCRYPTION_CONTEXT");
    }
    await failure(
      openObject({ metadata, body: written.body }, { keyring, ...options }),
      "ERR_ENCRYPTION_CONTEXT",
    );
    expect(keyring.calls).toEqual([]);
    const whole = openObject(
      { metadata, body: written.body },
      { keyring, encryptionContext: PAIRS, ...options },
    );
    expect((await whole).plaintext).toEqual(utf8("x"));
  });
});

describe("what is wrong with CBC", () => {
  const options = { keyring: aes(), commitmentPolicy: ALLOW, legacy: ALL } as const;
  const [dataKey, iv] = [random(32), random(16)];
  const around = async (body: Uint8Array) => {
    const { metadata } = await writeOlder(utf8("x"), aesWrapV2(KEY), { content: CBC, dataKey, iv });
    return { metadata, body };
  };

  it("looks alike, and like a tag that does not fit", async () => {
    const padded = (last: readonly number[]) => {
      const block = new Uint8Array(16).fill(7);
      block.set(last, 16 - last.length);
      return aesEncrypt("cbc", dataKey, block, iv).subarray(0, 16);
    };
    const good = aesEncrypt("cbc", dataKey, utf8("text"), iv);
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
      bodies.map(async (body) => failure(openObject(await around(body), options), "ERR_AUTHENTICATION")),
    );
    const gcm = await writeOlder(utf8("x"), aesGcmV2(KEY), { content: GCM });
    const flippedTag = { ...gcm, body: gcm.body.map((byte, i) => (i === 3 ? byte ^ 1 : byte)) };
    errors.push(await failure(openObject(flippedTag, options), "ERR_AUTHENTICATION"));
    expect(new Set(errors.map(({ message }) => message)).size).toBe(1);
    expect(errors.map(({ cause }) => cause).every((cause) => cause === undefined)).toBe(true);
    expect((await openObject(await around(good), options)).plaintext).toEqual(utf8("text"));
  });

  itWith(
    "pkcs1",
    "under RSA of format V1 looks like a wrong key: it opens to another key, and never fails by itself",
    async () => {
      const { metadata, body } = await writeOlder(utf8("text"), rsaV1(pair), { content: CBC });
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
    writeOlder(utf8("text"), aesV1(key), { content: CBC, pairs });
  const options = { commitmentPolicy: ALLOW, legacy: ALL } as const;

  it("tells wrapping keys apart, where a keyring has one", async () => {
    const other = counting(32, 40);
    const keyring = multiKeyring({
      generator: aes(KEY, { materialsDescription: { key: "2015" } }),
      children: [aes(other, { materialsDescription: label })],
    });
    const opened = await openObject(await write(label, other), { keyring, ...options });
    expect(opened.plaintext).toEqual(utf8("text"));
    const error = await failure(
      openObject(await write({ key: "2013" }, KEY), { keyring, ...options }),
      "ERR_NO_DATA_KEY",
    );
    expect(error.message).toMatch(/skipped: of another materials description/);
    expect(
      (await openObject(await write({ key: "2013" }, KEY), { keyring: aes(), ...options })).plaintext,
    ).toEqual(utf8("text"));
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
    const object = await writeOlder(utf8("text"), rsaV1(pair), { content: CBC, pairs: label });
    expect((await openObject(object, { keyring, ...options })).plaintext).toEqual(utf8("text"));
  });

  it("is not compared where the wrap tells by itself", async () => {
    const keyring = aes(KEY, { materialsDescription: { key: "2015" } });
    for (const wrap of [aesGcmV2(KEY), aesWrapV2(KEY)]) {
      const object = await writeOlder(utf8("text"), wrap, { content: GCM, pairs: label });
      expect((await openObject(object, { keyring, ...options })).plaintext).toEqual(utf8("text"));
    }
  });
});
