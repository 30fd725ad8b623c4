import { constants, publicEncrypt } from "node:crypto";
import { describe, expect } from "vitest";
import { createEncryptionClient, type Keyring, multiKeyring, rawRsaKeyring } from "../../src/index.ts";
import { flipped, random, utf8 } from "../support/bytes.ts";
import { failure, textOf } from "../support/failure.ts";
import { writeMessage } from "../support/independent-message.ts";
import { aes } from "../support/keyrings.ts";
import { itWith } from "../support/padding.ts";
import { rsaPair } from "../support/rsa.ts";

const { publicKey, publicForms, privateForms } = rsaPair();
const pkcs1 = () =>
  rawRsaKeyring({
    namespace: "rsa",
    name: "backup",
    padding: "pkcs1",
    publicKey: publicForms["DER SPKI"],
    privateKey: privateForms["DER PKCS#8"],
  });
const client = (keyring: Keyring) => createEncryptionClient({ keyring });
const PLAINTEXT = utf8("the plaintext");

describe("PKCS#1 v1.5", () => {
  itWith(
    "pkcs1",
    "treats any altered wrapped key alike: no reason, an authentication failure, the same each time",
    async () => {
      const own = client(pkcs1());
      const { ciphertext, message } = await own.encrypt(PLAINTEXT);
      const at = message.headerLength - 16 - 37 - 256;
      const messages = new Set<string>();
      for (let bit = 0; bit < 2048; bit += 97) {
        // The first byte stays: a number over the modulus is no ciphertext at all.
        const altered = flipped(ciphertext, 8 * (at + 1) + (bit % 2040));
        for (let time = 0; time < 2; time++) {
          const error = await failure(own.decrypt(altered), "ERR_AUTHENTICATION");
          expect(error.cause).toBeUndefined();
          messages.add(textOf(error));
        }
      }
      expect(messages.size).toBe(1);
    },
  );

  itWith("pkcs1", "cannot be told from a valid padding around another key", async () => {
    const own = client(pkcs1());
    const wrong = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, random(32));
    const unpadded = publicEncrypt(
      { key: publicKey, padding: constants.RSA_NO_PADDING },
      new Uint8Array(256).fill(1),
    );
    const [a, b] = await Promise.all(
      [wrong, unpadded].map((bytes) => {
        const edk = { providerId: "rsa", providerInfo: utf8("backup"), ciphertext: new Uint8Array(bytes) };
        const altered = writeMessage({
          suite: 0x0478,
          dataKey: random(32),
          edks: [edk],
          pieces: [PLAINTEXT],
          frameLength: 64,
        });
        return failure(own.decrypt(altered), "ERR_AUTHENTICATION");
      }),
    );
    expect(textOf(a)).toBe(textOf(b));
  });

  itWith("pkcs1", "goes on to no other keyring, which would tell the same", async () => {
    const { ciphertext, message } = await client(multiKeyring({ children: [pkcs1(), aes()] })).encrypt(
      PLAINTEXT,
    );
    const reader = client(multiKeyring({ children: [pkcs1(), aes()] }));
    const at = Buffer.from(ciphertext).indexOf(Buffer.from(message.encryptedDataKeys[0]!.ciphertext));
    await failure(reader.decrypt(flipped(ciphertext, 8 * (at + 200))), "ERR_AUTHENTICATION");
  });
});
