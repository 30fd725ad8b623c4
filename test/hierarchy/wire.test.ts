import { createCipheriv, createDecipheriv, createHash, createHmac, privateDecrypt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createMailboxKeys } from "../../src/hierarchy/index.ts";
import {
  createEncryptionClient,
  type EncryptedDataKey,
  type EncryptionContext,
  type Keyring,
} from "../../src/index.ts";
import { check, someContext } from "../support/property.ts";
import { ORGANIZATION, TestStore } from "./helpers.ts";

// The wire format of mailboxes once more, by node:crypto alone: what is stored today must open in ten years.

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

const place = (label: string, id: string, version: string) =>
  Buffer.concat([Buffer.from(label), field(id), Buffer.from(version.replaceAll("-", ""), "hex")]);

const wrappingKey = (key: Buffer, label: string, input: Buffer) =>
  createHmac("sha256", key)
    .update(
      Buffer.concat([
        Buffer.from("00000001", "hex"),
        Buffer.from(`${label}\0`),
        input,
        Buffer.from("00000100", "hex"),
      ]),
    )
    .digest();

const gcmOpen = (key: Buffer, iv: Buffer, sealed: Buffer, aad: Buffer) => {
  const decipher = createDecipheriv("aes-256-gcm", key, iv).setAAD(aad).setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
};

const gcmSeal = (key: Buffer, iv: Buffer, data: Buffer, aad: Buffer) => {
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(aad);
  return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
};

/** An organisation that wraps nothing, so that the test sees mailbox secrets. */
const glass: Keyring = {
  name: "glass",
  wrap: (dataKey) => [
    { providerId: "glass", providerInfo: new Uint8Array(0), ciphertext: Uint8Array.from(dataKey) },
  ],
  unwrap: ([edk]) => ({ dataKey: Uint8Array.from(edk!.ciphertext), opened: edk! }),
};

async function mailbox(kind: "symmetric" | "asymmetric") {
  const store = new TestStore();
  const mailboxes = createMailboxKeys({ organization: glass, encryptionContext: ORGANIZATION, store });
  const { version } = await mailboxes.create("älice/📬", { kind });
  const record = JSON.parse(store.records.get("älice/📬")!);
  const secret = Buffer.from(record.versions[0].wrapped[0].ciphertext, "base64");
  return { keyring: mailboxes.keyring("älice/📬"), version, secret, stored: record.versions[0] };
}

const request = (encryptionContext: EncryptionContext) =>
  ({ purpose: { kind: "key" }, keyLength: 32, encryptionContext, note() {} }) as const;

const wrapped = async (keyring: Keyring, dataKey: Uint8Array, context: EncryptionContext) =>
  (await keyring.wrap!(dataKey, request(context)))[0]!;

const asBuffer = ({ ciphertext }: EncryptedDataKey) => Buffer.from(ciphertext);

describe("the wire format of mailbox keys", () => {
  it("symmetric: salt, IV, wrapped key and tag, both ways", async () => {
    const { keyring, version, secret } = await mailbox("symmetric");
    const label = "keyfold-mailbox";
    await check(someContext(), async (context) => {
      const dataKey = Buffer.alloc(32, 0x5a);
      const edk = await wrapped(keyring, dataKey, context);
      expect(Buffer.from(edk.providerInfo).toString()).toBe(`älice/📬/${version}`);
      expect(edk.providerId).toBe(label);
      const bytes = asBuffer(edk);
      const aad = Buffer.concat([place(label, "älice/📬", version), contextBytes(context)]);
      const key = wrappingKey(secret, label, bytes.subarray(0, 16));
      expect(gcmOpen(key, bytes.subarray(16, 28), bytes.subarray(28), aad)).toEqual(dataKey);

      const [salt, iv] = [Buffer.alloc(16, 1), Buffer.alloc(12, 2)];
      const made = gcmSeal(wrappingKey(secret, label, salt), iv, dataKey, aad);
      const again = { ...edk, ciphertext: Buffer.concat([salt, iv, made]) };
      expect((await keyring.unwrap!([again], request(context)))?.dataKey).toEqual(new Uint8Array(dataKey));
    });
  });

  it("asymmetric: RSA ciphertext of a secret, IV, wrapped key and tag", async () => {
    const { keyring, version, secret, stored } = await mailbox("asymmetric");
    const keyLabel = "keyfold-mailbox-private-key";
    const sealed = Buffer.from(stored.sealedPrivateKey, "base64");
    const spki = Buffer.from(stored.publicKey, "base64");
    const fingerprint = createHash("sha256").update(spki).digest("base64");
    const keyAad = Buffer.concat([place(keyLabel, "älice/📬", version), Buffer.from(fingerprint)]);
    const pkcs8 = gcmOpen(
      wrappingKey(secret, keyLabel, Buffer.alloc(0)),
      sealed.subarray(0, 12),
      sealed.subarray(12),
      keyAad,
    );
    const privateKey = { key: pkcs8, format: "der", type: "pkcs8", oaepHash: "sha256" } as const;
    const label = "keyfold-mailbox-rsa";
    await check(
      someContext(),
      async (context) => {
        const dataKey = Buffer.alloc(32, 0x5a);
        const edk = await wrapped(keyring, dataKey, context);
        expect(edk.providerId).toBe(label);
        const bytes = asBuffer(edk);
        expect(bytes.length).toBe(256 + 12 + 32 + 16);
        const own = privateDecrypt(privateKey, bytes.subarray(0, 256));
        const aad = Buffer.concat([place(label, "älice/📬", version), contextBytes(context)]);
        const key = wrappingKey(own, label, aad);
        expect(gcmOpen(key, bytes.subarray(256, 268), bytes.subarray(268), aad)).toEqual(dataKey);
      },
      20,
    );
  });

  it("binds the whole context of a message, the public key of signed ones included", async () => {
    const { keyring } = await mailbox("symmetric");
    for (const suite of [0x0178, 0x0378, 0x0478, 0x0578] as const) {
      const client = createEncryptionClient({
        keyring,
        suite,
        commitmentPolicy: suite < 0x0400 ? "forbid-encrypt-allow-decrypt" : "require-encrypt-require-decrypt",
      });
      const { ciphertext } = await client.encrypt(Buffer.from("text"), { encryptionContext: { a: "1" } });
      expect(Buffer.from((await client.decrypt(ciphertext)).plaintext).toString()).toBe("text");
    }
  });
});
