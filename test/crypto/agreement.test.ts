// Both backends, side by side: what one makes, the other must take. Imports both by path, so one project is enough.
import { createCipheriv } from "node:crypto";
import { aeskw } from "@noble/ciphers/aes.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backend as node, objectCiphers as nodeCiphers } from "../../src/crypto/node.ts";
import { type RsaJwk, type RsaKeyInput, rsaKeyData } from "../../src/crypto/rsa-key.ts";
import { backend as web, objectCiphers as webCiphers } from "../../src/crypto/web.ts";
import { flipped, join, random, toHex, u32 } from "../support/bytes.ts";
import { pieces, someCuts, through } from "../support/pieces.ts";
import { check, someBytes } from "../support/property.ts";
import { rsaPair } from "../support/rsa.ts";

type Backend = typeof node;
/** Every ordered pair: who makes, who takes. */
const WAYS: readonly (readonly [Backend, Backend])[] = [
  [node, web],
  [web, node],
];
const same = (a: Uint8Array, b: Uint8Array): void => expect(Buffer.compare(a, b)).toBe(0);

const someHash = fc.constantFrom("sha256" as const, "sha384" as const, "sha512" as const);

describe("AES-GCM", () => {
  // Around the size up to which web takes noble, and over the pieces in which node works.
  const someLength = fc.oneof(
    fc.integer({ min: 0, max: 64 }),
    fc.integer({ min: 1000, max: 1050 }),
    fc.constantFrom(0, 1007, 1008, 1009, 1023, 1024, 1025, 65_536, 70_000),
  );
  const input = fc.record({
    keyLength: fc.constantFrom(16, 24, 32),
    length: someLength,
    aad: someBytes(100),
    offset: fc.integer({ min: 0, max: 9 }),
    bit: fc.nat(),
  });

  it("seals to the same bytes, opens the other's, and refuses any altered bit", () =>
    check(
      input,
      async ({ keyLength, length, aad, offset, bit }) => {
        const [key, iv, plaintext] = [random(keyLength), random(12), random(length)];
        const sealed = await Promise.all(
          [node, web].map(async (backend) => {
            const out = new Uint8Array(offset + length + 16 + 3);
            await backend.aesGcm(key).seal(iv, plaintext, aad, out, offset);
            return out;
          }),
        );
        same(sealed[0]!, sealed[1]!);
        const whole = sealed[0]!.subarray(offset, offset + length + 16);
        for (const backend of [node, web]) {
          same((await backend.aesGcm(key).open(iv, whole, aad))!, plaintext);
          const altered = flipped(whole, bit % (8 * whole.length));
          expect(await backend.aesGcm(key).open(iv, altered, aad)).toBeNull();
          expect(await backend.aesGcm(key).open(iv, whole.subarray(0, bit % 16), aad)).toBeNull();
        }
      },
      200,
    ));
});

describe("the ciphers of S3 objects", () => {
  const OBJECT_WAYS = [
    [nodeCiphers, webCiphers],
    [webCiphers, nodeCiphers],
  ] as const;
  const cutTwice = fc.record({ text: someCuts, others: fc.array(fc.nat(), { maxLength: 8 }) });

  it("AES-GCM by pieces: opens what the other sealed in other pieces, and refuses altered bits", () =>
    check(
      fc.record({ cut: cutTwice, aad: someBytes(50), bit: fc.nat() }),
      async ({ cut: { text, others }, aad, bit }) => {
        const { length, cuts } = text;
        const [key, iv, plaintext] = [random(32), random(12), random(length)];
        const otherCuts = others.map((at) => at % (length + 1));
        for (const [maker, taker] of OBJECT_WAYS) {
          const encryptor = maker.gcmEncryptor(key, iv, aad);
          const ciphertext = await through(encryptor, pieces(plaintext, cuts));
          const tag = await encryptor.final();
          const decryptor = taker.gcmDecryptor(key, iv, aad);
          same(await through(decryptor, pieces(ciphertext, otherCuts)), plaintext);
          expect(await decryptor.verify(tag)).toBe(true);
          const careful = taker.gcmDecryptor(key, iv, aad);
          await through(careful, pieces(ciphertext, otherCuts));
          expect(await careful.verify(flipped(tag, bit % 128))).toBe(false);
        }
      },
      40,
    ));

  it("AES-CTR: the same bytes, from any counter that does not wrap", () =>
    check(
      fc.record({ cut: cutTwice, counter: fc.nat(0xffff) }),
      async ({ cut: { text, others }, counter }) => {
        const { length, cuts } = text;
        const blocks = Math.ceil(length / 16);
        const [key, first, data] = [random(32), random(16), random(length)];
        // Near the end of what 32 bits count.
        first.set(u32(2 ** 32 - blocks - (blocks === 0 ? 1 : counter % 3)), 12);
        const otherCuts = others.map((at) => at % (length + 1));
        const byNode = await through(nodeCiphers.ctr(key, first), pieces(data, cuts));
        same(await through(webCiphers.ctr(key, first), pieces(data, otherCuts)), byNode);
      },
      40,
    ));

  it("AES-CBC and AES-ECB: the same bytes, padding and all", () =>
    check(
      fc.record({ plaintext: someBytes(300), keyLength: fc.constantFrom(16, 24, 32), at: fc.nat() }),
      async ({ plaintext, keyLength, at }) => {
        const [key, iv, short] = [random(32), random(16), random(keyLength)];
        const cbc = createCipheriv("aes-256-cbc", key, iv);
        const chained = join(cbc.update(plaintext), cbc.final());
        const ecb = createCipheriv(`aes-${8 * keyLength}-ecb`, short, null);
        const apart = join(ecb.update(plaintext), ecb.final());
        const padding = chained.length - plaintext.length;
        const padded = join(plaintext, new Uint8Array(padding).fill(padding));
        const cut = 16 * (at % (chained.length / 16 + 1));
        for (const ciphers of [nodeCiphers, webCiphers]) {
          same(await through(ciphers.cbcDecryptor(key, iv), pieces(chained, [cut, cut])), padded);
          same(ciphers.decryptEcb(short, apart), padded);
        }
      },
    ));

  it("AES key wrap: opens, and refuses, the same", () =>
    check(
      fc.record({
        keyLength: fc.constantFrom(16, 24, 32),
        semiblocks: fc.integer({ min: 2, max: 8 }),
        bit: fc.nat(),
      }),
      ({ keyLength, semiblocks, bit }) => {
        const [key, plaintext] = [random(keyLength), random(8 * semiblocks)];
        const wrapped = aeskw(key).encrypt(plaintext);
        for (const { unwrapAes } of [nodeCiphers, webCiphers]) {
          same(unwrapAes(key, wrapped)!, plaintext);
          expect(unwrapAes(key, flipped(wrapped, bit % (8 * wrapped.length)))).toBeNull();
          expect(unwrapAes(key, wrapped.subarray(0, bit % wrapped.length))).toBeNull();
        }
      },
    ));
});

