// docs/runtimes.md says what each backend can do. Each row is tried on the backend that runs this.
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { backend, objectCiphers } from "#crypto";
import { rsaKeyData } from "../../src/crypto/rsa-key.ts";
import { createMailboxKeys, memoryMailboxStore } from "../../src/hierarchy/index.ts";
import { createEncryptionClient, rawAesKeyring, rawRsaKeyring } from "../../src/index.ts";
import { counting, hex, join, random, u32 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aes } from "../support/keyrings.ts";
import { expectRefused } from "../support/padding.ts";
import { rsaPair } from "../support/rsa.ts";
import { collect, feed } from "../support/streams.ts";
import javaKeys from "../vectors/java/object-keys.json" with { type: "json" };

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The rows of the table under this heading, without its head. */
function table(head: string): string[][] {
  const lines = read("docs/runtimes.md").split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`)) + 2;
  const end = lines.findIndex((line, i) => i > start && !line.startsWith("|"));
  return lines.slice(start, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

afterEach(() => void vi.unstubAllGlobals());

const PLAINTEXT = counting(5000);
const { publicForms, privateForms } = rsaPair();
const rsa = (padding: "oaep-sha1" | "oaep-sha256" | "oaep-sha384" | "oaep-sha512" | "pkcs1") =>
  rawRsaKeyring({
    namespace: "n",
    name: "k",
    padding,
    publicKey: publicForms.JWK,
    privateKey: privateForms.JWK,
  });
const serves = async (client: ReturnType<typeof createEncryptionClient>) => {
  const { ciphertext } = await client.encrypt(PLAINTEXT);
  expect((await client.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
};
const serveAes = async (...bytes: number[]) => {
  for (const length of bytes) {
    await serves(
      createEncryptionClient({ keyring: rawAesKeyring({ namespace: "n", name: "k", key: random(length) }) }),
    );
  }
};

const SIGNED = 0x0578;
/** A signed stream of ten times its limit. */
const longSigned = async () => {
  const limited = createEncryptionClient({ keyring: aes(), suite: SIGNED, signedBufferLimit: 10_000 });
  const chunks = Array.from({ length: 100 }, () => random(1000));
  return collect(feed(chunks, limited.encryptStream()));
};

const INSECURE = { getRandomValues: (bytes: Uint8Array) => bytes.set(random(bytes.length)) };
// Of the shape of a key; only an import finds that its primes are missing.
const { p: _p, q: _q, ...damagedKey } = privateForms.JWK;

/** A row: what proves that it is there, and what that it is not. */
const PROOFS: Readonly<Record<string, { yes: () => unknown; no?: () => unknown }>> = {
  "AES-128-GCM, AES-256-GCM": { yes: () => serveAes(16, 32) },
  "AES-192-GCM": { yes: () => serveAes(24) },
  "AES-256-GCM, AES-256-CTR, AES-256-CBC by pieces (S3 objects)": {
    async yes() {
      const [key, iv] = [random(32), random(12)];
      const encryptor = objectCiphers.gcmEncryptor(key, iv, iv);
      const ciphertext = join(await encryptor.update(PLAINTEXT), await encryptor.update(PLAINTEXT));
      const decryptor = objectCiphers.gcmDecryptor(key, iv, iv);
      expect(await decryptor.update(ciphertext)).toEqual(join(PLAINTEXT, PLAINTEXT));
      expect(await decryptor.verify(await encryptor.final())).toBe(true);
      const range = objectCiphers.ctr(key, join(iv, u32(2)));
      expect(await range.update(ciphertext.subarray(0, 5000))).toEqual(PLAINTEXT);
      const chained = objectCiphers.cbcDecryptor(key, random(16));
      expect(await chained.update(ciphertext)).toHaveLength(10_000);
    },
  },
  "AES key wrap, AES-ECB (keys of old S3 objects)": {
    yes() {
      for (const { key, plaintext, wrapped } of javaKeys.wrap) {
        expect(objectCiphers.unwrapAes(hex(key), hex(wrapped))).toEqual(hex(plaintext));
      }
      for (const { key, plaintext, ciphertext } of javaKeys.ecb) {
        const padded = objectCiphers.decryptEcb(hex(key), hex(ciphertext));
        expect(padded.subarray(0, 32)).toEqual(hex(plaintext));
      }
    },
  },
  "RSA-OAEP with SHA-1, SHA-256, SHA-384, SHA-512": {
    async yes() {
      for (const padding of ["oaep-sha1", "oaep-sha256", "oaep-sha384", "oaep-sha512"] as const) {
        await serves(createEncryptionClient({ keyring: rsa(padding) }));
      }
    },
  },
  "RSA-OAEP with SHA-256, and MGF1 with SHA-1 (old S3 objects)": {
    yes: openJavaKey,
    no: async () =>
      expect(await failure(openJavaKey, "ERR_UNSUPPORTED")).toMatchObject({
        capability: "RSA-OAEP with SHA-256 and MGF1 with SHA-1",
      }),
  },
  'RSA PKCS#1 v1.5 (`padding: "pkcs1"`)': {
    yes: () => serves(createEncryptionClient({ keyring: rsa("pkcs1") })),
    no: () => expectRefused("pkcs1"),
  },
  "ECDSA P-256, P-384": {
    async yes() {
      const old = { keyring: aes(), commitmentPolicy: "forbid-encrypt-allow-decrypt" } as const;
      await serves(createEncryptionClient({ keyring: aes(), suite: SIGNED }));
      await serves(createEncryptionClient({ ...old, suite: 0x0214 }));
    },
  },
  "New RSA key pairs (asymmetric mailboxes)": {
    async yes() {
      const mailboxes = createMailboxKeys({ organization: aes(), store: memoryMailboxStore() });
      await mailboxes.create("old", { kind: "asymmetric" });
      await serves(createEncryptionClient({ keyring: mailboxes.keyring("old") }));
      mailboxes.dispose();
    },
  },
  "Incremental signatures in streams": {
    yes: longSigned,
    no: async () =>
      expect(await failure(longSigned, "ERR_LIMIT")).toMatchObject({ limit: "signedBufferLimit" }),
  },
  "RSA keys checked when the keyring is made": {
    yes: () => expect(damaged).toThrow("damaged"),
    async no() {
      const client = createEncryptionClient({ keyring: damaged() });
      const { ciphertext } = await client.encrypt(PLAINTEXT);
      expect(await failure(client.decrypt(ciphertext), "ERR_INVALID_ARGUMENT")).toBeInstanceOf(TypeError);
    },
  },
  "Works without WebCrypto (`crypto.subtle`)": {
    async yes() {
      vi.stubGlobal("crypto", INSECURE);
      await serves(createEncryptionClient({ keyring: aes(), suite: SIGNED }));
      await serves(createEncryptionClient({ keyring: rsa("oaep-sha256") }));
    },
    async no() {
      vi.stubGlobal("crypto", INSECURE);
      const needing = [
        createEncryptionClient({ keyring: aes() }),
        createEncryptionClient({ keyring: aes(), suite: SIGNED, frameLength: 1024 }),
        createEncryptionClient({ keyring: rsa("oaep-sha256"), frameLength: 1024 }),
      ];
      for (const client of needing) {
        const error = await failure(client.encrypt(PLAINTEXT), "ERR_UNSUPPORTED");
        expect(error).toMatchObject({ capability: "WebCrypto", message: expect.stringContaining("https") });
      }
      await serves(createEncryptionClient({ keyring: aes(), frameLength: 1000 }));
    },
  },
};

async function openJavaKey(): Promise<void> {
  const key = await backend.rsaPrivateKey(rsaKeyData(hex(javaKeys.privateKey), "private", "key"));
  for (const { plaintext, ciphertext } of javaKeys.oaep) {
    expect(await objectCiphers.decryptLegacyOaep(key, hex(ciphertext))).toEqual(hex(plaintext));
  }
}

function damaged() {
  const names = { namespace: "n", name: "k" };
  const keys = { publicKey: publicForms.JWK, privateKey: damagedKey };
  return rawRsaKeyring({ ...names, padding: "oaep-sha256", ...keys });
}

describe("the table of capabilities", () => {
  const rows = table("Capability");
  it("has exactly the rows that are tried here", () => {
    expect(rows.map(([capability]) => capability)).toEqual(Object.keys(PROOFS));
  });

  it.each(rows)("%s: node %s, web %s", async (capability, node, web, missing) => {
    const answer = backend.name === "node" ? node : web;
    expect(["yes", "no"]).toContain(answer);
    await PROOFS[capability!]![answer as "yes" | "no"]!();
    // What is missing anywhere says how it shows.
    if ([node, web].includes("no")) expect(missing).toMatch(/Error/);
  });
});

describe("AES-192 in a runtime whose WebCrypto lacks it, as Chromium's does", () => {
  it("is done all the same", async () => {
    const { subtle } = globalThis.crypto;
    const importKey = async (
      format: "raw",
      key: Uint8Array<ArrayBuffer>,
      ...rest: [string, boolean, KeyUsage[]]
    ) => {
      if (key.length === 24) throw new DOMException("192-bit AES keys are not supported", "OperationError");
      return subtle.importKey(format, key, ...rest);
    };
    const lacking = new Proxy(subtle, {
      get: (target, name) => (name === "importKey" ? importKey : Reflect.get(target, name).bind(target)),
    });
    const seal = async () => {
      const key = counting(24);
      const out = new Uint8Array(PLAINTEXT.length + 16);
      await backend.aesGcm(key).seal(new Uint8Array(12), PLAINTEXT, key, out, 0);
      expect(await backend.aesGcm(key).open(new Uint8Array(12), out, key)).toEqual(PLAINTEXT);
      return out;
    };
    const before = await seal();
    vi.stubGlobal("crypto", { subtle: lacking });
    expect(await seal()).toEqual(before);
  });
});

describe("the table of runtimes", () => {
  type Target = string | { readonly [condition: string]: Target };
  const { imports } = JSON.parse(read("package.json")) as { imports: { "#crypto": Target } };

  /** What a runtime with these conditions loads (Node's PACKAGE_IMPORTS_RESOLVE). */
  function resolve(target: Target, conditions: readonly string[]): string | undefined {
    if (typeof target === "string") return target;
    for (const [condition, inner] of Object.entries(target)) {
      if (condition !== "default" && !conditions.includes(condition)) continue;
      const found = resolve(inner, conditions);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  it.each(table("Runtime"))("%s, by %s, loads %s", (_, conditions, name) => {
    const named = [...conditions!.matchAll(/`(\w+)`/g)].map(([, condition]) => condition!);
    for (const [kind, ending] of [
      ["import", "js"],
      ["require", "cjs"],
    ] as const) {
      expect(resolve(imports["#crypto"], [...named, kind])).toBe(`./dist/crypto/${name}.${ending}`);
    }
  });
});
