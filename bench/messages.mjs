// One message after another: a fresh data key each, under raw AES. keyfold, the official client, jose and the floor.
import { randomBytes } from "node:crypto";
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from "@aws-crypto/client-node";
import { CompactEncrypt, compactDecrypt } from "jose";
import { createEncryptionClient, inspectMessage, rawAesKeyring } from "keyfold";
import { open, seal } from "./floor.mjs";
import { interleaved, table } from "./measure.mjs";

const key = randomBytes(32);
const encryptionContext = { tenant: "t1" };
// As it stands in the header and in the wrapping's AAD: count, then length and text of key and value.
const context = Buffer.from("\0\x01\0\x06tenant\0\x02t1", "latin1");
const keyring = rawAesKeyring({ namespace: "bench", name: "key", key });
// Every client with its own defaults; the floor has one frame.
const client = createEncryptionClient({ keyring });
const official = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const officialKeyring = new RawAesKeyringNode({
  keyNamespace: "bench",
  keyName: "key",
  unencryptedMasterKey: new Uint8Array(key),
  wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
});
const suiteId = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
const jweKey = new Uint8Array(key);

const rows = [];
for (const size of [256, 1024, 16 * 1024, 64 * 1024]) {
  const plaintext = randomBytes(size);
  const { ciphertext } = await client.encrypt(plaintext, { encryptionContext });
  const jwe = await new CompactEncrypt(plaintext)
    .setProtectedHeader({ alg: "A256GCMKW", enc: "A256GCM" })
    .encrypt(jweKey);
  // The floor writes the same header but for its variable parts.
  const fixedLength = inspectMessage(ciphertext).headerLength - 3 - 32 - 32 - 16;
  const fixed = Buffer.from(ciphertext.subarray(35, 35 + fixedLength));
  const wrapped = { wrappingKey: key, context };
  if (!plaintext.equals(open(Buffer.from(ciphertext), fixedLength, wrapped)))
    throw new Error("the floor is wrong");

  const calls = size > 20_000 ? 100 : 400;
  const contestants = {
    seal: {
      keyfold: () => client.encrypt(plaintext, { encryptionContext }),
      official: () => official.encrypt(officialKeyring, plaintext, { encryptionContext, suiteId }),
      jose: () =>
        new CompactEncrypt(plaintext)
          .setProtectedHeader({ alg: "A256GCMKW", enc: "A256GCM" })
          .encrypt(jweKey),
      floor: () => seal(plaintext, fixed, wrapped),
    },
    open: {
      keyfold: () => client.decrypt(ciphertext, { encryptionContext }),
      official: () => official.decrypt(officialKeyring, ciphertext),
      jose: () => compactDecrypt(jwe, jweKey),
      floor: () => open(ciphertext, fixedLength, wrapped),
    },
  };
  for (const [what, of] of Object.entries(contestants)) {
    const us = await interleaved(of, { rounds: 9, calls });
    rows.push([
      `${what} ${size.toLocaleString("en-US")} bytes`,
      ...Object.values(us).map((time) => time.toFixed(1)),
      `${(us.official / us.keyfold).toFixed(1)}x`,
      `${(us.jose / us.keyfold).toFixed(1)}x`,
      (us.floor / us.keyfold).toFixed(2),
    ]);
  }
}
table(
  "Messages of suite 0x0478, fresh data key under raw AES (microseconds a message; jose: A256GCMKW, A256GCM)",
  ["", "keyfold", "official", "jose", "floor", "over official", "over jose", "of the floor"],
  rows,
);