describe("HMAC and HKDF", () => {
  it("agree", () =>
    check(
      fc.record({ hash: someHash, key: someBytes(300), data: someBytes(600) }),
      ({ hash, key, data }) => {
        same(node.hmac(hash, key, data), web.hmac(hash, key, data));
      },
      300,
    ));

  it("derive the same keys", () =>
    check(
      fc.record({
        hash: someHash,
        secret: someBytes(80, 1),
        salt: someBytes(140),
        info: someBytes(80),
        length: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 400 })),
      }),
      ({ hash, secret, salt, info, length }) => {
        const [a, b] = [node, web].map((backend) => backend.hkdf(hash, salt, secret, [{ info, length }]));
        same(a![0]!, b![0]!);
      },
    ));
});

describe("comparison", () => {
  it("agrees", () =>
    check(fc.tuple(someBytes(6), someBytes(6), fc.nat(47)), ([a, b, bit]) => {
      const twin = new Uint8Array(a);
      const altered = a.length === 0 ? a : flipped(a, bit % (8 * a.length));
      for (const other of [b, twin, altered, a.subarray(1)]) {
        expect(web.equal(a, other)).toBe(node.equal(a, other));
        expect(web.equal(a, other)).toBe(toHex(a) === toHex(other));
      }
    }));
});

describe("RSA-OAEP", () => {
  const { publicForms, privateForms } = rsaPair();
  /** What WebCrypto and JOSE libraries put beside the numbers, some of it wrong for this use. */
  const hinted = (jwk: RsaJwk, uses: string[], alg: string): RsaJwk =>
    Object.assign({}, jwk, { alg, key_ops: uses, ext: false, use: "sig", kid: "2026" });
  const publics: Record<string, RsaKeyInput> = {
    ...publicForms,
    "JWK for another use": hinted(publicForms.JWK, ["verify"], "RS256"),
    "JWK of one hash": hinted(publicForms.JWK, ["encrypt", "wrapKey"], "RSA-OAEP-256"),
  };
  const privates: Record<string, RsaKeyInput> = {
    ...privateForms,
    "JWK for another use": hinted(privateForms.JWK, ["sign"], "RS256"),
    "JWK of one hash": hinted(privateForms.JWK, ["decrypt", "unwrapKey"], "RSA-OAEP-256"),
  };
  const importers = (backend: Backend) => ({
    publics: Object.entries(publics).map(([form, key]) => ({
      form,
      key: backend.rsaPublicKey(rsaKeyData(key, "public", "key")),
    })),
    privates: Object.entries(privates).map(([form, key]) => ({
      form,
      key: backend.rsaPrivateKey(rsaKeyData(key, "private", "key")),
    })),
  });
  const keys = new Map([node, web].map((backend) => [backend, importers(backend)]));

  const paddings = ["oaep-sha1", "oaep-sha256", "oaep-sha384", "oaep-sha512"] as const;
  it.each(paddings)(
    "%s: every key form of one opens what every form of the other wrapped",
    async (padding) => {
      for (const [maker, taker] of WAYS) {
        // The longest that OAEP takes in 256 bytes, the shortest, and keys.
        const most = 256 - 2 - 2 * (padding === "oaep-sha1" ? 20 : Number(padding.slice(-3)) / 8);
        const [{ publics: writers }, { privates: readers }] = [keys.get(maker)!, keys.get(taker)!];
        const lengths = [0, 1, 16, 32, most];
        for (const [i, writer] of writers.entries()) {
          const data = random(lengths[i % lengths.length]!);
          const wrapped = await (await writer.key).encrypt(padding, data);
          for (const reader of readers) {
            const opened = await (await reader.key).decrypt(padding, wrapped, data.length);
            expect(opened, `${writer.form} to ${reader.form}`).not.toBeNull();
            same(opened!, data);
          }
        }
      }
    },
  );

  it("refuse the same ciphertexts", () => {
    const someWrapped = fc.record({
      padding: fc.constantFrom(...paddings),
      other: fc.constantFrom(...paddings),
      data: someBytes(64),
      bit: fc.nat(2047),
      altered: fc.boolean(),
    });
    const [wrap] = keys.get(node)!.publics;
    return check(
      someWrapped,
      async ({ padding, other, data, bit, altered }) => {
        const wrapped = await (await wrap!.key).encrypt(padding, data);
        const given = altered ? flipped(wrapped, bit) : wrapped;
        const answers = await Promise.all(
          [node, web].map(async (backend) => {
            const { key } = keys.get(backend)!.privates[0]!;
            const opened = await (await key).decrypt(other, given, data.length);
            return opened === null ? null : toHex(opened);
          }),
        );
        expect(answers[0]).toBe(answers[1]);
        expect(answers[0]).toBe(!altered && padding === other ? toHex(data) : null);
      },
      60,
    );
  });
});

describe.each([
  ["P-256", "sha256", 32],
  ["P-384", "sha384", 48],
] as const)("ECDSA on %s", (curve, hash, length) => {
  it("verifies what the other signed, and nothing altered", () =>
    check(
      fc.record({ parts: fc.array(someBytes(200), { maxLength: 5 }), bit: fc.nat() }),
      async ({ parts, bit }) => {
        for (const [maker, taker] of WAYS) {
          const { signingKey, publicKey } = await maker.signingKeyPair(curve);
          const signer = maker.signer(signingKey, hash);
          for (const part of parts) signer.update(part);
          const signature = await signer.sign();
          expect(signature).toHaveLength(2 * length);
          const verify = async (given: Uint8Array, message: Uint8Array) => {
            const verifier = await taker.verifier(curve, publicKey, hash);
            verifier!.update(message);
            return verifier!.verify(given);
          };
          const message = join(...parts);
          expect(await verify(signature, message)).toBe(true);
          expect(await verify(flipped(signature, bit % (16 * length)), message)).toBe(false);
          expect(await verify(signature, join(message, Uint8Array.of(0)))).toBe(false);
        }
      },
      25,
    ));

  it("knows the same compressed points", async () => {
    const answers = { on: 0, off: 0 };
    await check(
      fc.record({ sign: fc.constantFrom(2, 3), x: fc.uint8Array({ minLength: length, maxLength: length }) }),
      async ({ sign, x }) => {
        const point = join(Uint8Array.of(sign), x);
        const [a, b] = await Promise.all(
          [node, web].map(async (backend) => (await backend.verifier(curve, point, hash)) !== null),
        );
        expect(a).toBe(b);
        answers[a ? "on" : "off"]++;
      },
      200,
    );
    // About every second x has a point.
    expect(answers.on).toBeGreaterThan(30);
    expect(answers.off).toBeGreaterThan(30);
  });

  it("refuses the same shapes of points, and numbers that no signature has", async () => {
    const { signingKey, publicKey } = await node.signingKeyPair(curve);
    const signer = node.signer(signingKey, hash);
    const signature = await signer.sign();
    const x = publicKey.subarray(1);
    const zeros = new Uint8Array(length);
    const points = [
      ...[0, 1, 4, 5, 6, 255].map((tag) => join(Uint8Array.of(tag), x)),
      new Uint8Array(0),
      Uint8Array.of(0),
      x,
      join(publicKey, Uint8Array.of(0)),
      join(Uint8Array.of(2), zeros.fill(0xff)),
    ];
    for (const backend of [node, web]) {
      for (const point of points) expect(await backend.verifier(curve, point, hash)).toBeNull();
      const bad = [
        new Uint8Array(2 * length),
        new Uint8Array(2 * length).fill(0xff),
        join(new Uint8Array(length), signature.subarray(length)),
        join(signature.subarray(0, length), new Uint8Array(length)),
        join(signature.subarray(length), signature.subarray(0, length)),
      ];
      for (const given of bad) {
        const verifier = await backend.verifier(curve, publicKey, hash);
        expect(await verifier!.verify(given), backend.name).toBe(false);
      }
    }
  });
});
